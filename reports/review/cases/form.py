"""What the form of a follow-up holds: read, checked, and shown again as it was typed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from starlette.datastructures import FormData

from features.periods import add_months
from reports.review.cases.records import Content
from reports.review.chains import RefusedAnswerError
from reports.review.codes import ACTIONS, CLOSED, DIFFICULTIES, NORMAL, OUTCOMES, PRIORITIES, STATES
from reports.review.database import CaseVersion

# A follow-up tells of a visit, or plans one.
YEARS_BACK, YEARS_AHEAD = 10, 2
LONGEST: Final = {"contacts": 1000, "next_step": 200, "summary": 2000}
WRONG_DAY: Final = (
    "This date can't be right: a follow-up is at most ten years old, or planned within two years. Correct it."
)
NO_OUTCOME: Final = "To close the follow-up, say what became of the firm: choose an outcome."
NO_ACCESS: Final = "Someone whom you named can't see this firm any more. Choose somebody else."


class UnfinishedError(RefusedAnswerError):
    """Something that the user can mend in the form."""

    def __init__(self, message: str) -> None:
        """message: what to do."""
        super().__init__(message)
        self.message = message


class Days(NamedTuple):
    """The first and the last day that a follow-up may have."""

    first: date
    last: date


def days_of_follow_up(today: date) -> Days:
    """The days that a follow-up written today may have."""
    month = today.replace(day=1)
    return Days(add_months(month, -12 * YEARS_BACK), add_months(month, 12 * YEARS_AHEAD))


@dataclass(frozen=True)
class Typed:
    """The fields of the form as texts. actions: code -> day; both it and the lists as they were ticked."""

    texts: Mapping[str, str]
    participants: Collection[str] = ()
    difficulties: Collection[str] = ()
    actions: Mapping[str, str] | None = None

    def text(self, name: str) -> str:
        """A field, blank where nothing was typed."""
        return self.texts.get(name, "")

    def action(self, code: str) -> str:
        """The day of an action, blank where there is none."""
        return (self.actions or {}).get(code, "")


TEXTS: Final = (
    *("state", "on", "priority", "in_charge", "contacts", "next_on", "next_step", "summary", "outcome"),
    *("note", "visibility"),
)


def typed_in(form: FormData) -> Typed:
    """What was typed."""

    def several(name: str) -> list[str]:
        return [value for value in form.getlist(name) if isinstance(value, str)]

    def one(name: str) -> str:
        return "".join(several(name)[-1:])

    actions = {code: one(f"action_{code}") for code in ACTIONS}
    texts = {name: one(name) for name in TEXTS}
    return Typed(texts, several("participants"), several("difficulties"), actions)


def typed_of(version: CaseVersion | None, today: date) -> Typed:
    """The form as a follow-up stands: agents change what is to be changed. None: as one is opened."""
    if version is None:
        return Typed({"state": next(iter(STATES)), "on": f"{today}", "priority": NORMAL})
    texts = {name: "" if (value := getattr(version, name, "")) is None else str(value) for name in TEXTS}
    return Typed(texts, version.participants, version.difficulties, version.actions)


def content_of(typed: Typed, people: Collection[str], days: Days) -> Content:
    """What a version is to say.

    people: the accounts that may be named.
    Raises UnfinishedError, with what to do; RefusedAnswerError on what no form offers.
    """
    state, priority = typed.text("state"), typed.text("priority") or NORMAL
    outcome = typed.text("outcome") if state == CLOSED else ""
    is_offered = state in STATES and priority in PRIORITIES and set(typed.difficulties) <= set(DIFFICULTIES)
    is_short = all(len(typed.text(name)) <= longest for name, longest in LONGEST.items())
    if not (is_offered and is_short and outcome in {"", *OUTCOMES}):
        raise RefusedAnswerError
    on = _day(typed.text("on"), days)
    if on is None:
        raise UnfinishedError(WRONG_DAY)
    if state == CLOSED and not outcome:
        raise UnfinishedError(NO_OUTCOME)
    return Content(
        state=state,
        on=on,
        priority=priority,
        difficulties=[code for code in DIFFICULTIES if code in typed.difficulties],
        actions={code: f"{day}" for code in ACTIONS if (day := _day(typed.action(code), days))},
        contacts=_text(typed, "contacts"),
        summary=_text(typed, "summary"),
        outcome=outcome,
        **_people(typed, people),
        **(_next(typed, days) if state != CLOSED else {}),
    )


def _people(typed: Typed, people: Collection[str]) -> dict[str, Any]:
    """Who is in charge does not take part as well."""
    in_charge = typed.text("in_charge")
    participants = sorted(set(typed.participants) - {in_charge})
    if not {in_charge, *participants} <= {"", *people}:
        raise UnfinishedError(NO_ACCESS)
    return {"in_charge": in_charge, "participants": participants}


def _next(typed: Typed, days: Days) -> dict[str, Any]:
    return {"next_on": _day(typed.text("next_on"), days), "next_step": " ".join(_text(typed, "next_step").split())}


def _day(text: str, days: Days) -> date | None:
    """A day; None where nothing is typed.

    Raises UnfinishedError where it can't be meant.
    """
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UnfinishedError(WRONG_DAY) from None
    if not days.first <= day <= days.last:
        raise UnfinishedError(WRONG_DAY)
    return day


def _text(typed: Typed, name: str) -> str:
    return typed.text(name).replace("\r\n", "\n").strip()
