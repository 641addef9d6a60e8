"""Every follow-up in brief, as a worker keeps them: pages choose among thousands, and show a few.

Versions are only ever added: those that came since the last page are read, and all anew where one is missing, as
where a slow transaction wrote it under an earlier number.
"""

import threading
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from reports.review.cases.records import is_late, is_soon
from reports.review.codes import CLOSED, STATES
from reports.review.database import Case, CaseVersion


class Brief(NamedTuple):
    """A follow-up as it is chosen from thousands of others. version: its newest; people: whose it is.

    people: who is in charge and who takes part; who opened it where nobody is in charge.
    """

    case: int
    version: int
    siren: str
    state: str
    outcome: str
    priority: str
    next_on: date | None
    people: frozenset[str]

    def is_late(self, today: date) -> bool:
        """Whether the day of the next step is past."""
        return is_late(self.next_on, today)

    def is_soon(self, today: date) -> bool:
        """Whether the next step is due within a week, today included; not one that is late."""
        return is_soon(self.next_on, today)


OPEN: Final = "open"
EVERY: Final = "every"
# Which of them -> as it is written: those under way, those in one state, or every one.
SELECTIONS: Final = {OPEN: "under way", **STATES, EVERY: "under way and closed"}
_READ: Final = (
    *(Case.id, CaseVersion.id, Case.siren, CaseVersion.state, CaseVersion.outcome, CaseVersion.priority),
    *(CaseVersion.next_on, CaseVersion.in_charge, Case.by, CaseVersion.participants),
)


class _Kept:
    """What a worker knows of the follow-ups of a database. last, count: the newest version read, and how many were."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.briefs: dict[int, Brief] = {}
        self.last = self.count = 0

    def read_on(self, connection: sa.Connection) -> None:
        """Read the versions after the last one; of each follow-up the newest stays."""
        versions = sa.select(*_READ).join(Case, CaseVersion.case_id == Case.id).where(CaseVersion.id > self.last)
        for row in connection.execute(versions.order_by(CaseVersion.id)):
            brief = _brief(row)
            self.briefs[brief.case] = brief
            self.last, self.count = brief.version, self.count + 1

    def is_whole(self, connection: sa.Connection) -> bool:
        """Whether no version up to the last one is missing."""
        there = sa.select(sa.func.count()).where(CaseVersion.id <= self.last)
        return bool(connection.execute(there).scalar_one() == self.count)


def _brief(row: Any) -> Brief:
    *told, in_charge, by, participants = row
    return Brief._make([*told, frozenset({in_charge or by, *participants})])


@lru_cache(maxsize=4)
def _kept(engine: sa.Engine) -> _Kept:  # noqa: ARG001 - one for each database
    return _Kept()


def briefs(engine: sa.Engine) -> list[Brief]:
    """Every follow-up, the oldest first."""
    kept = _kept(engine)
    with kept.lock, engine.connect() as connection:
        kept.read_on(connection)
        if not kept.is_whole(connection):
            kept.forget()
            kept.read_on(connection)
        return [kept.briefs[case] for case in sorted(kept.briefs)]


def outcomes(engine: sa.Engine) -> dict[str, tuple[str, str]]:
    """Where the newest follow-up of each firm stands, and what became of it; blank while it is under way."""
    return {one.siren: (one.state, one.outcome) for one in briefs(engine)}


def follow_states(engine: sa.Engine) -> dict[str, str]:
    """Where the newest follow-up of each firm stands."""
    return {one.siren: one.state for one in briefs(engine)}


def of_people(found: Sequence[Brief], names: frozenset[str]) -> list[Brief]:
    """Those that concern one of these accounts."""
    return [one for one in found if not one.people.isdisjoint(names)]


def selected(found: Sequence[Brief], selection: str) -> list[Brief]:
    """Those of a selection: see SELECTIONS."""
    if selection == OPEN:
        return [one for one in found if one.state != CLOSED]
    return [one for one in found if selection in (one.state, EVERY)]
