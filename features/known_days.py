"""The newest record of each source at each period: since when it has been known, and which month it tells of."""

from collections.abc import Mapping
from typing import Final

import ibis
import ibis.expr.types as ir

from features.catalog import Feature
from features.days import days_after, first_of_month
from features.grid import KEY, arrivals, on_grid
from features.windows import so_far

# The register tells from when on a fact held; the day on which it was first told is not known of most.
UNDATED: Final = frozenset({"firms", "establishments", "legal_unit_history"})
# Of which the month is told that the newest record is about: the last before its `ended_on`. That of headcounts,
# accounts and payment delays follows from their age, which is a feature; other records tell of a day.
MONTHLY: Final = ("contributions", "short_time_used")


def known_day(source: str) -> str:
    """The column of the feature table that tells when a source, as features name it, last told of the firm."""
    return f"known_on_{source}"


def told_month(source: str) -> str:
    """The column of the feature table with the newest month that a source of MONTHLY told of the firm."""
    return f"month_of_{source}"


def columns_of(sources: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of `known_days`, in their order in the feature table."""
    return (*map(known_day, sources), *(told_month(source) for source in MONTHLY if source in sources))


def dated_sources(features: tuple[Feature, ...]) -> tuple[str, ...]:
    """The sources of which the day is told, as features name them."""
    return tuple(sorted({source for feature in features for source in feature.sources} - UNDATED))


def known_days(grid: ir.Table, tables: Mapping[str, ir.Table], sources: tuple[str, ...]) -> ir.Table:
    """(siren, period, `columns_of` the sources): of the newest record known at the period.

    Null where none was known of the firm. tables: the records of each source, with their `known_at`.
    """
    # Of each source by itself first: its many records are grouped for one or two columns, not for those of all sources.
    told = ibis.union(*(_arrived(grid, tables[name], name) for name in sources))
    by_period = told.group_by(*KEY)
    days = {known_day(name): ibis._.known_at.max(where=ibis._.source == name) for name in sources}
    months = {told_month(name): ibis._.month.max(where=ibis._.source == name) for name in MONTHLY if name in sources}
    columns = columns_of(sources)
    rows = on_grid(grid, by_period.aggregate(**days, **months), columns)
    return rows.select(*KEY, **{name: rows[name].max().over(so_far()) for name in columns})


def _arrived(grid: ir.Table, records: ir.Table, source: str) -> ir.Table:
    """(siren, period, known_at, month, source): the newest of the records that begin to count at each period."""
    month = first_of_month(days_after(records.ended_on, -1)) if source in MONTHLY else ibis.null("date")
    arrived = arrivals(grid, records.select("siren", "known_at", month=month)).group_by(*KEY)
    newest = arrived.aggregate(known_at=ibis._.known_at.max(), month=ibis._.month.max())
    return newest.mutate(source=ibis.literal(source))
