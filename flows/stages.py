"""Each stage of the pipeline as one function: settings and periods in, what was done out."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from features import build as features_build
from features import engine
from features import ingest as features_ingest
from features.assemble import Scope
from features.economy import simulation
from features.periods import add_months
from features.sources import SOURCES
from flows.settings import Settings

Progress = Callable[[str], None]


def simulate(out: Path, firms: int, end: date, seed: int, progress: Progress) -> Path:
    """Write a simulated economy's files as one batch under `out`; the batch's folder."""
    return simulation.simulate(out, firms, end, seed, progress)


def ingest(settings: Settings, raw: Path, progress: Progress) -> list[features_ingest.FileReport]:
    """Read the batches under `raw` into `staged/`; one report a file. Text files are always read by DuckDB."""
    # Reading is a stream: a gigabyte is enough for any file.
    con = engine.connect("duckdb", settings.scratch, memory_gb=1)
    reading = features_ingest.Reading(settings.max_rejected_share, settings.delivery_day, settings.lags)
    return features_ingest.ingest(
        con,
        raw,
        SOURCES,
        reading,
        staged=settings.staged,
        rejects=settings.rejects,
        scratch=settings.scratch,
        progress=progress,
    )


def build(settings: Settings, start: date | None, end: date | None, progress: Progress) -> features_build.Built:
    """Build `features/` from `staged/`."""
    con = engine.connect(settings.engine, settings.scratch, settings.memory_gb)
    last = end or features_build.default_end(settings.staged, settings.delivery_day)
    scope = Scope(
        start=start or add_months(last, 1 - settings.history_months),
        end=last,
        horizon=settings.horizon_months,
        min_headcount=settings.min_headcount,
        excluded_categories=settings.excluded_categories,
        excluded_activities=settings.excluded_activities,
    )
    return features_build.build(
        con, settings.staged, settings.features, settings.scratch, scope, settings.delivery_day, progress
    )
