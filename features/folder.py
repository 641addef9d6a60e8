"""The data folder as it is read: where each thing stands, and which version of it, resolved once.

`store` writes; this reads. What is published is a symbolic link that a later run may replace at any moment: whoever
takes a `Snapshot` follows every link once, and so never mixes two builds, two scorings or two lists.
"""

import glob
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from features.errors import InputError
from features.periods import month_in
from features.records import read_record
from features.table_record import BUILD_UPGRADES, PERIOD_UPGRADES, BuildRecord, PeriodRecord

PERIOD: Final = "period="
PARTS: Final = "*.parquet"
BUILD: Final = "build.json"
# In the folder of each period; readers of Parquet folders pass over names that start so.
MADE_OF: Final = "_made_of.json"
# One file each beside the periods: the register's facts, the true openings, the labels that are made of them, and the
# events of procedures with the days on which each was known and withdrawn.
FIRMS, OPENINGS, PROCEDURES = "firms.parquet", "openings.parquet", "procedures.parquet"
LABELS: Final = "labels.parquet"
UNDECIDED = "undecided.parquet"
SCORES, CONTRIBUTIONS = "scores.parquet", "contributions.parquet"
TARGET_LIST: Final = "target_list.parquet"
CHAMPION: Final = "champion"


def all_parts(folder: Path, below: str = "") -> Path:
    """The pattern of the Parquet files in a folder, whose own name may hold signs that patterns use: a bracket, a star.

    below: the pattern of the sub-folders that hold them, where they do.
    """
    return Path(glob.escape(str(folder)), below, PARTS)


@dataclass(frozen=True)
class FeatureTable:
    """One version of the feature table. folder: the version itself, never the link to the newest one.

    reader: the connection that reads its rows to train on, see `engine.connect`; None for DuckDB in this process.
    """

    folder: Path
    # Of Ibis, which settings, and so this module, do not load.
    reader: Any = field(default=None, compare=False)

    @cached_property
    def record(self) -> BuildRecord:
        """What it was made of.

        Raises InputError where that can't be read.
        """
        return read_record(
            self.folder / BUILD, BuildRecord, BUILD_UPGRADES, "Build it again: weaksignals build --rebuild"
        )

    @cached_property
    def periods(self) -> tuple[date, ...]:
        """The periods that were built, in order."""
        return tuple(_periods(self.folder))

    def part(self, period: date) -> Path:
        """The folder of a period."""
        return self.folder / f"{PERIOD}{period}"

    def made_of(self, period: date) -> PeriodRecord | None:
        """What the rows of a period were made of; None where an older version built them, which did not tell.

        Raises InputError where that can't be read.
        """
        path = self.part(period) / MADE_OF
        month = f"{period:%Y-%m}"
        remedy = f"Build that period again: weaksignals build --start {month} --end {month} --rebuild"
        return read_record(path, PeriodRecord, PERIOD_UPGRADES, remedy) if path.exists() else None

    def record_at(self, period: date) -> BuildRecord:
        """The record of the table, with the files that the rows of that period were made of."""
        made = self.made_of(period)
        if made is None:
            return self.record
        return replace(self.record, batch=made.batch, files=made.files, fingerprint=made.fingerprint)

    def files(self, period: date) -> Path:
        """The pattern of a period's files."""
        return all_parts(self.part(period))

    def parts(self, periods: Iterable[date]) -> list[Path]:
        """The patterns of the files of those periods.

        Raises InputError where one was not built.
        """
        periods = list(periods)
        for period in periods:
            if period not in self.periods:
                raise InputError(
                    f"The period {period:%Y-%m} is not in the feature table. Build it with: weaksignals build --end"
                )
        return [self.files(period) for period in periods]

    @property
    def firms(self) -> Path:
        """The register's facts of each firm, one row per firm."""
        return self.folder / FIRMS

    @property
    def openings(self) -> Path:
        """The true openings of procedures: for labels and evaluation only."""
        return self.folder / OPENINGS

    @property
    def labels(self) -> Path:
        """What became of the firms that had a procedure, by month: see `features.target`. For training only."""
        return self.folder / LABELS

    @property
    def procedures(self) -> Path:
        """The events of procedures, with the days on which each was known and withdrawn."""
        return self.folder / PROCEDURES

    @property
    def undecided(self) -> Path:
        """The notices that may change a firm's state and can't be read with certainty."""
        return self.folder / UNDECIDED


