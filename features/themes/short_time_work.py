"""Short-time work: hours not worked and paid by the State, except for lockdowns and under the long-term scheme."""

import ibis
import ibis.expr.types as ir

from features.catalog import feature, lag, maximum, mean, ratio
from features.days import days_after, first_of_month, months_after, months_since
from features.grid import KEY, accumulated, arrivals, arriving
from features.windows import last_months, last_time

# Reasons 6 (lockdown) and 7 (long-term scheme) come from a public policy, not from a firm's distress.
POLICY_REASONS = ("6", "7")
# A full-time month: 35 hours a week (Code du travail, L3121-27).
FULL_TIME_HOURS = 151.67
MONTHS_TO_KNOW_USE = 2


def known_values(grid: ir.Table, short_time_used: ir.Table, short_time_granted: ir.Table) -> ir.Table:
    """One row per (siren, period) of the grid: hours used in the months known by then, and granted for these months."""
    granted = short_time_granted.distinct()
    used = used_in_distress(short_time_used.distinct(), granted)
    granted = granted.filter(granted.reason.isnull() | granted.reason.notin(POLICY_REASONS))
    table = grid.select(*KEY, "headcount")
    for part in (arriving(grid, used, ["hours"]), hours_granted(grid, granted), requests_in_force(grid, granted)):
        table = table.inner_join(part, list(KEY))
    return table.mutate(
        used_12m=table.hours.sum().over(last_months(12)),
        used_months_12m=(table.hours > 0).cast("int64").sum().over(last_months(12)),
        last_used=last_time(table.hours > 0, table.period),
        granted_12m=table.granted.sum().over(last_months(12)),
    )


def used_in_distress(used: ir.Table, granted: ir.Table) -> ir.Table:
    """The hours used, without those of requests that were already known to be made for a policy reason."""
    policy = granted.filter(granted.reason.isin(POLICY_REASONS))
    decided = policy.group_by("request").aggregate(request_known_at=policy.known_at.min())
    rows = used.left_join(decided, "request")
    kept = rows.filter(rows.request_known_at.isnull() | (rows.request_known_at > rows.known_at))
    return kept.select("siren", "hours", "known_at")


def hours_granted(grid: ir.Table, granted: ir.Table) -> ir.Table:
    """(siren, period, granted): hours granted for the month whose use becomes known at that period.

    A request's hours are spread evenly over its days. The hours of a month become known with the decision, or with the
    hours used in that month, whichever is later.
    """
    days = granted.ends_on.delta(granted.starts_on, unit="day") + 1
    requests = granted.filter(days > 0).mutate(daily=granted.hours / days)
    first = first_of_month(requests.starts_on).cast("timestamp")
    last = days_after(requests.ends_on, 1).cast("timestamp")
    months = requests.mutate(month=ibis.range(first, last, ibis.interval(months=1)).unnest())
    months = months.mutate(month=months.month.cast("date"))
    after = months_after(months.month, 1)
    first_day = ibis.greatest(months.starts_on, months.month)
    end_day = ibis.least(days_after(months.ends_on, 1), after)
    months = months.mutate(
        granted=months.daily * end_day.delta(first_day, unit="day"),
        known_at=ibis.greatest(months.known_at, months_after(after, MONTHS_TO_KNOW_USE)),
    )
    return arriving(grid, months, ["granted"])


def requests_in_force(grid: ir.Table, granted: ir.Table) -> ir.Table:
    """(siren, period, in_force): the number of requests granted by then whose interval contains the period."""
    requests = granted.mutate(
        open_at=ibis.greatest(granted.known_at, granted.starts_on),
        over_at=ibis.greatest(granted.known_at, days_after(granted.ends_on, 1)),
    )
    begun = arrivals(grid, requests, "open_at").select("siren", "period", in_force=ibis.literal(1))
    over = arrivals(grid, requests, "over_at").select("siren", "period", in_force=ibis.literal(-1))
    return accumulated(grid, begun.union(over), ["in_force"])


@feature(
    unit="persons",
    direction=+1,
    sources=("short_time_used",),
    fr="Activité partielle consommée, en équivalents temps plein",
    en="Short-time work used, in full-time equivalents",
)
def short_time_fte(t: ir.Table) -> ir.FloatingValue:
    """Hours used in the last known month, divided by a full-time month (151.67 hours); 0 where none were used."""
    return t.hours / FULL_TIME_HOURS


@feature(
    unit="share",
    direction=+1,
    sources=("short_time_used", "headcounts"),
    fr="Part de l'effectif en activité partielle",
    en="Share of the workforce in short-time work",
)
def short_time_share(t: ir.Table) -> ir.FloatingValue:
    """Full-time equivalents in short-time work, divided by the known headcount; unknown where that is 0."""
    return ratio(t.hours / FULL_TIME_HOURS, t.headcount)


@feature(
    unit="hours",
    direction=+1,
    sources=("short_time_used",),
    fr="Heures d'activité partielle sur 12 mois",
    en="Short-time hours over 12 months",
)
def short_time_hours_12m(t: ir.Table) -> ir.FloatingValue:
    """Hours used in the last 12 known months."""
    return t.used_12m


@feature(
    unit="months",
    direction=+1,
    sources=("short_time_used",),
    fr="Nombre de mois d'activité partielle, sur 12",
    en="Number of months of short-time work, out of 12",
)
def short_time_months_12m(t: ir.Table) -> ir.IntegerValue:
    """Number of the last 12 known months in which hours were used."""
    return t.used_months_12m


@feature(
    unit="months",
    direction=0,
    sources=("short_time_used",),
    fr="Nombre de mois depuis la dernière activité partielle connue",
    en="Months since short-time work was last known",
)
def months_since_short_time(t: ir.Table) -> ir.IntegerValue:
    """Number of periods since hours used last became known; unknown where none did in 24 months."""
    return months_since(t.last_used, t.period)


@feature(
    unit="hours",
    direction=+1,
    sources=("short_time_granted",),
    fr="Heures d'activité partielle accordées sur 12 mois",
    en="Short-time hours granted over 12 months",
)
def short_time_granted_12m(t: ir.Table) -> ir.FloatingValue:
    """Hours granted for the last 12 months whose use is known; a request's hours are spread evenly over its days."""
    return t.granted_12m


@feature(
    unit="share",
    direction=0,
    sources=("short_time_granted", "short_time_used"),
    fr="Part non consommée des heures accordées, sur 12 mois",
    en="Share of the granted hours left unused, over 12 months",
)
def short_time_unused_share(t: ir.Table) -> ir.FloatingValue:
    """1 minus hours used over hours granted in the same 12 months, at least 0; unknown where none were granted."""
    return ibis.greatest(1 - ratio(t.used_12m, t.granted_12m), 0.0)


@feature(
    unit="requests",
    direction=+1,
    sources=("short_time_granted",),
    fr="Autorisations d'activité partielle en cours",
    en="Granted requests for short-time work in force",
)
def short_time_requests(t: ir.Table) -> ir.IntegerValue:
    """Number of requests granted by then whose interval contains the period."""
    return t.in_force


short_time_share_lag_1m = lag(short_time_share, 1)
short_time_share_lag_3m = lag(short_time_share, 3)
short_time_share_mean_12m = mean(short_time_share, 12)
short_time_share_max_12m = maximum(short_time_share, 12)
