"""The data folder as the application reads it: published lists, and DuckDB over their Parquet files."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from features.errors import InputError
from features.folder import CONTRIBUTIONS, SCORES, DataFolder, FeatureTable, Snapshot
from models.evaluation.records import Metrics
from models.registry import registry
from models.registry.model import RiskModel
from reports.alerting import GIVEN, Given
from reports.card.parts import ALTERNATIVES, picture_file
from reports.freshness import AsOf
from reports.reasons import REASON_SETTINGS, ReasonSettings

Row = dict[str, Any]
# Seconds after which a new list is shown, even where what its pages need is not computed yet.
MOST_PREPARATION = 180.0


class NotPublishedError(Exception):
    """There is no such list, or none yet."""


# What DuckDB raises where a file is missing, broken, or another table.
OF_FILES = (duckdb.IOException, duckdb.InvalidInputException, duckdb.BinderException)


class UnreadableError(Exception):
    """A file of the data folder can't be read: for the data team."""


@dataclass(frozen=True, eq=False)
class PublishedList:
    """A list and the tables behind it, all of one snapshot: a page never mixes two builds, nor two scorings.

    Two are equal if they are of the same files, which never change: what is computed of one can be kept.

    scores, contributions: None where they are not there, or tell of another list.
    register_columns: of the register's facts of each firm, of which an older build has fewer; None where not known.
    given: what its policy of alerts gave, None in a list of a version that had none.
    reason_settings: how its reasons were chosen and worded, None in a list of 0.1.0, which does not say.
    """

    snapshot: Snapshot
    period: date
    path: Path
    scores: Path | None
    contributions: Path | None
    model_id: str
    is_simulated: bool
    score_columns: frozenset[str]
    columns: frozenset[str]
    register_columns: frozenset[str] | None
    reason_settings: ReasonSettings | None
    given: Given | None

    @property
    def _files(self) -> tuple[Path | None, ...]:
        built = self.snapshot.table.folder if self.snapshot.table else None
        return (self.path, self.scores, self.contributions, built, *self.snapshot.lists.values())

    def __eq__(self, other: object) -> bool:  # noqa: D105
        return isinstance(other, PublishedList) and self._files == other._files

    def __hash__(self) -> int:  # noqa: D105
        return hash(self._files)

    @property
    def alone(self) -> "PublishedList":
        """It without the feature table: what is computed of lists alone is kept where only the table is replaced."""
        return replace(self, snapshot=replace(self.snapshot, table=None))

    @property
    def key(self) -> str:
        """As in the address of its page."""
        return key_of(self.period)

    @property
    def keys(self) -> list[str]:
        """The published lists, newest first."""
        return [key_of(period) for period in sorted(self.snapshot.lists, reverse=True)]

    @property
    def earlier(self) -> tuple[Path, ...]:
        """The lists before this one, newest first."""
        return tuple(self.snapshot.lists_before(self.period).values())[::-1]

    @property
    def newest(self) -> Path | None:
        """The newest list, None where this is it."""
        newest = max(self.snapshot.lists)
        return None if newest == self.period else self.snapshot.lists[newest]

    @property
    def table(self) -> FeatureTable:
        """The feature table.

        Raises UnreadableError where it is not there.
        """
        if self.snapshot.table is None:
            raise UnreadableError("There is no feature table.")
        return self.snapshot.table

    @property
    def firms(self) -> Path:
        """The register's facts of each firm."""
        return self.table.firms

    @property
    def features(self) -> Path | None:
        """The feature table's files of the period, None where it was not built."""
        return self.table.files(self.period) if self.period in self.table.periods else None

    @property
    def older(self) -> AsOf:
        """The data that were older than the newest delivery when the list was made; none if it does not say."""
        return self.reason_settings.older if self.reason_settings else {}

    @property
    def horizon(self) -> int:
        """The months within which a procedure is at risk of opening.

        Raises UnreadableError where the feature table does not say.
        """
        try:
            return self.table.record.horizon
        except InputError as error:
            raise UnreadableError(str(error)) from error


