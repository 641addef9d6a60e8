"""Social debt: what the firm owes to URSSAF, compared with what it pays to it every month."""

from datetime import date

import ibis
import ibis.expr.types as ir

from features.catalog import change, feature, lag, maximum, mean, rank_in_division, ratio
from features.days import month_number, months_since
from features.grid import KEY, accumulated, arrivals, arriving, in_force, lookup, newest_at_points
from features.sources.ccsf import CCSF_STAGES
from features.sources.source import ALWAYS_KNOWN
from features.windows import last_months, last_time

# A contribution line covers 1, 3 or 12 months: how many, and the place of each month among them.
SPREAD = [(months, offset) for months in (1, 3, 12) for offset in range(months)]
# What is left to pay on plans is summed in hundredths of a cent: whole numbers add up to the same in any order, so that
# nothing is left of plans that are over.
PARTS_OF_EURO = 10_000


def known_values(
    grid: ir.Table, debts: ir.Table, contributions: ir.Table, payment_plans: ir.Table, ccsf: ir.Table
) -> ir.Table:
    """One row per (siren, period) of the grid: debts, contributions and plans known at that period, in euros."""
    table = grid.select(*KEY, "headcount")
    for part in (
        outstanding_debt(grid, debts),
        known_contributions(grid, contributions),
        active_plans(grid, payment_plans),
        ccsf_state(grid, ccsf),
    ):
        table = table.inner_join(part, list(KEY))
    debt = table.employee_cents + table.employer_cents
    return table.mutate(
        debt=debt / 100,
        debt_employee=table.employee_cents / 100,
        in_debt_12m=(debt > 0).cast("int64").sum().over(last_months(12)),
        last_in_debt=last_time(debt > 0, table.period),
        due_12m=table.due.sum().over(last_months(12)),
        paid_12m=table.paid.sum().over(last_months(12)),
        months_due_12m=table.months.sum().over(last_months(12)),
    )


def outstanding_debt(grid: ir.Table, debts: ir.Table) -> ir.Table:
    """Contribution debt of each firm on the first day of each month.

    debts: one row per debt event, with the euros still due after it and its `known_at`.
    Returns (siren, period, employee_cents, employer_cents): whole cents, so that a repaid debt is exactly 0.
    An event counts from the first period on or after its `known_at`, unless a later event of the same debt is already
    known. The firm's debt is the running sum of the differences between successive events of its debts.
    """
    debt = ["siren", "account", "siret", "period_code", "gap_number"]
    order = ["event_number", "treated_on", "known_at", "employee_due", "employer_due"]
    later = debts.known_at.min().over(ibis.window(group_by=debt, order_by=order, rows=(1, None)))
    events = debts.mutate(overtaken_at=later)
    events = events.filter(events.overtaken_at.isnull() | (events.overtaken_at > events.known_at))
    before = ibis.window(group_by=debt, order_by=order)
    levels = events.mutate(
        employee_cents=(events.employee_due * 100).round().cast("int64"),
        employer_cents=(events.employer_due * 100).round().cast("int64"),
    )
    changes = levels.mutate(
        employee_cents=levels.employee_cents - levels.employee_cents.lag(1).over(before).fill_null(0),
        employer_cents=levels.employer_cents - levels.employer_cents.lag(1).over(before).fill_null(0),
    )
    return accumulated(grid, arrivals(grid, changes), ["employee_cents", "employer_cents"])


def known_contributions(grid: ir.Table, contributions: ir.Table) -> ir.Table:
    """(siren, period, due, paid, months): euros that became known at each period, and the number of months covered.

    The amount of a quarter or a year becomes known as a whole; dividing by the months covered spreads it over them.
    """
    once = contributions.distinct()
    spread = ibis.memtable({"months": [m for m, _ in SPREAD], "offset": [o for _, o in SPREAD]})
    months = once.select("siren", "months", "started_on", "known_at").inner_join(spread, "months")
    index = month_number(months.started_on) + months.offset
    covered = months.mutate(month=index).group_by("siren", "month").aggregate(known_at=ibis._.known_at.min())
    amounts = once.select("siren", "known_at", "due", paid=once.paid.fill_null(0), months=ibis.literal(0))
    counted = covered.select("siren", "known_at", due=ibis.literal(0.0), paid=ibis.literal(0.0), months=ibis.literal(1))
    return arriving(grid, amounts.union(counted), ["due", "paid", "months"])


