"""The rows of the feature table: which firms, at which periods, and what had arrived by then.

The calendar is dense: from its start (or the firm's creation) to its end (or the firm's end), a firm has one row every
month, in scope or not, so that a row is a month and a lag of 3 rows is 3 months. The perimeter is cut at the end.
"""

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from features.days import first_period
from features.periods import period_range

KEY = ("siren", "period")


def so_far() -> ibis.expr.builders.WindowBuilder:
    """The window of a firm's rows up to this one."""
    return ibis.window(group_by="siren", order_by="period", preceding=None, following=0)


def last_months(months: int) -> ibis.expr.builders.WindowBuilder:
    """The window of a firm's last `months` rows, this one included."""
    return ibis.window(group_by="siren", order_by="period", preceding=months - 1, following=0)


def calendar(firms: ir.Table, start: date, end: date) -> ir.Table:
    """(siren, period, started) for each month from `start` to `end` at which the register tells that the firm exists.

    started: the firm's first period in the calendar.
    """
    periods = ibis.memtable({"period": period_range(start, end)}, schema={"period": "date"})
    started = ibis.greatest(first_period(firms.from_on), ibis.literal(start))
    rows = firms.select("siren", "until_on", started=started).cross_join(periods)
    return rows.filter(
        (rows.period >= rows.started) & (rows.until_on.isnull() | (rows.period < first_period(rows.until_on)))
    ).select("siren", "period", "started")


def arrivals(grid: ir.Table, records: ir.Table, known_at: str = "known_at") -> ir.Table:
    """The records of the grid's firms with the `period` from which each counts, not before the firm's first one."""
    starts = grid.filter(grid.period == grid.started).select("siren", "started")
    joined = records.inner_join(starts, "siren")
    return joined.mutate(period=ibis.greatest(first_period(joined[known_at]), joined.started)).drop("started")


def on_grid(grid: ir.Table, rows: ir.Table, columns: Sequence[str]) -> ir.Table:
    """(siren, period, columns) for each row of the grid, null where `rows` has none. rows: at most one a key."""
    return grid.select(*KEY).left_join(rows, list(KEY)).select(*KEY, *columns)


def newest_known(grid: ir.Table, records: ir.Table, own: str) -> ir.Table:
    """(siren, period, own): the newest of the records' own dates that is known at each period, null where none is."""
    arrived = arrivals(grid, records).group_by("siren", "period").aggregate(**{own: ibis._[own].max()})
    rows = on_grid(grid, arrived, [own])
    return rows.select(*KEY, **{own: rows[own].max().over(so_far())})


def accumulated(grid: ir.Table, changes: ir.Table, columns: Sequence[str]) -> ir.Table:
    """(siren, period, columns): the running sum of changes, each counted from its `period` on; 0 before the first."""
    summed = changes.group_by("siren", "period").aggregate(**{name: ibis._[name].sum() for name in columns})
    rows = on_grid(grid, summed, columns)
    return rows.select(*KEY, **{name: rows[name].fill_null(0).sum().over(so_far()) for name in columns})


def arriving(grid: ir.Table, records: ir.Table, columns: Sequence[str]) -> ir.Table:
    """(siren, period, columns): the sums that first count at each period; 0 where nothing arrived."""
    summed = arrivals(grid, records).group_by("siren", "period").aggregate(**{n: ibis._[n].sum() for n in columns})
    rows = on_grid(grid, summed, columns)
    return rows.select(*KEY, **{name: rows[name].fill_null(0) for name in columns})


def lookup(keys: ir.Table, records: ir.Table, own: str, columns: Sequence[str]) -> ir.Table:
    """(siren, period, own, columns): of each firm the record whose own date is the one in `keys`, null where none is.

    records: at most one row a (siren, own).
    """
    rows = keys.left_join(records.select("siren", own, *columns), ["siren", own])
    return rows.select(*KEY, own, *columns)