def key_of(period: date) -> str:
    """A list's period as in the address of its page."""
    return f"{period:%Y-%m}"


class Reader:
    """Reads the data folder. Safe among threads: each has its own cursor. A query uses one core of several."""

    def __init__(self, data: Path) -> None:
        """data: the folder that the pipeline fills."""
        self.folder = DataFolder(data)
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("LOAD parquet")
        self._local = threading.local()
        # What pages show, and since when something newer is published; None where nobody prepares what is newer.
        self._shown: Snapshot | None = None
        self._outdated_since: float | None = None

    def await_preparation(self) -> None:
        """From now on, show what is newly published once `show` was called for it; until then, what was before."""
        self._shown = self.folder.snapshot()

    def show(self, published: PublishedList) -> None:
        """Show what is published with a list, as what its pages need was computed."""
        if self._shown is not None:
            self._shown, self._outdated_since = published.snapshot, None

    def snapshot(self) -> Snapshot:
        """What pages show: without what is being prepared, for MOST_PREPARATION seconds at most.

        The build that was replaced can be read until the next run begins, see `store.new_folder`.
        """
        found, shown = self.folder.snapshot(), self._shown
        if shown is None or not shown.lists or found == shown:
            return found
        self._outdated_since = self._outdated_since or time.monotonic()
        is_late = time.monotonic() - self._outdated_since > MOST_PREPARATION
        return found if is_late or not _is_there(shown) else shown

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """The rows of a query with its parameters.

        Raises UnreadableError where a file is missing or broken.
        """
        cursor = self._cursor
        try:
            result = cursor.execute(sql, parameters)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        except duckdb.Error as error:
            # What is garbled within a file has no class of its own.
            if isinstance(error, OF_FILES) or type(error) is duckdb.Error:
                raise UnreadableError(str(error)) from error
            raise

    def columns(self, file: Path) -> list[str]:
        """The columns of a Parquet file, or of a pattern of files."""
        rows = self.query("SELECT column_name FROM (DESCRIBE FROM read_parquet(?))", [str(file)])
        return [row["column_name"] for row in rows]

    @property
    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self._connection.cursor()
            # Published files never change: their footers are read once. Each cursor must be told.
            self._local.cursor.execute("SET parquet_metadata_cache = true")
        cursor: duckdb.DuckDBPyConnection = self._local.cursor
        return cursor

    def keys(self) -> list[str]:
        """The published lists, newest first."""
        return [key_of(period) for period in sorted(self.snapshot().lists, reverse=True)]

    def published(self, key: str | None, among: Snapshot | None = None) -> PublishedList:
        """A list by its month, the newest for None. among: what is published, where it is not what `snapshot` gives.

        Raises NotPublishedError where it is not there, UnreadableError where it is broken.
        """
        snapshot = among or self.snapshot()
        if among is None and key not in {None, *map(key_of, snapshot.lists)}:
            # Whoever asks for it by its address need not wait until it was prepared.
            snapshot = self.folder.snapshot()
        by_key = {key_of(period): period for period in snapshot.lists}
        if not by_key or (key is not None and key not in by_key):
            raise NotPublishedError
        period = by_key[key or max(by_key)]
        path, scored = snapshot.lists[period], snapshot.scores.get(period)
        listed, scores = _described(self, path), _existing(scored, SCORES)
        score_columns, scored_by, *_ = _described(self, scores) if scores else (frozenset[str](), "")
        contributions = _existing(scored, CONTRIBUTIONS)
        if scored_by and scored_by != listed.model_id:
            # Scored again since, by another model: that tells nothing of this list.
            scores, contributions, score_columns = None, None, frozenset()
        return PublishedList(
            snapshot=snapshot,
            period=period,
            path=path,
            scores=scores,
            contributions=contributions,
            model_id=listed.model_id,
            is_simulated=listed.is_simulated,
            score_columns=score_columns,
            columns=listed.columns,
            register_columns=self._register_columns(snapshot),
            reason_settings=listed.reason_settings,
            given=listed.given,
        )

    def _register_columns(self, snapshot: Snapshot) -> frozenset[str] | None:
        """What the build keeps of the register; None where it can't be read, as the first query of it will tell."""
        try:
            return _described(self, snapshot.built.firms).columns
        except (InputError, UnreadableError):
            return None

    def model(self, model_id: str) -> RiskModel:
        """A registered model.

        Raises UnreadableError where it can't be used.
        """
        try:
            return _load(self.folder.models, model_id, (self.folder.models / model_id).resolve())
        except InputError as error:
            raise UnreadableError(str(error)) from error

    def metrics(self, model_id: str) -> Metrics | None:
        """All that a model was evaluated by; None where that can't be read."""
        try:
            return registry.metrics_of(self.folder.models, model_id)
        except InputError:
            return None

    def pictures(self, model_id: str) -> dict[str, dict[str, str]]:
        """The pictures of a model, with their alternative text in each language; none of an older model."""
        try:
            found: dict[str, dict[str, str]] = json.loads(self._picture_path(model_id, ALTERNATIVES).read_text())
        except (OSError, json.JSONDecodeError):
            return {}
        return found

    def picture(self, model_id: str, name: str, code: str) -> str | None:
        """A picture of a model in a language, as SVG; None where the model has none. name: one of PICTURES."""
        try:
            return self._picture_path(model_id, picture_file(name, code)).read_text()
        except OSError:
            return None

    def _picture_path(self, model_id: str, file: str) -> Path:
        return self.folder.models / model_id / registry.PICTURES / file

    def months_per_firm(self, model_id: str) -> float:
        """The mean number of months per firm in the rows that a model was tested on; 1 where that is not known."""
        try:
            tested = self.model(model_id).facts.split.test
            return max(tested.rows / tested.firms, 1.0)
        except (UnreadableError, ZeroDivisionError):
            return 1.0

    def absent_sources(self, model_id: str) -> list[str]:
        """The sources that were never delivered to the model."""
        try:
            return list(self.model(model_id).facts.data.absent_sources)
        except UnreadableError:
            return []

    @property
    def champion_id(self) -> str | None:
        """The model in use."""
        return self.folder.snapshot().champion_id


