"""The follow-ups that a user may see: those of firms of the territory, each with its firm as the last list shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from reports.review.access import Kind, Right
from reports.review.cases.briefs import Brief, briefs, of_people
from reports.review.cases.people import colleagues
from reports.review.cases.records import FollowUp, standing
from reports.review.codes import PRIORITIES
from reports.review.columns import PROTECTED
from reports.review.data import Reader, Row
from reports.review.identity import Account
from reports.review.listing import seen_last
from reports.review.words import Words


class Scope(StrEnum):
    """Whose follow-ups."""

    MINE = "mine"
    TEAM = "team"
    ALL = "all"


# Whose follow-ups -> as it is written.
SCOPES: Final = {Scope.MINE: "my follow-ups", Scope.TEAM: "my administration's", Scope.ALL: "all of my territory"}


@dataclass(frozen=True)
class Seen:
    """A follow-up in brief, and its firm (see IDENTITY) as the list `key` shows it to the user."""

    brief: Brief
    firm: Row
    key: str


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


def visible(reader: Reader, found: Sequence[Brief], right: Right) -> list[Seen]:
    """Those of firms that the user may see today, the most pressing first."""
    return pressing(found, seen_last(reader, sorted({one.siren for one in found}), right))


def pressing(found: Sequence[Brief], firms: Mapping[str, tuple[Row, str]]) -> list[Seen]:
    """Those of the firms that were seen, each with its list, the most pressing first."""
    return sorted((Seen(one, *firms[one.siren]) for one in found if one.siren in firms), key=_pressing)


def _pressing(one: Seen) -> tuple[date, int, str, int]:
    brief = one.brief
    return brief.next_on or date.max, list(PRIORITIES).index(brief.priority), str(one.firm["name"]), brief.case


def in_full(engine: sa.Engine, seen: Sequence[Seen]) -> list[Followed]:
    """Them in the same order, with all that their newest versions say."""
    found = standing(engine, [one.brief.version for one in seen])
    return [Followed(found[one.brief.case], one.firm, one.key) for one in seen]


def name_outside(firm: Row, right: Right, words: Words) -> str:
    """The firm's name in what leaves the application: who objects to publication is not named."""
    is_hidden = firm[PROTECTED] and not right.may_see(Kind.PROTECTED_IDENTITIES)
    return words.say("(not published)") if is_hidden else str(firm["name"])
