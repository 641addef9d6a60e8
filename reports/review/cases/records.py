"""Follow-ups as they are kept: a case per follow-up, a version each time that something changed. Nothing is changed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from reports.review.chains import OvertakenError, RefusedAnswerError, check_last
from reports.review.codes import CLOSED, FIELD, NORMAL, SOON
from reports.review.data import PublishedList
from reports.review.database import Case, CaseNote, CaseVersion

# Numbers that a query may hold.
AT_ONCE: Final = 5000


@dataclass(frozen=True)
class Content:
    """What a version says; see `CaseVersion`, and `codes` for the codes."""

    state: str
    on: date
    priority: str = NORMAL
    in_charge: str = ""
    participants: Sequence[str] = ()
    difficulties: Sequence[str] = ()
    actions: Mapping[str, str] = field(default_factory=dict)
    contacts: str = ""
    next_on: date | None = None
    next_step: str = ""
    summary: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class FollowUp:
    """A case with its versions, newest first; of those that were read (`standing` reads the newest alone)."""

    case: Case
    versions: Sequence[CaseVersion]

    @property
    def last(self) -> CaseVersion:
        """What holds today."""
        return self.versions[0]

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.last.state != CLOSED

    def is_late(self, today: date) -> bool:
        """Whether the day of the next step is past."""
        return is_late(self.last.next_on, today)

    def is_soon(self, today: date) -> bool:
        """Whether the next step is due within a week, today included; not one that is late."""
        return is_soon(self.last.next_on, today)


def is_late(next_on: date | None, today: date) -> bool:
    """Whether the day of a next step is past."""
    return next_on is not None and next_on < today


def is_soon(next_on: date | None, today: date) -> bool:
    """Whether a next step is due within a week, today included; not one that is late."""
    return next_on is not None and today <= next_on <= today + SOON


def follow_ups_of(engine: sa.Engine, siren: str) -> list[FollowUp]:
    """The follow-ups of a firm, newest first, with all their versions."""
    with Transaction(engine, expire_on_commit=False) as db:
        cases = db.scalars(sa.select(Case).where(Case.siren == siren).order_by(Case.id.desc())).all()
        numbers = [case.id for case in cases]
        query = sa.select(CaseVersion).where(CaseVersion.case_id.in_(numbers)).order_by(CaseVersion.id.desc())
        versions: defaultdict[int, list[CaseVersion]] = defaultdict(list)
        for version in db.scalars(query):
            versions[version.case_id].append(version)
    return [FollowUp(case, versions[case.id]) for case in cases]


def standing(engine: sa.Engine, versions: Sequence[int]) -> dict[int, FollowUp]:
    """The follow-ups of which these are the newest versions, each with that one alone, by the number of the case."""
    found: dict[int, FollowUp] = {}
    with Transaction(engine, expire_on_commit=False) as db:
        for start in range(0, len(versions), AT_ONCE):
            numbers = versions[start : start + AT_ONCE]
            query = sa.select(Case, CaseVersion).join(CaseVersion, CaseVersion.case_id == Case.id)
            rows = db.execute(query.where(CaseVersion.id.in_(numbers)))
            found |= {case.id: FollowUp(case, [version]) for case, version in rows}
    return found


def all_versions(engine: sa.Engine) -> list[FollowUp]:
    """Every follow-up with all its versions, by firm."""
    found: dict[int, tuple[Case, list[CaseVersion]]] = {}
    query = (
        sa.select(Case, CaseVersion)
        .join(CaseVersion, CaseVersion.case_id == Case.id)
        .order_by(Case.siren, Case.id, CaseVersion.id.desc())
    )
    with Transaction(engine, expire_on_commit=False) as db:
        for case, version in db.execute(query):
            found.setdefault(case.id, (case, []))[1].append(version)
    return [FollowUp(case, versions) for case, versions in found.values()]


def save(
    engine: sa.Engine,
    siren: str,
    published: PublishedList,
    by: str,
    follows: int,
    content: Content,
    note: CaseNote | None = None,
) -> int:
    """Say where a follow-up stands, after its version `follows`; 0 opens one. Returns the number of the case.

    note: written with it, its case yet blank. What is not changed makes no version.
    Raises OvertakenError where someone did so meanwhile, RefusedAnswerError on a version of another firm, or to go on
    with a follow-up after which another was opened.
    """
    try:
        with Transaction(engine) as db, db.begin():
            case, last = _chain(db, siren, published, by, follows, content)
            if last is None or not _says(last, content):
                db.add(CaseVersion(case_id=case.id, by=by, follows=follows, **_stored(content)))
            if note is not None:
                note.case_id = case.id
                db.add(note)
            return case.id
    except IntegrityError:
        raise OvertakenError from None


def _chain(
    db: Transaction, siren: str, published: PublishedList, by: str, follows: int, content: Content
) -> tuple[Case, CaseVersion | None]:
    """The case that is written to, and its last version."""
    newest = db.scalar(sa.select(Case).where(Case.siren == siren).order_by(Case.id.desc()).limit(1))
    if not follows:
        if newest is not None and _last(db, newest).state != CLOSED:
            raise OvertakenError
        case = Case(siren=siren, list_period=published.key, model_id=published.model_id, by=by)
        case.follows = newest.id if newest else 0
        db.add(case)
        db.flush()
        return case, None
    version = db.get(CaseVersion, follows)
    found = db.get(Case, version.case_id) if version else None
    if found is None or newest is None or found.siren != siren:
        raise RefusedAnswerError
    if found.id != newest.id and content.state != CLOSED:
        raise RefusedAnswerError
    last = _last(db, found)
    check_last(last.id, follows)
    return found, last


def _last(db: Transaction, case: Case) -> CaseVersion:
    query = sa.select(CaseVersion).where(CaseVersion.case_id == case.id).order_by(CaseVersion.id.desc()).limit(1)
    return db.scalars(query).one()


def _says(version: CaseVersion, content: Content) -> bool:
    return said_of(version) == _stored(content)


def _stored(content: Content) -> dict[str, Any]:
    told = asdict(content)
    lists = {name: list(told[name]) for name in ("participants", "difficulties")}
    return {**told, **lists, "actions": dict(content.actions)}


# The columns of a version that agents fill.
SAID: Final = tuple(FIELD)


def said_of(version: CaseVersion) -> dict[str, Any]:
    """What a version says, by field."""
    return {name: getattr(version, name) for name in SAID}
