"""Payment behaviour: how late the firm pays its suppliers."""

import ibis
import ibis.expr.types as ir

from features.catalog import change, feature, lag, maximum, mean, rank_in_division
from features.days import months_since
from features.grid import lookup, newest_known

MEASURES = ["paydex", "suppliers", "outstanding", "late_30_days_share", "late_90_days_share"]
STALE_AFTER_MONTHS = 12


def base(grid: ir.Table, payment_delays: ir.Table) -> ir.Table:
    """One row a (siren, period) of the grid: the newest measure known, unknown once it is over a year old."""
    order = ["known_at", *MEASURES]
    first = ibis.row_number().over(ibis.window(group_by=["siren", "measured_on"], order_by=order))
    once = payment_delays.mutate(place=first).filter(ibis._.place == 0)
    newest = lookup(newest_known(grid, once, "measured_on"), once, "measured_on", MEASURES)
    age = months_since(newest.measured_on, newest.period)
    return newest.mutate(
        age=age,
        **{name: (age <= STALE_AFTER_MONTHS).ifelse(newest[name], ibis.null("float64")) for name in MEASURES},
    )


@feature(
    unit="days",
    direction=+1,
    sources=("payment_delays",),
    fr="Retard moyen de paiement aux fournisseurs",
    en="Mean delay in paying suppliers",
)
def paydex(t: ir.Table) -> ir.FloatingValue:
    """Average delay weighted by the outstandings (Paydex)."""
    return t.paydex


@feature(
    unit="share",
    direction=+1,
    sources=("payment_delays",),
    fr="Encours fournisseurs en retard de plus de 30 jours",
    en="Suppliers' outstandings late by more than 30 days",
)
def late_30_days_share(t: ir.Table) -> ir.FloatingValue:
    """Share of the suppliers' outstandings."""
    return t.late_30_days_share


@feature(
    unit="share",
    direction=+1,
    sources=("payment_delays",),
    fr="Encours fournisseurs en retard de plus de 90 jours",
    en="Suppliers' outstandings late by more than 90 days",
)
def late_90_days_share(t: ir.Table) -> ir.FloatingValue:
    """Share of the suppliers' outstandings."""
    return t.late_90_days_share


@feature(
    unit="suppliers",
    direction=0,
    sources=("payment_delays",),
    fr="Fournisseurs observés",
    en="Suppliers observed",
)
def suppliers(t: ir.Table) -> ir.FloatingValue:
    """How many suppliers the measure rests on."""
    return t.suppliers


@feature(
    unit="EUR",
    direction=0,
    sources=("payment_delays",),
    fr="Encours fournisseurs étudié",
    en="Suppliers' outstandings observed",
)
def suppliers_outstanding(t: ir.Table) -> ir.FloatingValue:
    """The amount that the measure rests on."""
    return t.outstanding


@feature(
    unit="months",
    direction=0,
    sources=("payment_delays",),
    fr="Ancienneté de la mesure des retards",
    en="Age of the payment delay measure",
)
def paydex_age(t: ir.Table) -> ir.IntegerValue:
    """Months from the newest measure known to the period."""
    return t.age


paydex_lag_1m = lag(paydex, 1)
paydex_lag_3m = lag(paydex, 3)
paydex_lag_12m = lag(paydex, 12)
paydex_mean_12m = mean(paydex, 12)
paydex_max_12m = maximum(paydex, 12)
paydex_change_3m = change(paydex, 3)
paydex_change_12m = change(paydex, 12)
late_30_days_share_change_12m = change(late_30_days_share, 12)
paydex_rank_in_division = rank_in_division(paydex)