@dataclass(frozen=True)
class Snapshot:
    """The versions that were published when it was taken.

    table: None where nothing was built. lists: the Parquet file of each list; scores: the folder of each scored period;
    both by period, oldest first. champion_id: the model in use, None where there is none.
    """

    table: FeatureTable | None
    lists: Mapping[date, Path]
    scores: Mapping[date, Path]
    champion_id: str | None

    @property
    def built(self) -> FeatureTable:
        """The feature table.

        Raises InputError where nothing was built.
        """
        if self.table is None:
            raise InputError("There is no feature table in the data folder. Run first: weaksignals build")
        return self.table

    def lists_before(self, period: date) -> dict[date, Path]:
        """The lists of earlier periods, oldest first."""
        return {past: path for past, path in self.lists.items() if past < period}

    def list_of(self, period: date) -> Path:
        """The Parquet file of a period's list.

        Raises InputError where it is not published.
        """
        if period not in self.lists:
            raise InputError(f"No list of {period:%Y-%m} is published. Run: weaksignals score --period {period:%Y-%m}")
        return self.lists[period]

    def scores_of(self, period: date) -> Path:
        """The folder with a period's scores and contributions.

        Raises InputError where it was not scored.
        """
        if period not in self.scores:
            raise InputError(f"{period:%Y-%m} was not scored. Run: weaksignals score --period {period:%Y-%m}")
        return self.scores[period]


@dataclass(frozen=True)
class DataFolder:
    """Where everything stands in a data folder."""

    root: Path

    @property
    def staged(self) -> Path:
        """Typed, dated records, one folder per source."""
        return self.root / "staged"

    @property
    def rejects(self) -> Path:
        """What could not be read, and why."""
        return self.root / "rejects"

    @property
    def features(self) -> Path:
        """The feature table, one folder per period."""
        return self.root / "features"

    @property
    def models(self) -> Path:
        """The registered models, and which is champion."""
        return self.root / "models"

    @property
    def scores(self) -> Path:
        """Scores and contributions, one folder per period."""
        return self.root / "scores"

    @property
    def lists(self) -> Path:
        """The published lists, one folder per period."""
        return self.root / "lists"

    @property
    def received(self) -> Path:
        """What was read of the deliveries, one folder per newest batch."""
        return self.root / "received"

    @property
    def monitoring(self) -> Path:
        """Monitoring pages, one folder per period."""
        return self.root / "monitoring"

    @property
    def runs(self) -> Path:
        """What each run read, decided and published, one folder per run."""
        return self.root / "runs"

    @property
    def review(self) -> Path:
        """Accounts, answers and audit of the review application, where they are in SQLite."""
        return self.root / "review"

    @property
    def quarantine(self) -> Path:
        """Files that partners dropped and that were refused, each with the reason beside it."""
        return self.root / "quarantine"

    @property
    def inbox(self) -> Path:
        """What the inbox remembers: the files for which it last started a run."""
        return self.root / "inbox.json"

    @property
    def verdicts(self) -> Path:
        """What agents answered, exported from the review application."""
        return self.root / "verdicts.csv"

    @property
    def follow_ups(self) -> Path:
        """What agents did about firms, exported from the review application."""
        return self.root / "follow_ups.csv"

    @property
    def scratch(self) -> Path:
        """Working files of the run at hand; swept by the next."""
        return self.root / "scratch"

    def scores_of(self, period: date) -> Path:
        """Where the scores of a period are published."""
        return self.scores / f"{PERIOD}{period}"

    def list_of(self, period: date) -> Path:
        """Where the list of a period is published."""
        return self.lists / f"{period:%Y-%m}"

    def received_of(self, batch: str, is_refused: bool = False) -> Path:
        """Where the report of a reading stands; is_refused: of deliveries of which nothing was read."""
        return self.received / (f"{batch}-refused" if is_refused else batch)

    def monitoring_of(self, period: date) -> Path:
        """Where the monitoring page of a period is published."""
        return self.monitoring / f"{period:%Y-%m}"

    def staged_files(self, source: str) -> Path | None:
        """The pattern of a source's files as they are now, None where it was never delivered."""
        folder = self.staged / source
        return all_parts(folder.resolve()) if folder.is_dir() else None

    def snapshot(self) -> Snapshot:
        """What is published now, every link followed once."""
        table = self.features.resolve()
        return Snapshot(
            table=_version(table) if (table / BUILD).exists() else None,
            lists={period: self.list_of(period).resolve() / TARGET_LIST for period in _published(self.lists)},
            scores={period: self.scores_of(period).resolve() for period in _periods(self.scores)},
            champion_id=champion_id(self.models),
        )


@lru_cache(maxsize=16)
def _version(folder: Path) -> FeatureTable:
    """A version of the feature table: it never changes, so that its record and its periods are read once."""
    return FeatureTable(folder)


def champion_id(models: Path) -> str | None:
    """The model in use, None where there is none yet."""
    path = models / CHAMPION
    return path.read_text().strip() if path.exists() else None


def _periods(folder: Path) -> list[date]:
    names = (path.name.removeprefix(PERIOD).removesuffix("-01") for path in folder.glob(f"{PERIOD}*"))
    return sorted(period for name in names if (period := month_in(name)))


def _published(lists: Path) -> list[date]:
    """The months of the lists; a folder that somebody put among them is none, a published one that lost its file is."""
    paths = (path for path in lists.glob("*") if path.is_symlink() or (path / TARGET_LIST).exists())
    return sorted(period for path in paths if (period := month_in(path.name)))
