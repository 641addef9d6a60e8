"""The stages up to the feature table, each as one function that returns what it did."""

import shutil
from datetime import date
from pathlib import Path

from features import build as features_build
from features import engine, store
from features import ingest as features_ingest
from features.delivered import default_end
from features.periods import add_months
from features.received import Received, RefusedError
from features.scope import Scope
from features.sources import SOURCES
from flows import deliveries
from flows.damaged import naming_damage
from flows.settings import Settings
from models.protocol import Progress
from simulation import simulation


def simulate(out: Path, firms: int, end: date, seed: int, progress: Progress) -> Path:
    """Write a simulated economy's files as one batch under `out`; the batch's folder."""
    return simulation.simulate(out, firms, end, seed, progress)


@naming_damage
def ingest(settings: Settings, raw: Path, progress: Progress) -> Received:
    """Read the batches under `raw` into `staged/`, and report on it. DuckDB reads text, whatever the engine.

    Raises InputError where files are refused, after having reported on it.
    """
    # Files are read as a stream: a gigabyte is enough for any of them.
    con = engine.connect("duckdb", settings.folder.scratch, memory_gb=1)
    reading = features_ingest.Reading(settings.max_rejected_share, settings.delivery_day, settings.lags)
    folder = settings.folder
    folders = {"staged": folder.staged, "rejects": folder.rejects, "scratch": folder.scratch}
    try:
        received = features_ingest.ingest(con, raw, SOURCES, reading, **folders, progress=progress)
    except RefusedError as error:
        raise deliveries.refused(settings, error.received) from None
    return deliveries.reported(settings, received)


@naming_damage
def build(
    settings: Settings, start: date | None, end: date | None, progress: Progress, is_rebuild: bool = False
) -> features_build.Built:
    """Build `features/` from `staged/`; is_rebuild: without the periods that are built already."""
    con = engine.connect(settings.engine, settings.folder.scratch, settings.memory_gb)
    last = end or default_end(settings.folder.staged, settings.delivery_day)
    scope = Scope(
        start=start or add_months(last, 1 - settings.history_months),
        end=last,
        horizon=settings.horizon_months,
        min_headcount=settings.min_headcount,
        excluded_categories=settings.excluded_categories,
        excluded_activities=settings.excluded_activities,
        min_turnover=settings.min_turnover,
    )
    folder = settings.folder
    return features_build.build(
        con, folder.staged, folder.features, folder.scratch, scope, settings.delivery_day, progress, is_rebuild
    )


def start_afresh(settings: Settings, raw: Path) -> None:
    """Remove the batches and all that the pipeline made in the data folder; accounts and settings stay."""
    folder = settings.folder
    made = (folder.staged, folder.rejects, folder.features, folder.models, folder.scores, folder.lists)
    for path in (raw, *made, folder.received, folder.monitoring, folder.runs):
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
    store.sweep(settings.data)