def told_from(first: date, firms: ir.Table, contributions: ir.Table) -> ir.Table:
    """(told_of, told_from): the first month of what became known of a firm's contributions after the period `first`.

    Of a firm that the register tells of later on, which has a first period of its own, all of the past.
    """
    later = contributions.filter(contributions.known_at > ibis.literal(first))
    oldest = later.group_by("siren").aggregate(told_from=later.started_on.min())
    new = firms.filter(firms.from_on > ibis.literal(first)).select("siren", told_from=ibis.literal(ALWAYS_KNOWN))
    return oldest.anti_join(new, "siren").union(new).rename(told_of="siren")


def told_since(told: ir.Table, contributions: ir.Table) -> ir.Table:
    """The contributions without those that a calendar would count at its first period alone. told: see `told_from`.

    Known by then, and of months before all those that later ones tell of. No value looks back as far as the first
    period of a build, at which all that was known before counts at once.
    """
    reached = [contributions.siren == told.told_of, contributions.ended_on > told.told_from]
    return contributions.semi_join(told, reached)


def active_plans(grid: ir.Table, payment_plans: ir.Table) -> ir.Table:
    """(siren, period, plans, plan_left): the number of plans in force, and the euros left to pay on them.

    A plan is in force from the period at which it is known until its due date. What is left to pay falls linearly with
    the months, so the sum over plans is `intercept - slope * month`.
    """
    plan = ["siren", "account", "siret", "plan", "created_on", "due_on", "amount", "known_at"]
    plans = payment_plans.select(plan).distinct()
    total = ibis.greatest(months_since(plans.created_on, plans.due_on), 1)
    slope = (plans.amount / total * PARTS_OF_EURO).round().cast("int64")
    plans = plans.mutate(plans=ibis.literal(1), slope=slope, intercept=slope * month_number(plans.due_on))
    plans = plans.mutate(over_at=ibis.greatest(plans.known_at, plans.due_on))
    columns = ["plans", "slope", "intercept"]
    begun = arrivals(grid, plans).select("siren", "period", *columns)
    over = arrivals(grid, plans, "over_at").select("siren", "period", **{name: -ibis._[name] for name in columns})
    level = accumulated(grid, begun.union(over), columns)
    left = ibis.greatest(level.intercept - level.slope * month_number(level.period), 0)
    return level.select(*KEY, "plans", plan_left=(level.plans > 0).ifelse(left, 0) / PARTS_OF_EURO)


def ccsf_state(grid: ir.Table, ccsf: ir.Table) -> ir.Table:
    """(siren, period, treated_on, stage): the newest CCSF event known; of several that day, the last by name."""
    events = ccsf.filter(ccsf.stage.isin(CCSF_STAGES))
    newest = events.group_by("siren", "treated_on").aggregate(stage=ibis._.stage.max(), known_at=ibis._.known_at.min())
    return in_force(grid, lookup(newest_at_points(grid, newest, "treated_on"), newest, "treated_on", ["stage"]))


def _monthly_contribution(t: ir.Table) -> ir.FloatingValue:
    return ratio(t.due_12m, t.months_due_12m)


@feature(unit="EUR", direction=+1, sources=("debts",), fr="Dette sociale", en="Social debt")
def debt(t: ir.Table) -> ir.FloatingValue:
    """Contributions still due, employee and employer shares, without penalties; 0 where no debt is known."""
    return t.debt


@feature(
    unit="EUR", direction=+1, sources=("debts",), fr="Dette sociale, part salariale", en="Social debt, employee share"
)
def debt_employee(t: ir.Table) -> ir.FloatingValue:
    """The part of the debt that had been withheld from wages."""
    return t.debt_employee


@feature(
    unit="share",
    direction=0,
    sources=("debts",),
    fr="Part salariale dans la dette sociale",
    en="Employee share in the social debt",
)
def debt_employee_share(t: ir.Table) -> ir.FloatingValue:
    """Employee share of the debt divided by the whole debt; unknown where there is no debt."""
    return ratio(t.debt_employee, t.debt)


@feature(
    unit="EUR",
    direction=0,
    sources=("contributions",),
    fr="Cotisations dues par mois, moyenne sur 12 mois",
    en="Contributions due per month, mean over 12 months",
)
def contribution_monthly(t: ir.Table) -> ir.FloatingValue:
    """Contributions that became known over the last 12 periods, divided by the number of months that they cover."""
    return _monthly_contribution(t)


@feature(
    unit="months",
    direction=+1,
    sources=("debts", "contributions"),
    fr="Dette sociale en mois de cotisations",
    en="Social debt in months of contributions",
)
def debt_in_months(t: ir.Table) -> ir.FloatingValue:
    """Debt divided by the mean monthly contribution; unknown where nothing was due."""
    return ratio(t.debt, _monthly_contribution(t))


