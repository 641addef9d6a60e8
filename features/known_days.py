"""Since when what is told of a firm has been known: the newest record of each source, at each period."""

from collections.abc import Mapping
from typing import Final

import ibis
import ibis.expr.types as ir

from features.catalog import Feature
from features.grid import KEY, arrivals, on_grid
from features.windows import so_far

# The register tells from when on a fact held; the day on which it was first told is not known of most.
UNDATED: Final = frozenset({"firms", "establishments", "legal_unit_history"})


def known_day(source: str) -> str:
    """The column of the feature table that tells when a source, as features name it, last told of the firm."""
    return f"known_on_{source}"


def dated_sources(features: tuple[Feature, ...]) -> tuple[str, ...]:
    """The sources of which the day is told, as features name them."""
    return tuple(sorted({source for feature in features for source in feature.sources} - UNDATED))


def known_days(grid: ir.Table, tables: Mapping[str, ir.Table], sources: tuple[str, ...]) -> ir.Table:
    """(siren, period, `known_day` of each source): when its newest record known at the period became known.

    Null where none was known of the firm. tables: the records of each source, with their `known_at`.
    """
    told = ibis.union(*(tables[name].select("siren", "known_at", source=ibis.literal(name)) for name in sources))
    by_period = arrivals(grid, told).group_by("siren", "period")
    columns = {known_day(name): ibis._.known_at.max(where=ibis._.source == name) for name in sources}
    rows = on_grid(grid, by_period.aggregate(**columns), list(columns))
    return rows.select(*KEY, **{name: rows[name].max().over(so_far()) for name in columns})
