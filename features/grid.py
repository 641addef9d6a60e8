"""The calendar of firms and months, and the records that were known at each period.

The calendar, called grid, is dense: a firm has one row per month, in scope or not, from the start of the calendar (or
the firm's creation) to its end (or the firm's end). So a lag of 3 rows is a lag of 3 months. Rows out of scope are
removed last.
"""

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from features.days import first_period
from features.periods import period_range
from features.windows import so_far

KEY = ("siren", "period")


def calendar(firms: ir.Table, start: date, end: date) -> ir.Table:
    """(siren, period, started): one row per firm and month from `start` to `end` in which the firm exists.

    firms: one row per firm; it exists from the day `from_on` to the day `until_on` (null: it still exists).
    started: the firm's first period in the calendar.
    """
    periods = ibis.memtable({"period": period_range(start, end)}, schema={"period": "date"})
    started = ibis.greatest(first_period(firms.from_on), ibis.literal(start))
    rows = firms.select("siren", "until_on", started=started).cross_join(periods)
    return rows.filter(
        (rows.period >= rows.started) & (rows.until_on.isnull() | (rows.period < first_period(rows.until_on)))
    ).select("siren", "period", "started")


def months_from(grid: ir.Table, start: date) -> ir.Table:
    """The rows of the grid from the period `start` on, as a calendar that starts there would have them."""
    return grid.filter(grid.period >= ibis.literal(start)).mutate(started=ibis.greatest(grid.started, start))


def arrivals(grid: ir.Table, records: ir.Table, known_at: str = "known_at") -> ir.Table:
    """The records of the grid's firms, with the `period` from which each counts.

    That is the first period on or after the record's `known_at`, or the firm's first period where that is later.
    known_at: the column that holds the date.
    """
    starts = grid.filter(grid.period == grid.started).select("siren", "started")
    joined = records.inner_join(starts, "siren")
    return joined.mutate(period=ibis.greatest(first_period(joined[known_at]), joined.started)).drop("started")


def on_grid(grid: ir.Table, rows: ir.Table, columns: Sequence[str]) -> ir.Table:
    """(siren, period, columns): each row of the grid, null where `rows` has no such key. rows: at most one per key."""
    return grid.select(*KEY).left_join(rows, list(KEY)).select(*KEY, *columns)


def newest_known(grid: ir.Table, records: ir.Table, own: str) -> ir.Table:
    """(siren, period, own): the newest of the records' own dates that is known at each period, null where none is.

    own: the column with the date that a record is about, such as the closing date of accounts.
    """
    rows = on_grid(grid, _newest_arrived(grid, records, own), [own])
    return rows.select(*KEY, **{own: rows[own].max().over(so_far())})


def newest_at_points(grid: ir.Table, records: ir.Table, own: str) -> ir.Table:
    """(siren, period, own): as `newest_known`, at the periods alone at which some record begins to count.

    For records of which firms have few: see `in_force`.
    """
    points = _newest_arrived(grid, records, own)
    return points.select(*KEY, **{own: points[own].max().over(so_far())})


def _newest_arrived(grid: ir.Table, records: ir.Table, own: str) -> ir.Table:
    return arrivals(grid, records).group_by(*KEY).aggregate(**{own: ibis._[own].max()})


def accumulated(grid: ir.Table, changes: ir.Table, columns: Sequence[str]) -> ir.Table:
    """(siren, period, columns): the running sum of changes, each counted from its `period` on; 0 before the first.

    A firm has few changes: they are summed on these rows, not on its months.
    """
    summed = changes.group_by("siren", "period").aggregate(**{name: ibis._[name].sum() for name in columns})
    points = summed.select(*KEY, **{name: summed[name].sum().over(so_far()) for name in columns})
    rows = in_force(grid, points)
    return rows.mutate(**{name: rows[name].fill_null(0) for name in columns})


def arriving(grid: ir.Table, records: ir.Table, columns: Sequence[str]) -> ir.Table:
    """(siren, period, columns): the sums of the records that begin to count at each period; 0 where none does."""
    summed = arrivals(grid, records).group_by("siren", "period").aggregate(**{n: ibis._[n].sum() for n in columns})
    rows = on_grid(grid, summed, columns)
    return rows.select(*KEY, **{name: rows[name].fill_null(0) for name in columns})


def in_force(grid: ir.Table, points: ir.Table) -> ir.Table:
    """(siren, period, columns of the points): the firm's newest point at or before each period, null before the first.

    points: what holds from a `period` on, at most one row per (siren, period).
    """
    own = ibis.window(group_by="siren", order_by="period")
    points = points.mutate(until=points.period.lead(1).over(own)).rename(told_of="siren", since="period")
    holds = [
        grid.siren == points.told_of,
        grid.period >= points.since,
        points.until.isnull() | (grid.period < points.until),
    ]
    return grid.select(*KEY).left_join(points, holds).drop("told_of", "since", "until")


def lookup(keys: ir.Table, records: ir.Table, own: str, columns: Sequence[str]) -> ir.Table:
    """(siren, period, own, columns): the columns of the record with the firm and own date of each key, null if none.

    keys: (siren, period, own), as `newest_known` gives. records: at most one row per (siren, own).
    """
    rows = keys.left_join(records.select("siren", own, *columns), ["siren", own])
    return rows.select(*KEY, own, *columns)
