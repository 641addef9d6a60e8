"""Reports of wrong data: what agents know to be wrong, and what the data team made of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.reasons import FEATURES
from reports.review import chains
from reports.review.access import Right
from reports.review.chains import RefusedAnswerError
from reports.review.data import PublishedList
from reports.review.database import WrongData, WrongDataAnswer

# Codes as they are stored -> as they are written. The first is that of a report without an answer.
OPEN: Final = "open"
REPORT_STATES: Final = {
    OPEN: "not dealt with yet",
    "corrected": "corrected at the partner's",
    "refused": "not corrected",
}
REPORT_COLUMNS: Final = (
    *("id", "siren", "list_period", "model_id", "field", "note", "by", "at"),
    *("state", "answer", "answered_by", "answered_at"),
)


@dataclass(frozen=True)
class Report:
    """A report with its standing answer; last: the number of that answer, 0 where there is none."""

    id: int
    siren: str
    list_period: str
    model_id: str
    field: str
    note: str
    by: str
    at: datetime
    state: str = OPEN
    answer: str = ""
    answered_by: str = ""
    answered_at: datetime | None = None
    last: int = 0

    def is_open_to(self, right: Right) -> bool:
        """Whether a user may read it, whatever the accounts of the firm were on its list."""
        field = self.field
        return field not in FEATURES or right.may_see_feature(FEATURES[field].theme, field, is_confidential=True)


def report(
    engine: sa.Engine, siren: str, published: PublishedList, by: str, field: str, fields: Collection[str], note: str
) -> None:
    """Tell the data team that a figure is wrong.

    Raises RefusedAnswerError where the field is none of `fields`, or nothing is said of it.
    """
    if field not in fields or not note.strip():
        raise RefusedAnswerError
    key = {"siren": siren, "list_period": published.key, "model_id": published.model_id}
    chains.add(engine, WrongData(**key, field=field, note=chains.checked_note(note), by=by))


def answer(engine: sa.Engine, number: int, by: str, follows: int, state: str, note: str) -> None:
    """Say what became of a report, after the answer `follows` (0 for the first). A refusal says why.

    Raises OvertakenError, RefusedAnswerError.
    """
    if state not in REPORT_STATES or (state == "refused" and not note.strip()):
        raise RefusedAnswerError
    with Transaction(engine) as db:
        if db.get(WrongData, number) is None:
            raise RefusedAnswerError
        known = sa.select(sa.func.max(WrongDataAnswer.id)).where(WrongDataAnswer.report_id == number)
        chains.check_last(db.scalar(known), follows)
    given = WrongDataAnswer(report_id=number, state=state, note=chains.checked_note(note), by=by, follows=follows)
    chains.add(engine, given)


def reports_of(engine: sa.Engine, siren: str | None = None) -> list[Report]:
    """The reports on a firm, or all, newest first, each with its standing answer."""
    newest = sa.select(sa.func.max(WrongDataAnswer.id)).group_by(WrongDataAnswer.report_id)
    query = (
        sa.select(WrongData, WrongDataAnswer)
        .outerjoin(WrongDataAnswer, sa.and_(WrongDataAnswer.report_id == WrongData.id, WrongDataAnswer.id.in_(newest)))
        .order_by(WrongData.id.desc())
    )
    with Transaction(engine, expire_on_commit=False) as db:
        rows = db.execute(query if siren is None else query.where(WrongData.siren == siren)).all()
    return [_report(said, given) for said, given in rows]


def _report(said: WrongData, given: WrongDataAnswer | None) -> Report:
    told = (said.id, said.siren, said.list_period, said.model_id, said.field, said.note, said.by, said.at)
    return Report(*told, *((given.state, given.note, given.by, given.at, given.id) if given else ()))


def as_csv(found: Sequence[Report]) -> str:
    """Reports as CSV, for the data team and the partners."""
    rows: list[dict[str, Any]] = [{name: getattr(one, name) for name in REPORT_COLUMNS} for one in found]
    return chains.as_csv(rows, REPORT_COLUMNS)
