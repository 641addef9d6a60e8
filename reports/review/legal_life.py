"""What legal notices tell of a firm, as a time line, with the accounts of which no deposit is known."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from features.periods import add_months
from features.sources.legal_notices import (
    ACTIVITY,
    CAPITAL,
    CAPITAL_REDUCTION,
    CESSATION,
    CONCILIATION,
    CONSOLIDATED_DEPOSIT,
    DEPOSIT,
    DISSOLUTION,
    EQUITY_LOSS,
    FORM,
    LEASE,
    MANAGERS,
    MERGER,
    OTHER,
    PURCHASE,
    REMOVAL,
    SALE,
    SEAT,
)
from reports.review.data import Row

MISSING: Final = "missing"
# Kind of notice -> what it tells.
TOLD: Final[Mapping[str, str]] = {
    DEPOSIT: "accounts deposited",
    CONSOLIDATED_DEPOSIT: "accounts of the group deposited",
    MANAGERS: "managers changed",
    SEAT: "head office moved",
    CAPITAL: "capital changed",
    CAPITAL_REDUCTION: "capital reduced",
    EQUITY_LOSS: "loss of half of the capital",
    ACTIVITY: "activity changed",
    FORM: "legal form changed",
    MERGER: "merger, split or transfer of assets",
    LEASE: "business leased",
    SALE: "business sold",
    PURCHASE: "business bought",
    DISSOLUTION: "dissolution",
    CESSATION: "end of activity",
    REMOVAL: "removed from the trade register",
    CONCILIATION: "conciliation",
    OTHER: "other change",
    MISSING: "no deposit of accounts is known",
}
GRAVE: Final = (EQUITY_LOSS, DISSOLUTION, CESSATION, REMOVAL, CONCILIATION, MISSING)
# As the features of the theme count: accounts are due seven months after their closing; three years are looked back on.
TERM, LOOK_BACK = 7, 36


@dataclass(frozen=True)
class Event:
    """on: the publication, or the end of the term. closed_on: of accounts. known_on: None of what no notice tells."""

    on: date
    kind: str
    closed_on: date | None = None
    is_confidential: bool = False
    known_on: date | None = None

    @property
    def is_grave(self) -> bool:
        """Whether it may announce difficulties."""
        return self.kind in GRAVE


def time_line(notices: Sequence[Row], period: date) -> list[Event]:
    """The notices and the accounts that are missing, newest first; notices: see `reports.review.past`."""
    found = [
        Event(row["published_on"], row["kind"], row["closed_on"], bool(row["is_confidential"]), row["known_at"])
        for row in notices
        if row["kind"] in TOLD
    ]
    deposited = [row["closed_on"] for row in notices if row["kind"] == DEPOSIT and row["closed_on"]]
    return sorted([*found, *_missing(deposited, period)], key=lambda event: event.on, reverse=True)


def _missing(deposited: Sequence[date], period: date) -> Iterator[Event]:
    """Yearly accounts whose term passed within three years before the period, without a deposit.

    Counted from the first deposit on, on its anniversaries; accounts closed within half a year of one are its own.
    """
    if not deposited:
        return
    first = min(deposited).replace(day=1)
    expected = (add_months(first, 12 * years) for years in range(1, 1 + period.year - first.year))
    for closed in expected:
        due = add_months(closed, TERM + 1)
        is_filed = any(abs(_months(closed) - _months(day)) < 6 for day in deposited)
        if add_months(period, -LOOK_BACK) < due <= period and not is_filed:
            yield Event(due, MISSING, closed)


def _months(day: date) -> int:
    return 12 * day.year + day.month
