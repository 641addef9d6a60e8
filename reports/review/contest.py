"""What the system holds and said of one firm, for the answer that the law asks for. That it was asked is logged."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.language import Language
from reports.review import audit
from reports.review.access import Kind, Right, Role
from reports.review.accounts import operator
from reports.review.audit import ADMITTED
from reports.review.cases.notes import Note, notes_of
from reports.review.cases.records import FollowUp, follow_ups_of
from reports.review.cases.wording import told as told_field
from reports.review.data import Reader
from reports.review.database import AuditEntry, Case, CaseNote, CaseVersion, Verdict, asks_for, page_of
from reports.review.exports import Export, firm_document
from reports.review.firm import explain, read_firm
from reports.review.wording import known
from reports.review.words import Words
from reports.review.wrong_data import Report, reports_of

ACTION: Final = "contest"
# Of a follow-up, beside its state and day; who is in charge is not told to a firm.
TOLD: Final = ("difficulties", "actions", "contacts", "next_on", "next_step", "summary", "outcome")
# Whoever answers for the system sees all that it holds.
_ALL: Final = Right(Role.ADMINISTRATOR, None, frozenset(Kind))


@dataclass(frozen=True)
class Consulted:
    """How often pages on the firm were opened, by how many accounts, and between which instants."""

    times: int
    accounts: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Held:
    """lists: newest first, each as the firm's file (`firm_document`) with its month, model, alert and figures.

    figures: label -> value in words, of those that are known. asked_before: when the same was asked.
    follow_ups: oldest first, each with all its notes, whoever may read them.
    """

    siren: str
    lists: list[dict[str, Any]]
    verdicts: Sequence[Verdict]
    follow_ups: Sequence[tuple[FollowUp, Sequence[Note]]]
    wrong_data: Sequence[Report]
    consulted: Consulted
    asked_before: Sequence[datetime]


def held(reader: Reader, engine: sa.Engine, siren: str, language: Language) -> Held:
    """All that is there of the firm; writes down that it was asked."""
    with Transaction(engine, expire_on_commit=False) as db:
        found = Held(
            siren,
            list(_said_on_lists(reader, siren, language)),
            db.scalars(sa.select(Verdict).where(Verdict.siren == siren).order_by(Verdict.id)).all(),
            [(one, notes_of(engine, one.case.id)) for one in reversed(follow_ups_of(engine, siren))],
            reports_of(engine, siren),
            _consulted(db, siren),
            db.scalars(_asked(siren)).all(),
        )
    path = page_of(siren)
    audit.write(engine, AuditEntry(by=operator(), address="", action=ACTION, path=path, outcome="done"))
    return found


def _said_on_lists(reader: Reader, siren: str, language: Language) -> Iterator[dict[str, Any]]:
    words = Words(language)
    for key in reader.keys():  # noqa: SIM118 - no dictionary
        published = reader.published(key)
        firm = read_firm(reader, published, siren, _ALL)
        if firm is None:
            continue
        explained = explain(reader, published, firm, _ALL, language)
        document = firm_document(Export(published, _ALL, words, [], [firm]), explained)
        figures = {words.label(n): words.value(n, v) for n, v in explained.values.items() if known(v) is not None}
        said = {"model_id": published.model_id, "alert": firm["alert"], "risk": firm["probability"]}
        yield {**document, **said, "figures": figures}


def _consulted(db: Transaction, siren: str) -> Consulted:
    entry = AuditEntry
    counted = (sa.func.count(), sa.func.count(entry.by.distinct()), sa.func.min(entry.at), sa.func.max(entry.at))
    return Consulted(*db.execute(sa.select(*counted).where(asks_for(siren), entry.outcome == ADMITTED)).one())


def _asked(siren: str) -> sa.Select[datetime]:
    same = (AuditEntry.action == ACTION, AuditEntry.path == page_of(siren))
    return sa.select(AuditEntry.at).where(*same).order_by(AuditEntry.id)


def told(found: Held, language: Language) -> Iterator[str]:
    """The same in sentences, line by line."""
    words = Words(language)
    name = found.lists[0]["firm"]["name"] if found.lists else ""
    yield words.say("What the system holds and said of the firm {siren} {name}", siren=found.siren, name=name).rstrip()
    if not found.lists:
        yield words.say("No published list names it.")
    for said in found.lists:
        yield from _told_of_list(said, words)
    if found.lists:
        yield words.say("Its figures, as of the list of {month}:", month=words.month(found.lists[0]["list"]))
        for label, value in found.lists[0]["figures"].items():
            yield "  " + words.say("{label}: {value}", label=label, value=value)
    yield from _told_answers(found, words)
    yield from _told_consultations(found, words)


def _told_of_list(said: dict[str, Any], words: Words) -> Iterator[str]:
    month, level, risk = words.month(said["list"]), words.level(said["alert"]), words.percent(said["risk"])
    yield words.say("List of {month}: {level}, risk {risk}, by the model {model}.", month=month, level=level, risk=risk,
                    model=said["model_id"])  # fmt: skip
    yield from (f"  - {reason['sentence']}" for reason in said["reasons"])
    yield from (f"  {said[name]}" for name in ("movement", "counterfactual") if said.get(name))


def _told_answers(found: Held, words: Words) -> Iterator[str]:
    """What agents wrote; who they are is not told to a firm."""
    if found.verdicts or found.follow_ups or found.wrong_data:
        yield words.say("What agents wrote:")
    for verdict in found.verdicts:
        useful = words.say("useful alert" if verdict.is_useful else "alert of no use")
        yield _line(words.day(verdict.at), useful, words.verdict_reason(verdict.reason), verdict.note)
    for follow_up, notes in found.follow_ups:
        yield from _told_follow_up(follow_up, notes, words)
    for report in found.wrong_data:
        yield _line(words.day(report.at), words.say("reported as wrong: {what}", what=words.field(report.field)),
                    report.note, words.report_state(report.state), report.answer)  # fmt: skip


def _told_follow_up(found: FollowUp, notes: Sequence[Note], words: Words) -> Iterator[str]:
    for version in reversed(found.versions):
        said = (told_field(name, getattr(version, name), words) for name in TOLD)
        yield _line(words.day(version.on), words.follow_state(version.state), *said)
    for note in reversed(notes):
        yield from (_line(words.day(one.at), one.note) for one in (*reversed(note.earlier), note.last))


def _line(*parts: str | None) -> str:
    return "  " + "; ".join(part.replace("\n", " ") for part in parts if part)


def _told_consultations(found: Held, words: Words) -> Iterator[str]:
    seen = found.consulted
    if seen.times:
        counts = {"times": words.number(seen.times), "accounts": words.number(seen.accounts)}
        days = {"first": words.day(seen.first), "last": words.day(seen.last)}
        yield words.say("Pages opened on it, from {first} to {last}: {times} (accounts: {accounts}).", **counts, **days)
    for at in found.asked_before:
        yield words.say("The same was asked on {day}.", day=words.day(at))


def as_document(found: Held) -> dict[str, Any]:
    """The same for other programs."""
    answers = {
        "verdicts": [_columns(row) for row in found.verdicts],
        "follow_ups": [_case(*one) for one in found.follow_ups],
        "wrong_data": [asdict(report) for report in found.wrong_data],
    }
    told = {"siren": found.siren, "lists": found.lists, **answers}
    return {**told, "consulted": asdict(found.consulted), "asked_before": list(found.asked_before)}


def _case(found: FollowUp, notes: Sequence[Note]) -> dict[str, Any]:
    said = [_columns(one) for note in reversed(notes) for one in (*reversed(note.earlier), note.last)]
    return {**_columns(found.case), "versions": [_columns(one) for one in reversed(found.versions)], "notes": said}


def _columns(row: Verdict | Case | CaseVersion | CaseNote) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}
