"""Legal life: what the firm's legal notices tell: accounts filed late or not at all, changes, sales, removal.

In studies of small firms, late and missing accounts are among the strongest signals of failure (Altman, Sabato and
Wilson 2010, on 5.8 million British accounts).
"""

from dataclasses import replace
from typing import Final, NamedTuple

import ibis
import ibis.expr.types as ir

from features.accounts import first_deposits
from features.catalog import Direction, Feature, feature
from features.days import first_of_month, month_number, months_after, months_since
from features.grid import KEY, arrivals, in_force
from features.sources import legal_notices as kinds
from features.sources.legal_notices import DEPOSIT
from features.windows import first_of_each, so_far

# Months from the closing of accounts to the end of the term for their deposit.
TERM: Final = 7
YEAR: Final = 12
# The terms that passed within so many months are looked at.
MISSING_WITHIN: Final = 36
WINDOWS: Final = (12, 24)


class Change(NamedTuple):
    """What notices tell of, from which three features are made: notices in 12 and in 24 months, months since the last.

    kinds: of notices. direction: +1 where such notices are a sign of trouble, 0 where they can be read both ways.
    fr, en: what the notices tell of; in French with its "de".
    """

    name: str
    kinds: tuple[str, ...]
    direction: Direction
    fr: str
    en: str


# fmt: off
CHANGES: Final = (
    Change("managers_changed", (kinds.MANAGERS,), 0, "de changement de dirigeants", "a change of managers"),
    Change("seat_moved", (kinds.SEAT,), 0, "de transfert du siège", "a move of the head office"),
    Change("capital_reduced", (kinds.CAPITAL_REDUCTION,), 0, "de réduction du capital", "a reduction of the capital"),
    # Such a firm has lost half of its capital (Code de commerce, L223-42 and L225-248).
    Change("capital_lost", (kinds.EQUITY_LOSS,), +1,
           "de perte de la moitié du capital", "a loss of half of the capital"),
    Change("purpose_changed", (kinds.ACTIVITY, kinds.FORM), 0,
           "de changement d'activité ou de forme", "a change of activity or legal form"),
    Change("merged", (kinds.MERGER,), 0,
           "de fusion, de scission ou d'apport", "a merger, a split or a transfer of assets"),
    Change("business_sold", (kinds.SALE,), 0, "de vente d'un fonds", "the sale of a business"),
    Change("business_bought", (kinds.PURCHASE,), 0, "d'achat d'un fonds", "the purchase of a business"),
    Change("business_leased", (kinds.LEASE,), 0, "de location-gérance", "the lease of a business"),
    Change("dissolved", (kinds.DISSOLUTION, kinds.CESSATION), 0,
           "de dissolution ou de cessation d'activité", "a dissolution or an end of activity"),
    Change("removed", (kinds.REMOVAL,), 0, "de radiation", "the removal from the trade register"),
    # It is open to firms in difficulty (Code de commerce, L611-4).
    Change("conciliation", (kinds.CONCILIATION,), +1, "de conciliation", "a conciliation"),
)
# fmt: on


# What is counted at each period, and the newest dates known.
COUNTS: Final = ("filed_36m", *(f"{change.name}_{months}m" for change in CHANGES for months in WINDOWS))
DATES: Final = ("deposited_on", "closed_on", *(f"{change.name}_on" for change in CHANGES))
# A date of which only the month is told, as a count of months: a firm has fewer notices than months to work it out on.
MONTHS: Final = {f"{change.name}_month": f"{change.name}_on" for change in CHANGES}


