"""The data folder as the application reads it: published lists, and DuckDB over their Parquet files."""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow.parquet as pq

from features.errors import InputError
from features.periods import parse_period
from models.alerts import HIGH, MODERATE
from models.evaluation.records import Metrics
from models.registry import registry
from models.registry.model import RiskModel
from models.rows.dataset import read_facts
from models.scoring.scoring import CONTRIBUTIONS, SCORES, folder_of
from reports.target_list import PARQUET

Row = dict[str, Any]
PARTS = "*.parquet"
MONTH = "[0-9][0-9][0-9][0-9]-[0-9][0-9]"


class NotPublishedError(Exception):
    """There is no such list, or none yet."""


class UnreadableError(Exception):
    """A file of the data folder can't be read: for the data team."""


def quoted(path: Path | str) -> str:
    """A path as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


def source(*paths: Path) -> str:
    """Parquet files as an SQL table."""
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}], hive_partitioning = false)"


# Beyond, an SQL text with a mark a value takes longer to read than the files.
FEW: Final = 200


def one_of(column: str, values: Sequence[str]) -> tuple[str, list[Any]]:
    """A condition and its parameters; a mark a value is taken down to the row groups of a Parquet file."""
    if len(values) > FEW:
        return f"{column} IN (SELECT unnest(?))", [list(values)]
    return (f"{column} IN ({', '.join('?' * len(values))})" if values else "false"), list(values)


def source_by_period(*paths: Path) -> str:
    """The feature table's files as an SQL table, whose `period` is in the names of their folders."""
    return f"read_parquet([{', '.join(quoted(path) for path in paths)}], hive_partitioning = true)"


@dataclass(frozen=True)
class PublishedList:
    """A list and the tables behind it, of the versions that are published now; None where one is not there.

    newest: the newest list, None for itself.
    """

    period: date
    path: Path
    firms: Path
    features: Path | None
    scores: Path | None
    contributions: Path | None
    earlier: tuple[Path, ...]
    newest: Path | None
    model_id: str
    is_simulated: bool
    score_columns: frozenset[str]
    columns: frozenset[str]

    @property
    def key(self) -> str:
        """As in the address of its page."""
        return f"{self.period:%Y-%m}"


class DataFolder:
    """Reads only. Safe among threads: each has a cursor of its own; a query takes one core, for others wait too."""

    def __init__(self, data: Path) -> None:
        """data: the folder that the pipeline fills."""
        self.data = data
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("LOAD parquet")
        self._local = threading.local()

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query with its parameters.

        Raises UnreadableError where a file is missing or broken.
        """
        cursor = self._cursor
        try:
            result = cursor.execute(sql, list(parameters))
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.BinderException) as error:
            raise UnreadableError(str(error)) from error

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
        return sorted((path.name for path in (self.data / "lists").glob(MONTH)), reverse=True)

    def published(self, key: str | None) -> PublishedList:
        """A list by its month, the newest for None.

        Raises NotPublishedError where it is not there, UnreadableError where it is broken.
        """
        keys = self.keys()
        if not keys or (key is not None and key not in keys):
            raise NotPublishedError
        key = key or keys[0]
        features = self.data / "features"
        period = parse_period(key)
        scores = folder_of(self.data / "scores", period).resolve()
        before = [past for past in keys if past < key]
        return _describe(
            period,
            self.path_of(key),
            features.resolve() / "firms.parquet",
            _parts(features.resolve() / f"period={period}"),
            _existing(scores / SCORES),
            _existing(scores / CONTRIBUTIONS),
            tuple(self.path_of(past) for past in before),
            None if key == keys[0] else self.path_of(keys[0]),
        )

    def path_of(self, key: str) -> Path:
        """A list's file."""
        return (self.data / "lists" / key).resolve() / PARQUET

    def feature_periods(self) -> list[tuple[date, Path]]:
        """The built periods and their files, oldest first."""
        folders = sorted((self.data / "features").resolve().glob("period=*"))
        return [(date.fromisoformat(path.name.removeprefix("period=")), path / PARTS) for path in folders]

    def model(self, model_id: str) -> RiskModel:
        """A registered model.

        Raises UnreadableError where it can't be used.
        """
        try:
            return _load(self.data / "models", model_id, (self.data / "models" / model_id).resolve())
        except InputError as error:
            raise UnreadableError(str(error)) from error

    def metrics(self, model_id: str) -> Metrics | None:
        """All that a model was evaluated by; None where that can't be read."""
        try:
            return registry.metrics_of(self.data / "models", model_id)
        except InputError:
            return None

    @property
    def horizon(self) -> int:
        """The months within which a procedure is at risk of opening.

        Raises UnreadableError where the feature table does not say.
        """
        try:
            return int(read_facts(self.data / "features")["horizon"])
        except (InputError, OSError, ValueError, KeyError) as error:
            raise UnreadableError(str(error)) from error

    def thresholds(self, model_id: str) -> dict[str, float]:
        """The probabilities from which a firm is on alert, by level; empty where the model is not there."""
        try:
            model = self.model(model_id)
        except UnreadableError:
            return {}
        return {HIGH: model.thresholds.high, MODERATE: model.thresholds.moderate}

    def months_a_firm(self, model_id: str) -> float:
        """How many months a firm has in the rows that a model was tested on; 1 where that is not told."""
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
        return registry.champion_id(self.data / "models")


def _parts(folder: Path) -> Path | None:
    return folder / PARTS if folder.is_dir() else None


def _existing(path: Path) -> Path | None:
    return path if path.exists() else None


@lru_cache(maxsize=8)
def _load(models: Path, model_id: str, resolved: Path) -> RiskModel:  # noqa: ARG001 - a new version is a new key
    return registry.load(models, model_id)


def _model_id(path: Path) -> str:
    model_ids = pq.read_table(path, columns=["model_id"]).column("model_id").slice(0, 1).to_pylist()
    return model_ids[0] if model_ids else ""


@lru_cache(maxsize=64)
def _describe(
    period: date,
    path: Path,
    firms: Path,
    features: Path | None,
    scores: Path | None,
    contributions: Path | None,
    earlier: tuple[Path, ...],
    newest: Path | None,
) -> PublishedList:
    try:
        schema = pq.read_schema(path)
        score_columns = frozenset(pq.read_schema(scores).names) if scores else frozenset()
        model_id = _model_id(path)
        if scores and "model_id" in score_columns and _model_id(scores) != model_id:
            # Scored again since, by another model: that tells nothing of this list.
            scores, contributions, score_columns = None, None, frozenset()
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path}: {error}") from error
    simulated = (schema.metadata or {}).get(b"simulated", b"true") == b"true"
    return PublishedList(
        period,
        path,
        firms,
        features,
        scores,
        contributions,
        earlier,
        newest,
        model_id,
        simulated,
        score_columns,
        frozenset(schema.names),
    )
