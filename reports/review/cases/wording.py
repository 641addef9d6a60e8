"""What a follow-up says, in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from reports.review.cases.records import FollowUp, said_of
from reports.review.codes import ACTIONS, CODED, FIELD
from reports.review.database import CaseVersion
from reports.review.words import Words


@dataclass(frozen=True)
class Change:
    """A version, and what it changed: the titles of the fields with their new values."""

    version: CaseVersion
    fields: list[tuple[str, str]]


def title_of(name: str, words: Words) -> str:
    """What a field is called."""
    return FIELD[name].title.told(words.language)


def told(name: str, value: Any, words: Words) -> str:
    """The value of a field in words; blank where nothing is said."""
    if not value:
        return ""
    if name == "actions":
        return ", ".join(
            f"{words.say(ACTIONS[code])} ({words.day(date.fromisoformat(on))})" for code, on in value.items()
        )
    if isinstance(value, date):
        return words.day(value)
    if name in CODED:
        return ", ".join(words.say(CODED[name][code]) for code in ([value] if isinstance(value, str) else value))
    return ", ".join(value) if isinstance(value, list) else str(value)


def said(version: CaseVersion, words: Words) -> list[tuple[str, str]]:
    """What a version says: the titles of its fields with their values, but for those that say nothing."""
    found = ((title_of(name, words), told(name, value, words)) for name, value in said_of(version).items())
    return [(title, value) for title, value in found if value]


def changes(follow_up: FollowUp, words: Words) -> Iterator[Change]:
    """The versions, newest first, each with what it changed; the first one with all that it said."""
    for version, before in zip(follow_up.versions, (*follow_up.versions[1:], None), strict=True):
        former = said_of(before) if before is not None else {}
        changed = {name: value for name, value in said_of(version).items() if former.get(name) != value}
        yield Change(
            version,
            [
                (title_of(name, words), told(name, value, words))
                for name, value in changed.items()
                if value or before is not None
            ],
        )
