"""What agents answer to an alert: verdicts; reports of wrong data are in `wrong_data`, follow-ups in `cases`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.access import Kind, Right
from reports.review.chains import RefusedAnswerError, add, check_last, checked_note
from reports.review.data import PublishedList
from reports.review.database import Verdict
from reports.review.wrong_data import Report, reports_of

# Codes as they are stored -> as they are written.
VERDICT_REASONS: Final = {
    "": "no reason given",
    "already_known": "already known",
    "already_followed": "already followed",
    "in_procedure": "in a procedure",
    "group_decision": "a decision of its group",
    "wrong_data": "wrong data",
    "seasonal": "seasonal",
    "no_difficulty": "no difficulty found",
    "other": "other",
}
VERDICT_COLUMNS: Final = ("siren", "list_period", "model_id", "is_useful", "reason", "note", "by", "at")


@dataclass(frozen=True)
class Answers:
    """What was answered on a firm, newest first."""

    verdicts: Sequence[Verdict]
    wrong_data: Sequence[Report]

    @property
    def last_verdict(self) -> int:
        """The number that a new verdict follows."""
        return self.verdicts[0].id if self.verdicts else 0

    def visible(self, right: Right, published: PublishedList, fields: Collection[str]) -> "Answers":
        """The answers that a user may read: verdicts tell of alerts, reports tell which figures are wrong.

        fields: those that the user may see on this list; on another, the accounts may have been confidential.
        """
        reported = [
            one
            for one in self.wrong_data
            if one.field in fields and (one.list_period == published.key or one.is_open_to(right))
        ]
        return Answers(self.verdicts if right.may_see(Kind.SCORES) else (), reported)


def answers_on(engine: sa.Engine, siren: str, published: PublishedList) -> Answers:
    """Verdicts on this list and model; wrong data on the firm."""
    of_list = (Verdict.siren == siren, Verdict.list_period == published.key, Verdict.model_id == published.model_id)
    with Transaction(engine, expire_on_commit=False) as db:
        return Answers(
            db.scalars(sa.select(Verdict).where(*of_list).order_by(Verdict.id.desc())).all(),
            reports_of(engine, siren),
        )


def give_verdict(
    engine: sa.Engine,
    siren: str,
    published: PublishedList,
    by: str,
    follows: int,
    is_useful: str,
    reason: str,
    note: str,
) -> None:
    """Say whether an alert was useful, after the verdict `follows` (0 for the first).

    Raises OvertakenError where another verdict follows it already, RefusedAnswerError on what no form offers.
    """
    if is_useful not in ("yes", "no") or reason not in VERDICT_REASONS:
        raise RefusedAnswerError
    key = {"siren": siren, "list_period": published.key, "model_id": published.model_id}
    with Transaction(engine) as db:
        known = sa.select(sa.func.max(Verdict.id)).filter_by(**key)
        check_last(db.scalar(known), follows)
    add(
        engine,
        Verdict(**key, is_useful=is_useful == "yes", reason=reason, note=checked_note(note), by=by, follows=follows),
    )


def reviewed(engine: sa.Engine, published: PublishedList) -> list[str]:
    """The firms with a verdict on this list."""
    with Transaction(engine) as db:
        return list(db.scalars(sa.select(Verdict.siren).where(Verdict.list_period == published.key).distinct()))


def verdict_rows(engine: sa.Engine) -> list[dict[str, Any]]:
    """The standing verdict of each firm, list and model, for data scientists."""
    newest = sa.select(sa.func.max(Verdict.id)).group_by(Verdict.siren, Verdict.list_period, Verdict.model_id)
    query = (
        sa.select(Verdict).where(Verdict.id.in_(newest)).order_by(Verdict.siren, Verdict.list_period, Verdict.model_id)
    )
    with Transaction(engine) as db:
        return [{name: getattr(row, name) for name in VERDICT_COLUMNS} for row in db.scalars(query)]
