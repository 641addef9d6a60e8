"""The label: does a procedure open within the horizon? It uses the true dates and looks ahead, on purpose."""

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from features.days import first_period, months_after
from features.grid import KEY
from features.insolvency import IN_BONIS, OPENING
from features.procedures import state_at, true_events, true_states


def labels(grid: ir.Table, events: ir.Table, observed_until: date, horizon: int = 18) -> ir.Table:
    """(siren, period, label): 1 if a procedure opens in (period, period + horizon months], else 0.

    grid: one row per firm and month, without a gap. events: as `procedures.procedures` gives. horizon: in months.
    Null where the horizon ends after `observed_until`, the last day whose procedures are all in the sources, and where
    the firm is already in a procedure at that period. After a procedure has ended, a new one can open.
    """
    rows = state_at(grid, true_states(events)).left_join(_periods_before_openings(events, horizon), ["siren", "period"])
    is_over = months_after(rows.period, horizon) <= ibis.literal(observed_until)
    is_known = is_over & (rows.state == IN_BONIS)
    label = is_known.ifelse(rows.opens.fill_null(False).cast("int8"), ibis.null("int8"))
    return rows.select("siren", "period", label=label)


def outcomes(events: ir.Table, periods: Sequence[date], observed_until: date, horizon: int) -> ir.Table:
    """The labels of the firms that had a procedure, at each of some months without a gap: see `labels`.

    Of other firms, every label that can be known is 0: see `labelled`.
    """
    months = ibis.memtable({"period": list(periods)}, schema={"period": "date"})
    return labels(events.select("siren").distinct().cross_join(months), events, observed_until, horizon)


def labelled(rows: ir.Table, told: ir.Table, observed_until: date, horizon: int) -> ir.Table:
    """The rows of the feature table with their `label`. told: as `outcomes` gives."""
    joined = rows.left_join(told.mutate(is_told=True), list(KEY)).drop("siren_right", "period_right")
    is_over = months_after(joined.period, horizon) <= ibis.literal(observed_until)
    survived = is_over.ifelse(ibis.literal(0, "int8"), ibis.null("int8"))
    label = joined.is_told.fill_null(False).ifelse(joined.label, survived)
    return joined.mutate(label=label).drop("is_told")


def _periods_before_openings(events: ir.Table, horizon: int) -> ir.Table:
    """(siren, period, opens): each period whose horizon contains an opening.

    An opening falls in (p, p + n months] if and only if p is one of the n periods before the first one on or after it.
    """
    opened = openings(events)
    counts_from = first_period(opened.opened_on)
    periods = ibis.array([months_after(counts_from, -months) for months in range(1, horizon + 1)])
    return opened.select("siren", period=periods.unnest()).distinct().mutate(opens=True)


def openings(events: ir.Table) -> ir.Table:
    """(siren, opened_on): each day on which a procedure of the firm truly opened, corrections applied.

    Used to evaluate other horizons and lead times. Like the label, it looks ahead on purpose.
    """
    true = true_events(events.filter(events.stage == OPENING))
    return true.select("siren", opened_on=true.effective_on).distinct()
