"""The week of one's colleagues: what they wrote on firms."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

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
