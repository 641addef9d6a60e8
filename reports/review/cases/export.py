"""Follow-ups for data scientists: what help came when, and what became of it. Nothing that names or tells of a person.

Joined by siren, list_period and model_id with lists and scores, they let a helped firm's survival be told from a false
alarm.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from reports.review import chains
from reports.review.cases.records import FollowUp
from reports.review.codes import ACTION_DAYS, CLOSED, STATE_DAYS
from reports.review.database import CaseVersion

EXPORT_COLUMNS: Final = (
    *("case", "siren", "list_period", "model_id", "opened_on", "state", "priority", "difficulties"),
    *STATE_DAYS.values(),
    *ACTION_DAYS.values(),
    *("outcome", "changed_on"),
)


def export_rows(found: Sequence[FollowUp]) -> list[dict[str, Any]]:
    """One row per case, of all its versions. Days are YYYY-MM-DD, blank where there is none.

    difficulties: those found last, parted by blanks. helped_on: when agents said so; a scheme has a day of its own.
    """
    return [_row(one) for one in found]


def _row(one: FollowUp) -> dict[str, Any]:
    last, oldest_first = one.last, one.versions[::-1]
    return {
        "case": one.case.id,
        "siren": one.case.siren,
        "list_period": one.case.list_period,
        "model_id": one.case.model_id,
        "opened_on": one.case.at.date(),
        "state": last.state,
        "priority": last.priority,
        "difficulties": " ".join(last.difficulties),
        **{column: _reached(oldest_first, state, last) for state, column in STATE_DAYS.items()},
        **{column: last.actions.get(action, "") for action, column in ACTION_DAYS.items()},
        "outcome": last.outcome,
        "changed_on": last.at.date(),
    }


def _reached(oldest_first: Sequence[CaseVersion], state: str, last: CaseVersion) -> date | str:
    """The first day that stands for a state; of closing, the last one: whoever reopened it took the first one back.

    Two versions that follow each other in one state correct its day: the later one counts.
    """
    if state == CLOSED:
        return last.on if last.state == CLOSED else ""
    for version, following in zip(oldest_first, (*oldest_first[1:], None), strict=True):
        if version.state == state and (following is None or following.state != state):
            return version.on
    return ""


def as_csv(found: Sequence[FollowUp]) -> str:
    """The same as CSV."""
    return chains.as_csv(export_rows(found), EXPORT_COLUMNS)