@feature(
    unit="months",
    direction=+1,
    sources=("debts", "contributions"),
    fr="Dette sociale, part salariale, en mois de cotisations",
    en="Social debt, employee share, in months of contributions",
)
def debt_employee_in_months(t: ir.Table) -> ir.FloatingValue:
    """Employee share of the debt divided by the mean monthly contribution; unknown where nothing was due."""
    return ratio(t.debt_employee, _monthly_contribution(t))


@feature(
    unit="EUR",
    direction=+1,
    sources=("debts", "headcounts"),
    fr="Dette sociale par salarié",
    en="Social debt per employee",
)
def debt_per_employee(t: ir.Table) -> ir.FloatingValue:
    """Debt divided by the newest headcount known; unknown where that is 0."""
    return ratio(t.debt, t.headcount)


@feature(
    unit="months",
    direction=+1,
    sources=("debts",),
    fr="Nombre de mois avec une dette sociale, sur 12",
    en="Number of months with a social debt, out of 12",
)
def months_in_debt_12m(t: ir.Table) -> ir.IntegerValue:
    """Number of the last 12 periods, the current one included, at which a debt was known."""
    return t.in_debt_12m


@feature(
    unit="months",
    direction=0,
    sources=("debts",),
    fr="Nombre de mois depuis la dernière dette sociale",
    en="Months since the last social debt",
)
def months_since_debt(t: ir.Table) -> ir.IntegerValue:
    """Number of periods since a debt was last known, 0 where one is known; unknown where none was in 24 months."""
    return months_since(t.last_in_debt, t.period)


@feature(
    unit="share",
    direction=-1,
    sources=("contributions",),
    fr="Part des cotisations payées directement, sur 12 mois",
    en="Share of contributions paid directly, over 12 months",
)
def paid_share_12m(t: ir.Table) -> ir.FloatingValue:
    """Contributions paid directly divided by those due, over the last 12 periods; unknown where nothing was due."""
    return ratio(t.paid_12m, t.due_12m)


@feature(
    unit="plans",
    direction=0,
    sources=("payment_plans",),
    fr="Plans d'apurement en cours",
    en="Payment plans in force",
)
def payment_plans_active(t: ir.Table) -> ir.IntegerValue:
    """Number of payment plans in force: from the period at which they are known until their due date."""
    return t.plans


@feature(
    unit="EUR",
    direction=0,
    sources=("payment_plans",),
    fr="Reste à payer sur les plans d'apurement",
    en="Amount left to pay on payment plans",
)
def payment_plan_left(t: ir.Table) -> ir.FloatingValue:
    """Amounts of the plans in force, each falling linearly over the months of the plan."""
    return t.plan_left


@feature(unit="category", direction=0, sources=("ccsf",), fr="Étape de la saisine CCSF", en="Stage of the CCSF plan")
def ccsf_stage(t: ir.Table) -> ir.StringValue:
    """The newest stage known (DEBUT, REFUS, APPROB, FIN, REJ); NONE where no event is known."""
    return t.stage.fill_null("NONE")


@feature(
    unit="months",
    direction=0,
    sources=("ccsf",),
    fr="Nombre de mois depuis le dernier événement CCSF",
    en="Months since the last CCSF event",
)
def months_since_ccsf(t: ir.Table) -> ir.IntegerValue:
    """Months since the newest event known; unknown where there is none."""
    return months_since(t.treated_on, t.period)


debt_in_months_lag_1m = lag(debt_in_months, 1)
debt_in_months_lag_2m = lag(debt_in_months, 2)
debt_in_months_lag_3m = lag(debt_in_months, 3)
debt_in_months_lag_6m = lag(debt_in_months, 6)
debt_in_months_lag_12m = lag(debt_in_months, 12)
debt_in_months_mean_12m = mean(debt_in_months, 12)
debt_in_months_max_12m = maximum(debt_in_months, 12)
debt_in_months_change_3m = change(debt_in_months, 3)
debt_in_months_change_6m = change(debt_in_months, 6)
debt_in_months_change_12m = change(debt_in_months, 12)
debt_lag_12m = lag(debt, 12)
debt_change_3m = change(debt, 3)
debt_employee_in_months_max_12m = maximum(debt_employee_in_months, 12)
debt_employee_in_months_change_6m = change(debt_employee_in_months, 6)
contribution_monthly_change_12m = change(contribution_monthly, 12)
paid_share_12m_lag_12m = lag(paid_share_12m, 12)
debt_in_months_rank_in_division = rank_in_division(debt_in_months)
