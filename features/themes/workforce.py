"""Workforce: how many employees the firm is known to have, and where that is going."""

import ibis
import ibis.expr.types as ir

from features.catalog import change, feature, lag, maximum, mean, rank_in_division, ratio
from features.days import months_since
from features.grid import KEY


def base(grid: ir.Table, headcounts: ir.Table) -> ir.Table:  # noqa: ARG001 - the grid carries the known headcount
    """One row a (siren, period) of the grid, with the newest headcount known."""
    table = grid.select(*KEY, "headcount", "headcount_month")
    own = ibis.window(group_by="siren", order_by="period")
    return table.mutate(
        before_6m=table.headcount.lag(6).over(own),
        before_12m=table.headcount.lag(12).over(own),
        before_24m=table.headcount.lag(24).over(own),
    )


def _growth(now: ir.NumericValue, before: ir.NumericValue) -> ir.FloatingValue:
    """Relative change; unknown where there was nobody before."""
    return ratio(now, before) - 1


@feature(unit="persons", direction=0, sources=("headcounts",), fr="Effectif", en="Headcount")
def headcount(t: ir.Table) -> ir.FloatingValue:
    """The newest figure known."""
    return t.headcount


@feature(
    unit="months",
    direction=0,
    sources=("headcounts",),
    fr="Ancienneté de l'effectif connu",
    en="Age of the known headcount",
)
def headcount_age(t: ir.Table) -> ir.IntegerValue:
    """Months from the month that the newest figure tells of to the period."""
    return months_since(t.headcount_month, t.period)


@feature(
    unit="share",
    direction=-1,
    sources=("headcounts",),
    fr="Évolution de l'effectif en 6 mois",
    en="Headcount growth in 6 months",
)
def headcount_growth_6m(t: ir.Table) -> ir.FloatingValue:
    """Known headcount over what was known 6 periods earlier, less 1."""
    return _growth(t.headcount, t.before_6m)


@feature(
    unit="share",
    direction=-1,
    sources=("headcounts",),
    fr="Évolution de l'effectif en un an",
    en="Headcount growth in a year",
)
def headcount_growth_12m(t: ir.Table) -> ir.FloatingValue:
    """Known headcount over what was known 12 periods earlier, less 1."""
    return _growth(t.headcount, t.before_12m)


@feature(
    unit="share",
    direction=-1,
    sources=("headcounts",),
    fr="Évolution de l'effectif en deux ans",
    en="Headcount growth in two years",
)
def headcount_growth_24m(t: ir.Table) -> ir.FloatingValue:
    """Known headcount over what was known 24 periods earlier, less 1."""
    return _growth(t.headcount, t.before_24m)


headcount_lag_1m = lag(headcount, 1)
headcount_lag_3m = lag(headcount, 3)
headcount_lag_12m = lag(headcount, 12)
headcount_mean_12m = mean(headcount, 12)
headcount_max_12m = maximum(headcount, 12)
headcount_change_3m = change(headcount, 3)
headcount_growth_12m_rank_in_division = rank_in_division(headcount_growth_12m)
