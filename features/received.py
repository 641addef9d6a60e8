"""What a reading of the deliveries found: as the operator is told it, and as it is kept.

Each staged source has the reports of its files beside it; each reading has its own record, named after its newest
batch, from which later readings know what earlier deliveries held.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from features import store
from features.errors import InputError
from features.records import Upgrades, read_record

SIMULATED: Final = "_simulated"
REPORTS: Final = "ingest.json"
RECEIVED: Final = "received.json"
RECEIVED_UPGRADES: Upgrades = {}


@dataclass(frozen=True)
class Example:
    """A line, and the start of what stands there; None for a blank cell."""

    line: int
    value: str | None


@dataclass(frozen=True)
class Problem:
    """What could not be read in one column for one reason.

    column: the partner's header, None where the line can't be cut into cells. count: how many cells, or lines.
    rejects: whether the lines were rejected; else the cells are unknown. examples: the first of them.
    """

    column: str | None
    reason: str
    rejects: bool
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Undecided:
    """Records of one kind that may change a firm's state and can't be read with certainty: none of them is used.

    kind: for a legal notice, its nature. example: the words of one of them.
    """

    kind: str
    records: int
    firms: int
    example: str


@dataclass(frozen=True)
class UnreadFile:
    """A file or folder of a batch that no source takes, by its name.

    nearest: the expected name that is nearest. holds: the source that its header is of, "" where it is of none.
    """

    batch: str
    file: str
    nearest: str
    holds: str


@dataclass(frozen=True)
class FileReport:
    """What one file gave: lines read, records kept, lines rejected, cells left unknown, dates and firms covered.

    problems: the most frequent reasons for rejected lines and unknown cells. size: in bytes, as delivered.
    wrong_keys: firms whose number has a wrong check digit. unlisted: words that are in no vocabulary, how often each.
    redecoded: lines that were not UTF-8. cleaned: lines in which a stray control character was read as a blank.
    absent: optional columns that the file lacks. empty: columns that it has, without any value.
    duplicates: lines that say what an earlier line of the file says. read_with: a digest of the code and the settings
    by which it was read; staged_sha256: of the records that it gave. While both hold, a file of the same bytes is not
    read again.
    """

    source: str
    batch: str
    file: str
    sha256: str
    lines: int
    kept: int
    rejected: int
    unread_cells: int
    first: date | None
    last: date | None
    firms: int
    wrong_keys: int
    unlisted: Mapping[str, int]
    undecided: tuple[Undecided, ...] = ()
    redecoded: int = 0
    cleaned: int = 0
    absent: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    size: int = 0
    problems: tuple[Problem, ...] = ()
    duplicates: int = 0
    read_with: str = ""
    staged_sha256: str = ""


@dataclass(frozen=True)
class Delivery:
    """What a source's files of one batch gave: lines read and records kept."""

    batch: str
    lines: int
    kept: int


@dataclass(frozen=True)
class Failure:
    """Why something was refused: a sentence with {names} for its values."""

    message: str
    values: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """In English."""
        return self.message.format(**self.values) if self.values else self.message


@dataclass(frozen=True)
class Received:
    """What a reading of the deliveries gave.

    batch: the newest batch. files: what each file that was read gave. unread: what no source takes.
    stale: by how many months a source is older than the newest batch. missing: sources that were never delivered.
    earlier: by source, its delivery before the newest. failures: why files were refused, none where all is read.
    """

    batch: str
    files: tuple[FileReport, ...] = ()
    unread: tuple[UnreadFile, ...] = ()
    stale: Mapping[str, int] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    earlier: Mapping[str, Delivery] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    @property
    def is_simulated(self) -> bool:
        """Whether no firm in it is real."""
        return self.batch.endswith(SIMULATED)


class RefusedError(InputError):
    """Deliveries that were refused, wholly or in part; received: what can be told of them; report: its page."""

    def __init__(self, received: Received, report: Path | None = None) -> None:  # noqa: D107
        sentences = [failure.sentence for failure in received.failures]
        super().__init__("\n".join([*sentences, *([f"The report: {report}"] if report else [])]))
        self.received = received


def staged_names(reports: Sequence[FileReport]) -> list[str]:
    """The names of the files of staged records, of a source's reports in their order."""
    batches = [report.batch for report in reports]
    return [staged_name(batch, batches[:place].count(batch)) for place, batch in enumerate(batches)]


def staged_name(batch: str, number: int) -> str:
    """The name of the file of the records of the file at that place in a batch."""
    return f"{batch}-{number}.parquet"


def read_reports(staged: Path, source: str) -> list[FileReport]:
    """What the staged files of a source came from, [] where there are none.

    Raises InputError where that is damaged.
    """
    path = staged / source / REPORTS
    try:
        return TypeAdapter(list[FileReport]).validate_json(path.read_bytes()) if path.exists() else []
    except (OSError, ValueError):
        raise InputError(
            f"{source}: {path}, which tells what was read, is damaged. Move {path.parent} away, then read all "
            "deliveries again: weaksignals ingest RAW"
        ) from None


def write_reports(folder: Path, reports: Sequence[FileReport]) -> None:
    """Write them beside the staged files of a source."""
    store.write_bytes(folder / REPORTS, TypeAdapter(list[FileReport]).dump_json(list(reports), indent=1))


def earlier_deliveries(readings: Path, files: Sequence[FileReport]) -> dict[str, Delivery]:
    """By source, the delivery before its newest one among `files`: of these, and of those in the folder of readings."""
    known = known_deliveries(readings, files)
    newest = {source: max(report.batch for report in files if report.source == source) for source in _sources(files)}
    before = {source: max((b for s, b in known if s == source and b < newest[source]), default="") for source in newest}
    return {source: known[source, batch] for source, batch in before.items() if batch}


def known_deliveries(readings: Path, files: Sequence[FileReport]) -> dict[tuple[str, str], Delivery]:
    """By source and batch, the deliveries of `files`, and those in the folder of readings."""
    known: dict[tuple[str, str], Delivery] = {}
    for path in sorted(readings.glob(f"*/{RECEIVED}")):
        # A record that can't be read says nothing; what it told of is in the next one again.
        with suppress(InputError):
            known |= _deliveries(read_received(path).files)
    return known | _deliveries(files)


def _sources(files: Sequence[FileReport]) -> list[str]:
    return list(dict.fromkeys(report.source for report in files))


def _deliveries(files: Sequence[FileReport]) -> dict[tuple[str, str], Delivery]:
    found: dict[tuple[str, str], Delivery] = {}
    for report in files:
        key = (report.source, report.batch)
        former = found.get(key, Delivery(report.batch, 0, 0))
        found[key] = Delivery(report.batch, former.lines + report.lines, former.kept + report.kept)
    return found


def read_received(path: Path) -> Received:
    """The record of a reading.

    Raises InputError where it can't be read.
    """
    return read_record(path, Received, RECEIVED_UPGRADES, "Read the deliveries again: weaksignals ingest RAW")
