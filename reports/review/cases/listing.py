"""The follow-ups that a user may see: those of firms of the territory, each with its firm as the last list shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from reports.review.access import Kind, Right
from reports.review.cases.people import colleagues
from reports.review.cases.records import Brief, FollowUp, briefs, standing
from reports.review.codes import CLOSED, PRIORITIES, STATES
from reports.review.columns import PROTECTED
from reports.review.data import Reader, Row
from reports.review.identity import Account
from reports.review.listing import last_lists, read_firms
from reports.review.words import Words


class Scope(StrEnum):
    """Whose follow-ups."""

    MINE = "mine"
    TEAM = "team"
    ALL = "all"


# Whose follow-ups -> as it is written.
SCOPES: Final = {Scope.MINE: "my follow-ups", Scope.TEAM: "my administration's", Scope.ALL: "all of my territory"}
OPEN: Final = "open"
# Which of them -> as it is written: those under way, those in one state, or every one.
SELECTIONS: Final = {OPEN: "under way", **STATES, "every": "under way and closed"}


@dataclass(frozen=True)
class Followed:
    """A follow-up and its firm, as the list `key` shows it to the user."""

    follow_up: FollowUp
    firm: Row
    key: str

    @property
    def month(self) -> str:
        """That of the next step, YYYY-MM; blank where none is planned."""
        day = self.follow_up.last.next_on
        return f"{day:%Y-%m}" if day else ""

    @property
    def address(self) -> str:
        """Of its page."""
        return f"/firms/{self.firm['siren']}/follow-up?list={self.key}"


def of_scope(engine: sa.Engine, account: Account, scope: Scope) -> list[Brief]:
    """The follow-ups that concern a user, their administration or anybody, of whatever firm: not yet to be shown."""
    found = briefs(engine)
    if scope is Scope.ALL:
        return found
    names = colleagues(engine, account) if scope is Scope.TEAM else frozenset({account.name})
    return of_people(found, names)


def of_people(found: Sequence[Brief], names: frozenset[str]) -> list[Brief]:
    """Those that concern one of these accounts."""
    return [one for one in found if not one.people.isdisjoint(names)]


def selected(found: Sequence[Brief], selection: str) -> list[Brief]:
    """Those of a selection."""
    if selection == OPEN:
        return [one for one in found if one.state != CLOSED]
    return [one for one in found if selection in (one.state, "every")]


def visible(reader: Reader, engine: sa.Engine, found: Sequence[Brief], right: Right) -> list[Followed]:
    """Those of firms that the user may see today, the most pressing first."""
    firms = {
        row["siren"]: (row, key)
        for key, sirens in last_lists(reader, sorted({one.siren for one in found})).items()
        for row in read_firms(reader, reader.published(key), sirens, right)
    }
    seen = standing(engine, [one for one in found if one.siren in firms])
    return sorted((Followed(one, *firms[one.case.siren]) for one in seen), key=_pressing)


def _pressing(one: Followed) -> tuple[date, int, str, int]:
    last = one.follow_up.last
    return last.next_on or date.max, list(PRIORITIES).index(last.priority), str(one.firm["name"]), one.follow_up.case.id


def name_outside(firm: Row, right: Right, words: Words) -> str:
    """The firm's name in what leaves the application: who objects to publication is not named."""
    is_hidden = firm[PROTECTED] and not right.may_see(Kind.PROTECTED_IDENTITIES)
    return words.say("(not published)") if is_hidden else str(firm["name"])
