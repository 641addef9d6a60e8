"""What is to be done and was done: the firms that one follows with their dates, and the week of one's colleagues."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.cases.records import FollowUp, newest_versions
from reports.review.codes import CLOSED
from reports.review.database import Case, CaseVersion, Verdict

WEEK: Final = timedelta(days=7)
# More than agents of a whole country write in a week.
MOST: Final = 5000


@dataclass(frozen=True)
class Entry:
    """What someone wrote on a firm. state: of a follow-up; is_useful: of a verdict, None where it is none."""

    siren: str
    by: str
    at: datetime
    state: str = ""
    is_useful: bool | None = None


def my_follow_ups(engine: sa.Engine, name: str) -> list[FollowUp]:
    """The follow-ups under way that an account is in charge of, or takes part in, by the day of their next step."""
    takes_part = sa.cast(CaseVersion.participants, sa.Text).contains(json.dumps(name), autoescape=True)
    query = newest_versions(Case, CaseVersion).where(
        CaseVersion.state != CLOSED, sa.or_(CaseVersion.in_charge == name, Case.by == name, takes_part)
    )
    with Transaction(engine, expire_on_commit=False) as db:
        found = [FollowUp(case, [version]) for case, version in db.execute(query)]
    return sorted(
        (one for one in found if one.is_of({name})), key=lambda one: (one.last.next_on or date.max, one.case.id)
    )


def written_since(engine: sa.Engine, since: datetime, but: str) -> list[Entry]:
    """What others said of follow-ups and of alerts since an instant, the newest first."""
    follow_ups = (
        sa.select(Case.siren, CaseVersion.by, CaseVersion.at, CaseVersion.state)
        .join(CaseVersion, CaseVersion.case_id == Case.id)
        .where(CaseVersion.at >= since, CaseVersion.by != but)
        .order_by(CaseVersion.id.desc())
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
