"""Payment behaviour: how late the firm pays its suppliers."""

import ibis
import ibis.expr.types as ir

from features.catalog import change, feature, lag, maximum, mean, rank_in_division
from features.days import months_after, months_since
from features.grid import lookup, newest_known
from features.windows import first_of_each

MEASURES = ["paydex", "suppliers", "outstanding", "late_30_days_share", "late_90_days_share"]
STALE_AFTER_MONTHS = 12


def known_values(grid: ir.Table, payment_delays: ir.Table) -> ir.Table:
    """One row per (siren, period) of the grid: the newest measure known, null once it is more than 12 months old."""
    # Which date is the newest known does not hang on which of its lines counts.
    known = newest_known(grid, payment_delays, "measured_on")
    oldest = months_after(grid.period.min(), -STALE_AFTER_MONTHS).as_scalar()
    lately = payment_delays.filter(payment_delays.measured_on >= oldest)
    looked_up = lately.semi_join(known, ["siren", "measured_on"])
    once = first_of_each(looked_up, ["siren", "measured_on"], ["known_at", *MEASURES])
    newest = lookup(known, once, "measured_on", MEASURES)
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
    """Mean delay in days, weighted by the amounts outstanding (Paydex)."""
    return t.paydex


@feature(
    unit="share",
    direction=+1,
    sources=("payment_delays",),
    fr="Part de l'encours fournisseurs en retard de plus de 30 jours",
    en="Share of supplier outstandings more than 30 days late",
)
def late_30_days_share(t: ir.Table) -> ir.FloatingValue:
    """Amounts more than 30 days late, divided by all amounts outstanding to suppliers."""
    return t.late_30_days_share


@feature(
    unit="share",
    direction=+1,
    sources=("payment_delays",),
    fr="Part de l'encours fournisseurs en retard de plus de 90 jours",
    en="Share of supplier outstandings more than 90 days late",
)
def late_90_days_share(t: ir.Table) -> ir.FloatingValue:
    """Amounts more than 90 days late, divided by all amounts outstanding to suppliers."""
    return t.late_90_days_share


@feature(
    unit="suppliers",
    direction=0,
    sources=("payment_delays",),
    fr="Nombre de fournisseurs observés",
    en="Number of suppliers observed",
)
def suppliers(t: ir.Table) -> ir.FloatingValue:
    """Number of suppliers on which the measure is based."""
    return t.suppliers


@feature(
    unit="EUR",
    direction=0,
    sources=("payment_delays",),
    fr="Encours fournisseurs étudié",
    en="Supplier outstandings observed",
)
def suppliers_outstanding(t: ir.Table) -> ir.FloatingValue:
    """Amount on which the measure is based."""
    return t.outstanding


@feature(
    unit="months",
    direction=0,
    sources=("payment_delays",),
    fr="Ancienneté de la mesure des retards de paiement",
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
