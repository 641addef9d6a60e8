"""The record of a run, as it is kept: counts and our own words, nothing that a partner wrote of a firm."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Literal

from features.errors import InputError
from features.folder import DataFolder
from features.records import Upgrades, read_record
from models.monitoring.records import STOP, WARNING, Finding, Level, Moves, Values

RUN: Final = "run.json"
RUN_UPGRADES: Final[Upgrades] = {}
Outcome = Literal["done", "refused", "failed", "stopped", "unfinished", "killed"]
DONE: Final[Outcome] = "done"
REFUSED: Final[Outcome] = "refused"
FAILED: Final[Outcome] = "failed"
STOPPED: Final[Outcome] = "stopped"
UNFINISHED: Final[Outcome] = "unfinished"
KILLED: Final[Outcome] = "killed"


@dataclass(frozen=True)
class Decision:
    """Something that a run decided by itself, with its reason.

    message: in English, with the names of its values in braces, as in a finding of monitoring.
    """

    message: str
    values: Values


@dataclass(frozen=True)
class Stage:
    """A part of a run. seconds, cpu_seconds: what it took; peak_mb: the most memory in use; all None until it ends."""

    name: str
    started_at: datetime
    seconds: float | None = None
    cpu_seconds: float | None = None
    peak_mb: int | None = None


@dataclass(frozen=True)
class SourceRead:
    """What is in use of a source.

    batch: its newest one; of it, files, lines, rejected lines, unread_cells, undecided records, and first and last: the
    dates of its records. months_late: how much older than the newest delivery it is. deliveries: records by batch, of
    all batches that are known.
    """

    source: str
    batch: str
    files: int
    lines: int
    rejected: int
    unread_cells: int
    undecided: int
    first: date | None
    last: date | None
    months_late: int
    deliveries: Mapping[str, int]


@dataclass(frozen=True)
class TableCheck:
    """What tables of a build tell of each other, as in `features.checked`; level: None where it is as it should be."""

    check: str
    source: str
    value: float
    month: date | None
    level: Level | None


@dataclass(frozen=True)
class Drifted:
    """How far a feature is from training: population stability index, and what chance alone may reach."""

    feature: str
    psi: float
    by_chance: float


@dataclass(frozen=True)
class RunRecord:
    """What a run read, decided and published: the content of `run.json`.

    flow: the one that ran. program: its version. process, machine: where it ran. outcome: done, refused (for a
    reason that people must look at), failed (disk, memory, a program), stopped (on request), unfinished (at work,
    or ended without a word), killed (as the next run found). sentence: what was told of a run that is not done.
    batch: the newest delivery. unread: files that no source takes. missing: sources that were never delivered.
    causes: why it is not done, where that can be said in both languages. checks: of a model that was trained, and
    whether each is passed. tables: what the tables of the build tell of each other. findings: of the monitoring.
    drifted: the features that are farthest from training. score_psi: how far the scores are. alerts: firms by
    level. moves: since the last list. links: what was made, by name, as a path in the data folder. told: what
    became of notifications.
    """

    run_id: str
    flow: str
    started_at: datetime
    program: str
    process: int
    machine: str
    outcome: Outcome = UNFINISHED
    sentence: str = ""
    ended_at: datetime | None = None
    batch: str = ""
    is_simulated: bool = False
    period: date | None = None
    sources: tuple[SourceRead, ...] = ()
    unread: int = 0
    missing: tuple[str, ...] = ()
    causes: tuple[Decision, ...] = ()
    decisions: tuple[Decision, ...] = ()
    checks: Mapping[str, bool] = field(default_factory=dict)
    tables: tuple[TableCheck, ...] = ()
    findings: tuple[Finding, ...] = ()
    drifted: tuple[Drifted, ...] = ()
    score_psi: float | None = None
    alerts: Mapping[str, int] = field(default_factory=dict)
    moves: Moves | None = None
    stages: tuple[Stage, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    told: tuple[str, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long it took, None of a run whose end is not known."""
        return None if self.ended_at is None else (self.ended_at - self.started_at).total_seconds()

    @property
    def stops(self) -> int:
        """How many findings stop the list."""
        return sum(finding.level == STOP for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings are worth a look."""
        return sum(finding.level == WARNING for finding in self.findings)


def read_run(folder: Path) -> RunRecord:
    """The record of a run.

    Raises InputError where it can't be read.
    """
    return read_record(folder / RUN, RunRecord, RUN_UPGRADES, "Nothing else needs it: move its folder away.")


def runs(folder: DataFolder) -> tuple[list[RunRecord], list[str]]:
    """Every run that can be read, the last one first; and a sentence on each that can't."""
    found, damaged = [], []
    for path in folder.runs.glob(f"*/{RUN}"):
        try:
            found.append(read_run(path.parent))
        except InputError as error:
            damaged.append(str(error))
    return sorted(found, key=lambda record: record.started_at, reverse=True), damaged
