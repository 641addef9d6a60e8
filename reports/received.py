"""What a reading of the deliveries found, in sentences: what an operator should look at first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from features.errors import InputError
from features.periods import batch_month
from features.received import Failure, FileReport, Received, UnreadFile
from features.sources import SOURCES
from reports.dictionary import source_title
from reports.figures import share
from reports.language import Language, translations

Level = Literal["stop", "warning", "note"]
STOP: Final = "stop"
WARNING: Final = "warning"
NOTE: Final = "note"
LEVELS: Final[tuple[Level, ...]] = (STOP, WARNING, NOTE)
# A delivery with this share of records more, or fewer, than the one before is worth a look.
UNUSUAL: Final = 0.2

HOLDS = "Not read: no source has a file of this name. By its columns it holds {content}: rename it {name}."
NO_SOURCE = "Not read: no source has a file of this name. The nearest expected name is {name}."
STALE_ONE = "Not in the newest delivery: its data are {number} month older."
STALE = "Not in the newest delivery: its data are {number} months older."
MISSING = "Never delivered, so that the figures that need them are unknown: {sources}."
REJECTED = "Lines rejected: {count} of {lines} ({share})."
UNKNOWN = "Cells that could not be read, and are unknown: {count}."
UNDECIDED = "Records that may change a firm's state and can't be read with certainty, so that none is used: {count}."
UNLISTED = "Words that are in no vocabulary, and are not guessed: {words}."
CHANGED = "{change} records compared with the delivery of {month}: {count} now, {before} then."
WRONG_KEYS = "Firms whose SIREN has a wrong check digit: {count} of {firms}."
DUPLICATES = "Lines that say what another line of the file says: {count}."
REDECODED = "Lines that are not UTF-8, read as Windows-1252 or UTF-16: {count}."
CLEANED = "Lines with stray control characters, read as blanks: {count}."
ABSENT = "Optional columns that the file lacks: {columns}."
EMPTY = "Columns without any value: {columns}."

FIELDS: Final = re.compile(r"^(\d+) fields, (\d+) expected$")
NOT: Final = "not "


@dataclass(frozen=True)
class Remark:
    """Something to look at. subject: the source and the file, or blank where it concerns the whole delivery."""

    level: Level
    subject: str
    sentence: str


def remarks(received: Received, language: Language) -> list[Remark]:
    """All that is worth a look, what stops first; of each source in the order in which sources are read."""
    found = [*_on_delivery(received, language)]
    for report in received.files:
        about = subject(report, language)
        found += [Remark(level, about, sentence) for level, sentence in on_file(report, received, language)]
    return sorted(found, key=lambda remark: LEVELS.index(remark.level))


def notes_before_reading(received: Received, language: Language) -> list[Remark]:
    """What names and headers tell already: files that no source takes, and sources that are older than the others."""
    return [remark for remark in _on_delivery(received, language) if remark.level == WARNING]


def _on_delivery(received: Received, language: Language) -> Iterator[Remark]:
    for failure in received.failures:
        yield Remark(STOP, "", failure_sentence(failure, language))
    for unread in received.unread:
        yield Remark(WARNING, f"{unread.batch}/{unread.file}", unread_sentence(unread, language))
    for name, months in received.stale.items():
        yield Remark(WARNING, source_title(name, language), language.counted(months, STALE_ONE, STALE))
    if received.missing:
        sources = ", ".join(source_title(name, language) for name in received.missing)
        yield Remark(NOTE, "", language.say(MISSING, sources=sources))


def on_file(report: FileReport, received: Received, language: Language) -> Iterator[tuple[Level, str]]:
    """What is worth a look in a file, the gravest first."""
    say, number = language.say, language.number
    counts: tuple[tuple[Level, str, int], ...] = (
        (WARNING, UNDECIDED, sum(kind.records for kind in report.undecided)),
        (NOTE, UNKNOWN, report.unread_cells),
        (NOTE, DUPLICATES, report.duplicates),
        (NOTE, REDECODED, report.redecoded),
        (NOTE, CLEANED, report.cleaned),
    )
    if report.rejected:
        part = share(report.rejected / report.lines, language)
        yield WARNING, say(REJECTED, count=number(report.rejected), lines=number(report.lines), share=part)
    yield from ((level, say(message, count=number(count))) for level, message, count in counts if count)
    if report.unlisted:
        words = ", ".join(f"{word} ({number(times)})" for word, times in report.unlisted.items())
        yield WARNING, say(UNLISTED, words=words)
    if report.wrong_keys:
        yield NOTE, say(WRONG_KEYS, count=number(report.wrong_keys), firms=number(report.firms))
    if (change := change_of(report, received)) is not None and abs(change) >= UNUSUAL:
        yield WARNING, _change_sentence(report, received, change, language)
    if report.absent:
        yield NOTE, say(ABSENT, columns=", ".join(report.absent))
    if report.empty:
        yield NOTE, say(EMPTY, columns=", ".join(report.empty))


def kept_of(source: str, batch: str, received: Received) -> int:
    """The records of a source that one batch gave, in all its files."""
    return sum(report.kept for report in received.files if (report.source, report.batch) == (source, batch))


def change_of(report: FileReport, received: Received) -> float | None:
    """By which share a source's newest batch holds more records than the one before; None where there is none before.

    Told once: on the last file of the newest batch.
    """
    last = [other for other in received.files if other.source == report.source][-1]
    before = received.earlier.get(report.source)
    if report is not last or before is None or not before.kept:
        return None
    return kept_of(report.source, report.batch, received) / before.kept - 1


def _change_sentence(report: FileReport, received: Received, change: float, language: Language) -> str:
    before = received.earlier[report.source]
    return language.say(
        CHANGED,
        change=signed_share(change, language),
        month=language.month(batch_month(before.batch)),
        count=language.number(kept_of(report.source, report.batch, received)),
        before=language.number(before.kept),
    )


def signed_share(change: float, language: Language) -> str:
    """A change as a percentage with its sign."""
    return ("+" if change > 0 else "−" if change < 0 else "") + share(abs(change), language)


def unread_error(unread: UnreadFile) -> InputError:
    """Why a file was not read, and what to do."""
    if unread.holds:
        return InputError(HOLDS, content=unread.holds, name=unread.nearest)
    return InputError(NO_SOURCE, name=unread.nearest)


def unread_sentence(unread: UnreadFile, language: Language) -> str:
    """Why a file was not read, and what to do, in the language."""
    error = unread_error(unread)
    return failure_sentence(Failure(error.message, error.values), language)


def failure_sentence(failure: Failure, language: Language) -> str:
    """Why something was refused; in English where it is a message of another program."""
    if failure.message not in translations("fr"):
        return failure.sentence
    values = {name: _own_words(value, language) for name, value in failure.values.items()}
    return language.say(failure.message, **values)


def _own_words(value: str, language: Language) -> str:
    """The name of a source in the language; every other value as it is."""
    return next((str(getattr(s, language.code)) for s in SOURCES if value in (s.name, s.en)), value)


def reason_words(reason: str, language: Language) -> str:
    """Why a cell or a line could not be read."""
    if fields := FIELDS.match(reason):
        return language.say("{found} fields instead of {expected}", found=fields[1], expected=fields[2])
    if reason.startswith(NOT):
        return language.say("not {expected}", expected=language.say(reason.removeprefix(NOT)))
    return language.say(reason)


def subject(report: FileReport, language: Language) -> str:
    """A source and its file."""
    return f"{source_title(report.source, language)}, {report.batch}/{report.file}"


def example_words(text: str, language: Language) -> str:
    """The words of a record that can't be read with certainty; what we say ourselves of it, in the language."""
    if not text:
        return language.say("(no text)")
    return language.say(text) if text in translations("fr") else text