def known_values(grid: ir.Table, legal_notices: ir.Table) -> ir.Table:
    """One row per (siren, period) of the grid: what the notices known at that period tell.

    Columns: COUNTS, DATES, MONTHS, first_closed_on (of the accounts whose deposit is known), and published_on and
    is_confidential of the deposit of the newest accounts, those of `closed_on`.
    filed_36m: deposits of accounts whose term passed within the last 36 months.
    A notice counts in the periods of the 12 or 24 months after it became known.
    """
    deposits = first_deposits(legal_notices)
    steps = ibis.union(*steps_of_deposits(legal_notices, deposits), steps_of_changes(legal_notices))
    arrived = arrivals(grid, steps, "at")
    # A count falls long after the last period, too.
    points = _known_at_points(arrived.filter(arrived.period <= grid.period.max().as_scalar()))
    newest = deposits.select("siren", "closed_on", "published_on", "is_confidential")
    points = points.left_join(newest, ["siren", "closed_on"]).drop("siren_right", "closed_on_right")
    points = points.mutate(**{name: month_number(points[day]) for name, day in MONTHS.items()})
    values = in_force(grid, points)
    return values.mutate(**{name: values[name].fill_null(0) for name in COUNTS})


def steps_of_deposits(legal_notices: ir.Table, deposits: ir.Table) -> list[ir.Table]:
    """What the deposits of accounts change, and on which day: see `_steps`. deposits: the first notice of each."""
    filed = legal_notices.filter(legal_notices.kind == DEPOSIT)
    due = first_of_month(months_after(deposits.closed_on, TERM + 1))
    counts_from, until = ibis.greatest(deposits.known_at, due), months_after(due, MISSING_WITHIN)
    return [
        _steps(filed, _step(ibis.literal("deposited_on"), filed.known_at, day=filed.published_on)),
        _steps(
            deposits,
            _step(ibis.literal("closed_on"), deposits.known_at, day=deposits.closed_on),
            _step(ibis.literal("filed_36m"), counts_from, amount=1),
            _step(ibis.literal("filed_36m"), ibis.greatest(deposits.known_at, until), amount=-1),
        ),
    ]


def steps_of_changes(legal_notices: ir.Table) -> ir.Table:
    """What the other notices change, and on which day; a notice and those that correct it tell of one change."""
    names = {kind: change.name for change in CHANGES for kind in change.kinds}
    told = legal_notices.filter(legal_notices.kind.isin(list(names)))
    told = told.mutate(change=told.kind.cases(*names.items()))
    told = first_of_each(told, ["siren", "change", "about"], ["known_at", "published_on", "notice"])
    steps = [_step(told.change + "_on", told.known_at, day=told.published_on)]
    for months in WINDOWS:
        name, over_at = told.change + f"_{months}m", months_after(told.known_at, months)
        steps += [_step(name, told.known_at, amount=1), _step(name, over_at, amount=-1)]
    return _steps(told, *steps)


def _step(name: ir.StringValue, at: ir.DateValue, amount: int = 0, day: ir.DateValue | None = None) -> ir.StructValue:
    """On the day `at`, a count of COUNTS rises by `amount`, or a date of DATES becomes known."""
    known = ibis.null("date") if day is None else day
    return ibis.struct({"at": at, "name": name, "amount": ibis.literal(amount, "int64"), "day": known})


def _steps(notices: ir.Table, *steps: ir.StructValue) -> ir.Table:
    """(siren, at, name, amount, day): the steps of each notice, which are worked out in one pass over the notices."""
    return notices.select("siren", step=ibis.array(list(steps)).unnest()).unpack("step")


def _known_at_points(steps: ir.Table) -> ir.Table:
    """One row per firm and period at which something changes: COUNTS, DATES and first_closed_on from then on.

    A firm has few notices: all is summed on these rows, not on its months.
    """
    points = steps.group_by("siren", "period").aggregate(
        **{name: steps.amount.sum(where=steps.name == name) for name in COUNTS},
        **{name: steps.day.max(where=steps.name == name) for name in DATES},
        first_closed_on=steps.day.min(where=steps.name == "closed_on"),
    )
    return points.select(
        *KEY,
        **{name: points[name].fill_null(0).sum().over(so_far()) for name in COUNTS},
        **{name: points[name].max().over(so_far()) for name in DATES},
        first_closed_on=points.first_closed_on.min().over(so_far()),
    )


