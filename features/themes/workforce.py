"""Workforce: the number of employees that the firm is known to have, and how it changes."""

import ibis.expr.types as ir

from features.catalog import change, feature, lag, maximum, mean, rank_in_division, ratio
from features.days import months_since
from features.grid import KEY
from features.windows import months_earlier


def known_values(grid: ir.Table, headcounts: ir.Table) -> ir.Table:  # noqa: ARG001 - the grid carries the known headcount
    """One row per (siren, period) of the grid: the newest headcount known, also 6, 12 and 24 months earlier."""
    table = grid.select(*KEY, "headcount", "headcount_month")
    return table.mutate(
        before_6m=months_earlier(table.headcount, 6),
        before_12m=months_earlier(table.headcount, 12),
        before_24m=months_earlier(table.headcount, 24),
    )


def _growth(now: ir.NumericValue, before: ir.NumericValue) -> ir.FloatingValue:
    """The relative change, null where there was nobody before."""
    return ratio(now, before) - 1


@feature(unit="persons", direction=0, sources=("headcounts",), fr="Effectif", en="Headcount")
def headcount(t: ir.Table) -> ir.FloatingValue:
    """Newest number of employees known."""
    return t.headcount


@feature(
    unit="months",
    direction=0,
    sources=("headcounts",),
    fr="Ancienneté de l'effectif connu",
    en="Age of the known headcount",
)
def headcount_age(t: ir.Table) -> ir.IntegerValue:
    """Months from the month of the newest figure known to the period."""
    return months_since(t.headcount_month, t.period)


@feature(
    unit="share",
    direction=-1,
    sources=("headcounts",),
    fr="Évolution de l'effectif sur 6 mois",
    en="Headcount growth over 6 months",
)
def headcount_growth_6m(t: ir.Table) -> ir.FloatingValue:
    """Known headcount divided by that known 6 periods earlier, minus 1."""
    return _growth(t.headcount, t.before_6m)


@feature(
    unit="share",
    direction=-1,
    sources=("headcounts",),
    fr="Évolution de l'effectif sur un an",
    en="Headcount growth over one year",
)
def headcount_growth_12m(t: ir.Table) -> ir.FloatingValue:
    """Known headcount divided by that known 12 periods earlier, minus 1."""
    return _growth(t.headcount, t.before_12m)


@feature(
    unit="share",
    direction=-1,
    sources=("headcounts",),
    fr="Évolution de l'effectif sur deux ans",
    en="Headcount growth over two years",
)
def headcount_growth_24m(t: ir.Table) -> ir.FloatingValue:
    """Known headcount divided by that known 24 periods earlier, minus 1."""
    return _growth(t.headcount, t.before_24m)


headcount_lag_1m = lag(headcount, 1)
headcount_lag_3m = lag(headcount, 3)
headcount_lag_12m = lag(headcount, 12)
headcount_mean_12m = mean(headcount, 12)
headcount_max_12m = maximum(headcount, 12)
headcount_change_3m = change(headcount, 3)
headcount_growth_12m_rank_in_division = rank_in_division(headcount_growth_12m)
