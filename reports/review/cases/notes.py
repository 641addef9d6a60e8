"""Notes on follow-ups: who may read each, and their corrections.

A text is open to whoever may read it and every correction of it: who narrows a note closes what it said before too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review import chains
from reports.review.access import Signatory, Visibility, may_read_note
from reports.review.chains import OvertakenError, RefusedAnswerError, checked_note
from reports.review.codes import VISIBILITIES
from reports.review.database import CaseNote


@dataclass(frozen=True)
class Note:
    """A note as it stands, and what it said before, newest first."""

    last: CaseNote
    earlier: Sequence[CaseNote] = ()


def notes_of(engine: sa.Engine, case_id: int, reader: Signatory | None = None) -> list[Note]:
    """The notes on a follow-up that an account may read, newest first; all of them without a reader."""
    with Transaction(engine, expire_on_commit=False) as db:
        rows = db.scalars(sa.select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id.desc())).all()
    by_number, corrected = {row.id: row for row in rows}, {row.corrects for row in rows}
    found = []
    for row in rows:
        if row.id in corrected or not _is_open(row, reader):
            continue
        earlier, before = [], row
        while before.corrects is not None and _is_open(by_number[before.corrects], reader):
            before = by_number[before.corrects]
            earlier.append(before)
        found.append(Note(row, earlier))
    return found


def _is_open(note: CaseNote, reader: Signatory | None) -> bool:
    return reader is None or may_read_note(note.visibility, Signatory(note.by, note.administration), reader)


def new_note(author: Signatory, visibility: str, text: str) -> CaseNote | None:
    """A note to write, None where nothing is said.

    Raises RefusedAnswerError on a visibility that the author was not offered, or a text that is too long.
    """
    told = checked_note(text)
    if visibility not in offered(author) or not told:
        if told:
            raise RefusedAnswerError
        return None
    return CaseNote(visibility=visibility, administration=author.administration, note=told, by=author.name)


def offered(author: Signatory) -> dict[str, str]:
    """For whom an account may write notes: with an administration where it has one."""
    return {
        code: told for code, told in VISIBILITIES.items() if author.administration or code != Visibility.ADMINISTRATION
    }


def correct(
    engine: sa.Engine, siren_cases: Sequence[int], number: int, author: Signatory, visibility: str, text: str
) -> None:
    """Put another text or visibility in the place of one's own note.

    siren_cases: the cases of the firm that the form is about.
    Raises OvertakenError where it is corrected already, RefusedAnswerError where it is not the author's, of another
    firm, or blank.
    """
    with Transaction(engine, expire_on_commit=False) as db:
        found = db.get(CaseNote, number)
        is_corrected = db.scalar(sa.select(CaseNote.id).where(CaseNote.corrects == number)) is not None
    if found is None or found.case_id not in siren_cases or found.by != author.name:
        raise RefusedAnswerError
    if is_corrected:
        raise OvertakenError
    note = new_note(author, visibility, text)
    if note is None:
        raise RefusedAnswerError
    note.case_id, note.corrects = found.case_id, number
    chains.add(engine, note)
