"""Short-time work: hours not worked, paid for by the State, but for lockdowns and the long-term scheme."""

import ibis
import ibis.expr.types as ir

from features.catalog import feature, lag, maximum, mean, ratio
from features.days import days_after, first_of_month, months_after, months_since
from features.grid import KEY, accumulated, arrivals, arriving, last_months

# Reasons 6 (lockdown) and 7 (long-term scheme) tell of a policy, not of a firm's distress.
NO_DISTRESS = ("6", "7")
# A full-time month: 35 hours a week (Code du travail, L3121-27).
FULL_TIME_HOURS = 151.67
MONTHS_TO_KNOW_USE = 2
# How far back "months since" looks: within every build's warm-up, so that it does not depend on where a build starts.
SINCE_MONTHS = 24


def base(grid: ir.Table, short_time_used: ir.Table, short_time_granted: ir.Table) -> ir.Table:
    """One row a (siren, period) of the grid: hours used in the months known by then, and granted for them."""
    granted = short_time_granted.distinct()
    used = used_in_distress(short_time_used.distinct(), granted)
    granted = granted.filter(granted.reason.isnull() | granted.reason.notin(NO_DISTRESS))
    table = grid.select(*KEY, "headcount")
    for part in (arriving(grid, used, ["hours"]), hours_granted(grid, granted), requests_in_force(grid, granted)):
        table = table.inner_join(part, list(KEY))
    used_now = (table.hours > 0).ifelse(table.period, ibis.null("date"))
    return table.mutate(
        used_12m=table.hours.sum().over(last_months(12)),
        used_months_12m=(table.hours > 0).cast("int64").sum().over(last_months(12)),
        last_used=used_now.max().over(last_months(SINCE_MONTHS)),
        granted_12m=table.granted.sum().over(last_months(12)),
    )


def used_in_distress(used: ir.Table, granted: ir.Table) -> ir.Table:
    """The hours used, less those of requests that were known by then to be for a reason without distress."""
    policy = granted.filter(granted.reason.isin(NO_DISTRESS))
    decided = policy.group_by("request").aggregate(request_known_at=policy.known_at.min())
    rows = used.left_join(decided, "request")
    kept = rows.filter(rows.request_known_at.isnull() | (rows.request_known_at > rows.known_at))
    return kept.select("siren", "hours", "known_at")


def hours_granted(grid: ir.Table, granted: ir.Table) -> ir.Table:
    """(siren, period, granted): hours granted for the month whose use becomes known at that period.

    A request's hours are spread over its days. `granted` becomes known by the decision, or when the month's use does,
    whichever is later.
    """
    days = granted.ends_on.delta(granted.starts_on, unit="day") + 1
    requests = granted.filter(days > 0).mutate(daily=granted.hours / days)
    first, last = (
        first_of_month(requests.starts_on).cast("timestamp"),
        days_after(requests.ends_on, 1).cast("timestamp"),
    )
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
    """(siren, period, in_force): granted requests whose interval holds the period, decided by then."""
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
    """Hours of the last known month over a full-time month; 0 where none were used."""
    return t.hours / FULL_TIME_HOURS


@feature(
    unit="share",
    direction=+1,
    sources=("short_time_used", "headcounts"),
    fr="Part de l'effectif en activité partielle",
    en="Share of the workforce in short-time work",
)
def short_time_share(t: ir.Table) -> ir.FloatingValue:
    """Full-time equivalents over the known headcount; unknown where that is 0."""
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
    fr="Mois d'activité partielle, sur 12",
    en="Months of short-time work, out of 12",
)
def short_time_months_12m(t: ir.Table) -> ir.IntegerValue:
    """In how many of the last 12 known months hours were used."""
    return t.used_months_12m


@feature(
    unit="months",
    direction=0,
    sources=("short_time_used",),
    fr="Mois depuis la dernière activité partielle connue",
    en="Months since short-time work was last known",
)
def months_since_short_time(t: ir.Table) -> ir.IntegerValue:
    """Periods since hours last became known; unknown where none did in 24 months."""
    return months_since(t.last_used, t.period)


@feature(
    unit="hours",
    direction=+1,
    sources=("short_time_granted",),
    fr="Heures d'activité partielle accordées sur 12 mois",
    en="Short-time hours granted over 12 months",
)
def short_time_granted_12m(t: ir.Table) -> ir.FloatingValue:
    """Hours granted for the last 12 months whose use is known, spread over the days of each request."""
    return t.granted_12m


@feature(
    unit="share",
    direction=0,
    sources=("short_time_granted", "short_time_used"),
    fr="Part des heures accordées non consommée, sur 12 mois",
    en="Share of the granted hours left unused, over 12 months",
)
def short_time_unused_share(t: ir.Table) -> ir.FloatingValue:
    """1 less used over granted, in the same 12 months, not below 0; unknown where none were granted."""
    return ibis.greatest(1 - ratio(t.used_12m, t.granted_12m), 0.0)


@feature(
    unit="requests",
    direction=+1,
    sources=("short_time_granted",),
    fr="Autorisations d'activité partielle en cours",
    en="Short-time work grants in force",
)
def short_time_requests(t: ir.Table) -> ir.IntegerValue:
    """Granted requests whose interval holds the period, decided by then."""
    return t.in_force


short_time_share_lag_1m = lag(short_time_share, 1)
short_time_share_lag_3m = lag(short_time_share, 3)
short_time_share_mean_12m = mean(short_time_share, 12)
short_time_share_max_12m = maximum(short_time_share, 12)