def _is_there(snapshot: Snapshot) -> bool:
    """Whether nothing of it was deleted."""
    built = [snapshot.table.firms] if snapshot.table else []
    return all(path.exists() for path in (*snapshot.lists.values(), *snapshot.scores.values(), *built))


def _existing(folder: Path | None, name: str) -> Path | None:
    return folder / name if folder is not None and (folder / name).exists() else None


@lru_cache(maxsize=8)
def _load(models: Path, model_id: str, resolved: Path) -> RiskModel:  # noqa: ARG001 - a new version is a new key
    return registry.load(models, model_id)


class _Described(NamedTuple):
    """What a published Parquet file says of itself. model_id: blank, and the last two None, if it does not say."""

    columns: frozenset[str]
    model_id: str
    is_simulated: bool
    reason_settings: ReasonSettings | None
    given: Given | None


@lru_cache(maxsize=128)
def _described(reader: Reader, path: Path) -> _Described:
    """A published version never changes: it is read once."""
    columns = frozenset(reader.columns(path))
    kept = reader.query("SELECT decode(key) AS key, decode(value) AS value FROM parquet_kv_metadata(?)", [str(path)])
    metadata = {row["key"]: row["value"] for row in kept}
    settings = metadata.get(REASON_SETTINGS)
    return _Described(
        columns,
        _model_id(reader, path) if "model_id" in columns else "",
        metadata.get("simulated", "true") == "true",
        ReasonSettings.from_json(settings) if settings else None,
        Given.from_json(metadata[GIVEN]) if GIVEN in metadata else None,
    )


def settings_of(reader: Reader, path: Path) -> ReasonSettings | None:
    """How the reasons of a published list are worded, None where it does not say."""
    return _described(reader, path).reason_settings


def _model_id(reader: Reader, path: Path) -> str:
    first = reader.query("SELECT model_id FROM read_parquet(?) LIMIT 1", [str(path)])
    return str(first[0]["model_id"] or "") if first else ""