@feature(
    unit="months",
    direction=+1,
    sources=("legal_notices",),
    fr="Nombre de mois depuis le dernier dépôt de comptes",
    en="Months since the last deposit of accounts",
)
def months_since_deposit(t: ir.Table) -> ir.IntegerValue:
    """Months from the newest notice of a deposit of accounts to the period; unknown where none is known."""
    return months_since(t.deposited_on, t.period)


@feature(
    unit="months",
    direction=+1,
    sources=("legal_notices",),
    fr="Retard du prochain dépôt de comptes",
    en="Lateness of the next deposit of accounts",
)
def deposit_overdue(t: ir.Table) -> ir.IntegerValue:
    """Whole months since the end of the term for the accounts of the year after the newest ones deposited, 0 before it.

    The term is seven months after their closing. Unknown where no deposit is known.
    """
    return (months_since(t.closed_on, t.period) - YEAR - TERM - 1).clip(lower=0)


@feature(
    unit="months",
    direction=+1,
    sources=("legal_notices",),
    fr="Délai du dernier dépôt de comptes après la clôture",
    en="Months from closing to deposit, for the newest accounts",
)
def deposit_delay(t: ir.Table) -> ir.IntegerValue:
    """Months from the closing of the newest accounts deposited to the notice of their deposit; unknown without one."""
    return months_since(t.closed_on, t.published_on)


@feature(
    unit="fiscal years",
    direction=+1,
    sources=("legal_notices",),
    fr="Exercices sans dépôt des comptes, sur 36 mois",
    en="Fiscal years without a deposit of accounts, over 36 months",
)
def deposits_missing_36m(t: ir.Table) -> ir.IntegerValue:
    """Yearly accounts whose term of seven months passed in the last 36 months without a notice of their deposit.

    Counted from the first accounts whose deposit is known, on their anniversaries; unknown where none is known.
    """
    first, last_due = month_number(t.first_closed_on), month_number(t.period) - TERM - 1
    # Numbered from the first accounts on, which are 0: the newest and the oldest whose term passed in the window.
    newest = ((last_due - first) / YEAR).floor()
    oldest = (((last_due - MISSING_WITHIN - first) / YEAR).floor() + 1).clip(lower=0)
    expected = (newest - oldest + 1).clip(lower=0)
    return (expected - t.filed_36m).clip(lower=0)


@feature(
    unit="yes/no",
    direction=0,
    sources=("legal_notices",),
    fr="Derniers comptes déposés sous confidentialité",
    en="Newest accounts deposited as confidential",
)
def deposit_confidential(t: ir.Table) -> ir.BooleanValue:
    """Whether the notice of the deposit of the newest accounts says that they are confidential."""
    return t.is_confidential


def features_of_change(change: Change) -> tuple[Feature, ...]:
    """How many notices tell of a change in the last 12 and 24 months, and the months since the last one."""
    counts = tuple(
        _of_change(
            change,
            f"{change.name}_{months}m",
            "notices",
            f"Annonces {change.fr}, sur {months} mois",
            f"Notices of {change.en}, over {months} months",
            f"Number of notices of {change.en} that became known in the last {months} months.",
        )
        for months in WINDOWS
    )
    since = _of_change(
        change,
        f"months_since_{change.name}",
        "months",
        f"Nombre de mois depuis la dernière annonce {change.fr}",
        f"Months since the last notice of {change.en}",
        f"Months from the publication of the last notice known of {change.en}; unknown where there is none.",
    )
    return *counts, replace(since, direction=0, compute=lambda t: month_number(t.period) - t[f"{change.name}_month"])


def _of_change(change: Change, name: str, unit: str, fr: str, en: str, definition: str) -> Feature:
    return Feature(
        name=name,
        theme=__name__.rsplit(".", 1)[-1],
        unit=unit,
        direction=change.direction,
        fr=fr,
        en=en,
        sources=("legal_notices",),
        definition=definition,
        compute=lambda t: t[name],
    )


CHANGE_FEATURES = tuple(made for change in CHANGES for made in features_of_change(change))
