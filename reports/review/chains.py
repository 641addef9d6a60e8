"""What agents write is only ever added to: each entry of a chain follows the one that it corrects.

Whoever answers a page that is out of date is told so, and nothing of either answer is lost.
"""

import csv
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from reports.cells import csv_text
from reports.review.database import Base

LONGEST_NOTE: Final = 4000
OVERTAKEN: Final = (
    "Someone answered while you were writing. Read their answer below; yours is kept in the form: send it again."
)


class OvertakenError(Exception):
    """Someone answered since the page was read: nothing was written, nothing is lost."""


class RefusedAnswerError(Exception):
    """The answer is not one of those that the form offers."""


def check_last(last: int | None, follows: int) -> None:
    """Raise OvertakenError where the last entry of a chain is not the one that a new one follows."""
    if (last or 0) != follows:
        raise OvertakenError


def checked_note(note: str) -> str:
    """The note without blanks around it, its lines ended alike.

    Raises RefusedAnswerError where it is too long.
    """
    if len(note) > LONGEST_NOTE:
        raise RefusedAnswerError
    return note.replace("\r\n", "\n").strip()


def add(engine: sa.Engine, row: Base) -> None:
    """Write an entry.

    Raises OvertakenError where another one follows the same entry.
    """
    # The constraint on `follows` decides between two who pass the check above at once.
    try:
        with Transaction(engine) as db, db.begin():
            db.add(row)
    except IntegrityError:
        raise OvertakenError from None


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Answers as CSV; no text starts a formula, whatever separator a spreadsheet splits it at."""
    return csv_text(columns, ([row[name] for name in columns] for row in rows), quoting=csv.QUOTE_ALL)
