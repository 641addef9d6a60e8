"""What of the data folder nothing needs any more: found by rules that a person can read, removed only then.

Lists, scores, the feature table, staged records, deliveries and answers never go: whoever wants that removes them by
hand. What may go is models that were superseded, reports on deliveries and what was rejected of them, pages of refused
lists, and reports of runs.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq
import sqlalchemy as sa

from features import store
from features.deliveries import BATCH
from features.errors import InputError
from features.folder import SCORES, DataFolder, Snapshot
from features.periods import add_months, batch_month, month_in
from flows.keeping import Keeping
from models.registry import registry
from reports.review.configuration import Configuration
from reports.review.database import Case, Verdict, WrongData
from reports.runs import records

REFUSED: Final = "-refused"
DAY: Final = 24 * 3600


@dataclass(frozen=True)
class Unneeded:
    """A file or folder that may go, and why; size: in bytes."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """In bytes, of all files in it."""
        root = self.path.resolve()
        files = root.rglob("*") if root.is_dir() else [root]
        return sum(path.stat().st_size for path in files if path.is_file())


def unneeded(folder: DataFolder, keep: Keeping, configuration: Configuration) -> Iterator[Unneeded]:
    """All that may go. The data folder is locked by whoever asks.

    Raises InputError where what is needed can't be told: a list, scores, a record or the database can't be read.
    """
    snapshot = folder.snapshot()
    yield from _models(folder, snapshot, keep, answered(configuration))
    yield from _of_deliveries(folder, snapshot, keep)
    yield from _refused_lists(folder, keep)
    yield from _runs(folder, snapshot, keep)
    yield from _prefect(folder.root / ".prefect")


def remove(found: Unneeded) -> None:
    """Remove it at once: where that is interrupted, what is left is swept by the next command."""
    store.remove(found.path)


def _models(folder: DataFolder, snapshot: Snapshot, keep: Keeping, answers: frozenset[str]) -> Iterator[Unneeded]:
    """Registered models but the one in use, those of lists, scores and answers, the last ones, and the last in use."""
    models, there = folder.models, registry.registered(folder.models)
    in_use = list(dict.fromkeys(one.model_id for one in reversed(registry.promotions(models))))
    scores = [path / SCORES for path in snapshot.scores.values()]
    needed = {model_id for path in (*snapshot.lists.values(), *scores) for model_id in models_of(path)}
    last = set(in_use[: keep.models]) | set(there[len(there) - keep.models :])
    for model_id in there:
        if model_id not in needed | answers | last | {snapshot.champion_id}:
            yield Unneeded(models / model_id, "a model of no list, score or answer, and none of the last ones")


def models_of(path: Path) -> frozenset[str]:
    """The models that a list or scores were made by.

    Raises InputError where that can't be read.
    """
    try:
        return frozenset(filter(None, pq.read_table(path, columns=["model_id"])["model_id"].unique().to_pylist()))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} can't be read ({str(error).splitlines()[0]}), so that what it needs is not known: nothing was "
            "removed. See: weaksignals doctor"
        ) from None


def answered(configuration: Configuration) -> frozenset[str]:
    """The models that agents' answers are about; none where there is no database yet.

    Raises a database's own error where it can't be read.
    """
    address = sa.make_url(configuration.database_url)
    if address.get_backend_name() == "sqlite" and not Path(str(address.database)).exists():
        return frozenset()
    engine = sa.create_engine(address)
    try:
        with engine.connect() as connection:
            # A database that the application did not upgrade yet has no cases.
            there = [
                table for table in (Verdict, WrongData, Case) if sa.inspect(connection).has_table(table.__tablename__)
            ]
            all_of_them = sa.union(*(sa.select(table.model_id) for table in there))
            return frozenset(str(model_id) for (model_id,) in connection.execute(all_of_them) if model_id)
    finally:
        engine.dispose()


def _of_deliveries(folder: DataFolder, snapshot: Snapshot, keep: Keeping) -> Iterator[Unneeded]:
    """Reports on old deliveries, and what was rejected of them; not of those that are staged."""
    used = {file.batch for file in snapshot.table.record.files} if snapshot.table else set()
    for place, what in ((folder.received, "the report on"), (folder.rejects, "what was rejected of")):
        months = {
            path: batch_month(batch)
            for path in place.glob("*")
            if BATCH.match(batch := path.name.removesuffix(REFUSED))
        }
        for path in _old(months, keep.months):
            if path.name not in used:
                yield Unneeded(path, f"{what} an unused delivery, {keep.months} months before the last or more")


def _refused_lists(folder: DataFolder, keep: Keeping) -> Iterator[Unneeded]:
    paths = {path: month_in(path.name.removesuffix(REFUSED)) for path in folder.monitoring.glob("*")}
    months = {path: month for path, month in paths.items() if month}
    for path in _old(months, keep.months):
        if path.name.endswith(REFUSED):
            yield Unneeded(path, f"the page of a refused list, {keep.months} months before the last or more")


def _runs(folder: DataFolder, snapshot: Snapshot, keep: Keeping) -> Iterator[Unneeded]:
    """Reports of old runs; not that of the run that published a list which is there."""
    found, _ = records.runs(folder)
    published: dict[date, str] = {}
    for record in found:
        if record.period and record.period in snapshot.lists and "list" in record.links:
            published.setdefault(record.period, record.run_id)
    months = {folder.runs / record.run_id: record.started_at.date().replace(day=1) for record in found}
    for path in _old(months, keep.months):
        if path.name not in published.values():
            yield Unneeded(path, f"the report of a run, {keep.months} months before the last or more")


def _old(months: Mapping[Path, date], kept: int) -> list[Path]:
    """The paths of so many months before the newest, or more."""
    newest = max(months.values(), default=date.max)
    return sorted(path for path, month in months.items() if month <= add_months(newest, -kept) and month < newest)


def _prefect(home: Path) -> Iterator[Unneeded]:
    """What temporary servers of Prefect wrote, a day after the last of them; not that of `weaksignals serve`."""
    files = [path for path in home.glob("*") if path.is_file()]
    if files and max(path.stat().st_mtime for path in files) < time.time() - DAY:
        yield from (Unneeded(path, "what a temporary server of Prefect wrote") for path in sorted(files))
