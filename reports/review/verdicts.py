"""What agents answer: verdicts and follow-ups; reports of wrong data are in `wrong_data`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from features.periods import add_months
from reports.review.access import Kind, Right
from reports.review.chains import RefusedAnswerError, add, check_last, checked_note
from reports.review.data import PublishedList
from reports.review.database import FollowUp, Verdict, now
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
FOLLOW_UP_STATES: Final = {
    "to_contact": "to contact",
    "contacted": "contacted",
    "visited": "visited",
    "helped": "helped",
    "closed": "closed",
}
CLOSED: Final = "closed"
# A follow-up tells of a visit, or plans one.
YEARS_BACK, YEARS_AHEAD = 10, 2
VERDICT_COLUMNS: Final = ("siren", "list_period", "model_id", "is_useful", "reason", "note", "by", "at")


class WrongDayError(RefusedAnswerError):
    """The day of a follow-up is too far away to be meant."""


class Days(NamedTuple):
    """The first and the last day that a follow-up may have."""

    first: date
    last: date


def days_of_follow_up(today: date) -> Days:
    """The days that a follow-up written today may have."""
    return Days(add_months(today.replace(day=1), -12 * YEARS_BACK), add_months(today.replace(day=1), 12 * YEARS_AHEAD))


@dataclass(frozen=True)
class Answers:
    """What was answered on a firm, newest first."""

    verdicts: Sequence[Verdict]
    follow_ups: Sequence[FollowUp]
    wrong_data: Sequence[Report]

    @property
    def last_verdict(self) -> int:
        """The number that a new verdict follows."""
        return self.verdicts[0].id if self.verdicts else 0

    @property
    def last_follow_up(self) -> int:
        """The number that a new follow-up follows."""
        return self.follow_ups[0].id if self.follow_ups else 0

    def visible(self, right: Right, published: PublishedList, fields: Collection[str]) -> "Answers":
        """The answers that a user may read: verdicts tell of alerts, reports tell which figures are wrong.

        fields: those that the user may see on this list; on another, the accounts may have been confidential.
        """
        reported = [
            one
            for one in self.wrong_data
            if one.field in fields and (one.list_period == published.key or one.is_open_to(right))
        ]
        return Answers(self.verdicts if right.may_see(Kind.SCORES) else (), self.follow_ups, reported)


def answers_on(engine: sa.Engine, siren: str, published: PublishedList) -> Answers:
    """Verdicts on this list and model; follow-up and wrong data on the firm."""
    of_list = (Verdict.siren == siren, Verdict.list_period == published.key, Verdict.model_id == published.model_id)
    with Transaction(engine, expire_on_commit=False) as db:
        return Answers(
            db.scalars(sa.select(Verdict).where(*of_list).order_by(Verdict.id.desc())).all(),
            db.scalars(sa.select(FollowUp).where(FollowUp.siren == siren).order_by(FollowUp.id.desc())).all(),
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


def follow_up(engine: sa.Engine, siren: str, by: str, follows: int, state: str, on: str, note: str) -> None:
    """Say what is done about a firm, after the follow-up `follows` (0 for the first).

    Raises OvertakenError, WrongDayError, RefusedAnswerError.
    """
    try:
        day = date.fromisoformat(on)
    except ValueError:
        raise WrongDayError from None
    first, last = days_of_follow_up(now().date())
    if not first <= day <= last:
        raise WrongDayError
    if state not in FOLLOW_UP_STATES:
        raise RefusedAnswerError
    with Transaction(engine) as db:
        check_last(db.scalar(sa.select(sa.func.max(FollowUp.id)).where(FollowUp.siren == siren)), follows)
    add(engine, FollowUp(siren=siren, state=state, on=day, note=checked_note(note), by=by, follows=follows))


def reviewed(engine: sa.Engine, published: PublishedList) -> list[str]:
    """The firms with a verdict on this list."""
    with Transaction(engine) as db:
        return list(db.scalars(sa.select(Verdict.siren).where(Verdict.list_period == published.key).distinct()))


def follow_states(engine: sa.Engine) -> dict[str, str]:
    """The newest follow-up state of each firm that has one."""
    newest = sa.select(sa.func.max(FollowUp.id)).group_by(FollowUp.siren)
    with Transaction(engine) as db:
        rows = db.execute(sa.select(FollowUp.siren, FollowUp.state).where(FollowUp.id.in_(newest))).all()
    return dict(rows)


def verdict_rows(engine: sa.Engine) -> list[dict[str, Any]]:
    """The standing verdict of each firm, list and model, for data scientists."""
    newest = sa.select(sa.func.max(Verdict.id)).group_by(Verdict.siren, Verdict.list_period, Verdict.model_id)
    query = (
        sa.select(Verdict).where(Verdict.id.in_(newest)).order_by(Verdict.siren, Verdict.list_period, Verdict.model_id)
    )
    with Transaction(engine) as db:
        return [{name: getattr(row, name) for name in VERDICT_COLUMNS} for row in db.scalars(query)]
