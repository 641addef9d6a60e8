"""What is to be done and was done: the firms that one follows with their dates, and the week of one's colleagues."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.database import FollowUp, Verdict
from reports.review.verdicts import CLOSED

WEEK: Final = timedelta(days=7)
# More than agents of a whole country write in a week.
MOST: Final = 5000


@dataclass(frozen=True)
class Step:
    """A firm that one follows, where its follow-up stands, and of which day."""

    siren: str
    state: str
    on: date


@dataclass(frozen=True)
class Entry:
    """What someone wrote on a firm. state: of a follow-up; is_useful: of a verdict, None where it is none."""

    siren: str
    by: str
    at: datetime
    state: str = ""
    is_useful: bool | None = None


def my_firms(engine: sa.Engine, name: str) -> list[Step]:
    """The firms under way whose follow-up one wrote last, by day."""
    newest = sa.select(sa.func.max(FollowUp.id)).group_by(FollowUp.siren)
    query = (
        sa.select(FollowUp.siren, FollowUp.state, FollowUp.on)
        .where(FollowUp.id.in_(newest), FollowUp.by == name, FollowUp.state != CLOSED)
        .order_by(FollowUp.on, FollowUp.siren)
    )
    with Transaction(engine) as db:
        return [Step(*row) for row in db.execute(query)]


def written_since(engine: sa.Engine, since: datetime, but: str) -> list[Entry]:
    """The follow-ups and verdicts that others wrote since an instant, the newest first."""
    follow_ups = (
        sa.select(FollowUp.siren, FollowUp.by, FollowUp.at, FollowUp.state)
        .where(FollowUp.at >= since, FollowUp.by != but)
        .order_by(FollowUp.id.desc())
        .limit(MOST)
    )
    verdicts = (
        sa.select(Verdict.siren, Verdict.by, Verdict.at, Verdict.is_useful)
        .where(Verdict.at >= since, Verdict.by != but)
        .order_by(Verdict.id.desc())
        .limit(MOST)
    )
    with Transaction(engine) as db:
        found = [Entry(*row) for row in db.execute(follow_ups)]
        found += [Entry(siren, by, at, is_useful=useful) for siren, by, at, useful in db.execute(verdicts)]
    return sorted(found, key=lambda one: one.at, reverse=True)


def sirens_of(told: Iterable[Step | Entry]) -> list[str]:
    """The firms, each once, in order."""
    return list(dict.fromkeys(one.siren for one in told))
