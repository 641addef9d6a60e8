"""The stages up to the feature table, each as one function that returns what it did."""

import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from features import build as features_build
from features import engine, past, store
from features import ingest as features_ingest
from features.build_record import dictionary_version, staged_files
from features.delivered import default_end
from features.folder import FeatureTable
from features.periods import add_months
from features.received import Received, RefusedError
from features.scope import Scope
from features.sources import SOURCES
from flows import deliveries
from flows.damaged import naming_damage
from flows.engines import connected
from flows.publishing import put
from flows.settings import Settings
from models.protocol import Progress
from simulation import simulation

# Of the sources that are read: each takes a gigabyte of memory.
MOST_AT_ONCE: Final = 4


def simulate(out: Path, firms: int, end: date, seed: int, progress: Progress) -> Path:
    """Write a simulated economy's files as one batch under `out`; the batch's folder."""
    return simulation.simulate(out, firms, end, seed, progress)


@naming_damage
def ingest(settings: Settings, raw: Path, progress: Progress) -> Received:
    """Read the batches under `raw` into `staged/`, and report on it. DuckDB reads text, whatever the engine.

    Raises InputError where files are refused, after having reported on it.
    """
    # Files are read as a stream: a gigabyte is enough for any of them.
    at_once = min(os.cpu_count() or 1, MOST_AT_ONCE)
    connections = [engine.streaming(settings.folder.scratch, memory_gb=1) for _ in range(at_once)]
    reading = features_ingest.Reading(settings.max_rejected_share, settings.delivery_day, settings.lags)
    folder = settings.folder
    folders = {"staged": folder.staged, "rejects": folder.rejects, "scratch": folder.scratch}
    try:
        received = features_ingest.ingest(connections, raw, SOURCES, reading, **folders, progress=progress)
    except RefusedError as error:
        raise deliveries.refused(settings, error.received) from None
    return deliveries.reported(settings, received)


@naming_damage
def build(
    settings: Settings, start: date | None, end: date | None, progress: Progress, is_rebuild: bool = False
) -> features_build.Built:
    """Build the periods of `features/` that are missing; all from start to end where `is_rebuild`."""
    scope, plan = planned(settings, start, end, is_rebuild)
    if plan.again:
        progress(f"built anew: {past.span(plan.again)}")
    folder, day = settings.folder, settings.delivery_day
    con = connected(settings)
    built = features_build.build(con, folder.staged, folder.features, folder.scratch, scope, day, progress, plan)
    put(settings, folder.features, progress)
    return built


def planned(
    settings: Settings, start: date | None, end: date | None, is_rebuild: bool = False
) -> tuple[Scope, past.Plan]:
    """What a build would do. start, end: if not given, all that is missing up to what the deliveries cover.

    Raises InputError where nothing is staged, or what is built already can't be kept.
    """
    folder, day = settings.folder, settings.delivery_day
    last, table = end or default_end(folder.staged, day), FeatureTable(folder.features.resolve())
    scope = _scope(settings, start or _first(settings, table, last, is_rebuild), last)
    files, lists = staged_files(folder.staged), folder.snapshot().lists
    open_ones = [] if is_rebuild else past.open_periods(table, lists, files, day)
    plan = past.planned(table, scope, dictionary_version(), open_ones, is_rebuild, may_remove=is_rebuild and not start)
    late = past.came_since(table, plan.kept[-1], files, day) if plan.kept else ()
    return scope, replace(plan, late=late)


def _first(settings: Settings, table: FeatureTable, last: date, is_rebuild: bool) -> date:
    """The first period to build: of a table that is there, its own, so that what it lacks is what comes after."""
    of_history = add_months(last, 1 - settings.history_months)
    first = min(table.periods, default=of_history)
    return of_history if is_rebuild or first > last else first


def _scope(settings: Settings, start: date, end: date) -> Scope:
    return Scope(
        start=start,
        end=end,
        horizon=settings.horizon_months,
        min_headcount=settings.min_headcount,
        excluded_categories=settings.excluded_categories,
        excluded_activities=settings.excluded_activities,
        min_turnover=settings.min_turnover,
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
