"""The flows: tables of contents. Prefect names, retries and records each step; the work is in `stages.py`.

Start the server first: see `prefect_server.py`. No step needs it: a run whose server is lost goes on without it.
"""

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from httpx import HTTPError
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException

from features.build import Built
from features.received import Received
from flows import deliveries, stages
from flows.monitoring import Monitored
from flows.settings import Settings
from models.protocol import Progress
from reports.language import Language
from reports.received_page import as_markdown


def _is_passing(_task: Any, _run: Any, state: Any) -> bool:
    """Whether trying again may help: the disk or the network failed, not the data."""
    return isinstance(state.result(raise_on_failure=False), OSError)


@task(name="simulate", cache_policy=NO_CACHE)
def simulate(out: Path, firms: int, end: date, seed: int, progress: Progress) -> Path:
    """A simulated economy's files."""
    batch = stages.simulate(out, firms, end, seed, progress)
    create_markdown_artifact(f"Simulated data of {firms:,} firms: `{batch.name}`", key="simulated-economy")
    return batch


@task(name="ingest", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, retry_condition_fn=_is_passing)
def ingest(settings: Settings, raw: Path, progress: Progress) -> Received:
    """Partners' files -> staged records, rejects and the report of what was read."""
    received = stages.ingest(settings, raw, progress)
    rows = [
        {"source": r.source, "file": r.file, "lines": r.lines, "kept": r.kept, "rejected": r.rejected, "firms": r.firms}
        for r in received.files
    ]
    create_table_artifact(rows, key="ingested-files", description="Lines read, kept and rejected, by file.")
    told = as_markdown(received, deliveries.page(settings, received), Language(settings.language))
    create_markdown_artifact(told, key="received")
    return received


@task(name="build", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, retry_condition_fn=_is_passing)
def build(settings: Settings, start: date | None, end: date | None, progress: Progress) -> Built:
    """Staged records -> feature table."""
    built = stages.build(settings, start, end, progress)
    create_markdown_artifact(
        f"{built.rows:,} rows of {built.firms:,} firms, {built.start:%Y-%m} to {built.end:%Y-%m}. "
        f"Never delivered: {', '.join(built.absent) or 'nothing'}.",
        key="feature-table",
    )
    return built


@task(name="train", cache_policy=NO_CACHE)
def train(settings: Settings, as_of: date | None, progress: Progress) -> stages.Trained:
    """Feature table -> registered, evaluated model."""
    trained = stages.train(settings, as_of, progress)
    create_markdown_artifact(trained.card, key="model-card")
    return trained


@task(name="score", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, retry_condition_fn=_is_passing)
def score(settings: Settings, period: date | None, progress: Progress) -> stages.Scored:
    """Champion and feature table -> scores, contributions and the list."""
    scored = stages.score(settings, period, progress)
    create_table_artifact(
        [{"alert": alert, "firms": firms} for alert, firms in scored.alerts.items()],
        key="target-list",
        description=f"Firms by alert level, {scored.period:%Y-%m}.",
    )
    return scored


@task(name="monitor", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, retry_condition_fn=_is_passing)
def monitor(settings: Settings, period: date, progress: Progress) -> Monitored:
    """Scores, lists and openings -> the monitoring page."""
    monitored = stages.monitor(settings, period, progress)
    create_table_artifact(
        [{"level": finding.level, "finding": finding.sentence} for finding in monitored.findings],
        key="monitoring",
        description=f"Findings of {period:%Y-%m}.",
    )
    return monitored


# The steps as Prefect runs them: `stages` has the same, bare.
TASKS = SimpleNamespace(simulate=simulate, ingest=ingest, build=build, train=train, score=score, monitor=monitor)


Month = tuple[stages.Scored, Monitored]


def month(steps: Any, settings: Settings, raw: Path, period: date | None, progress: Progress) -> Month:
    """From the partners' files to the published list and its monitoring; where there is no champion, one is trained.

    steps: TASKS, or the module `stages` for a run without Prefect.
    """
    steps.ingest(settings, raw, progress)
    steps.build(settings, None, period, progress)
    if not stages.has_champion(settings):
        steps.train(settings, period, progress)
    scored: stages.Scored = steps.score(settings, period, progress)
    return scored, steps.monitor(settings, scored.period, progress)


def economy(steps: Any, settings: Settings, raw: Path, firms: int, end: date, seed: int, progress: Progress) -> Month:
    """A simulated economy from its files to its list; what an earlier demo made in its folder is removed first."""
    stages.start_afresh(settings, raw)
    steps.simulate(raw, firms, end, seed, progress)
    return month(steps, settings, raw, None, progress)


@flow(name="monthly", validate_parameters=False)
def monthly(settings: Settings, raw: Path, period: date | None, progress: Progress) -> Month:
    """`month`, each step of it known to Prefect."""
    return month(TASKS, settings, raw, period, progress)


@flow(name="demo", validate_parameters=False)
def demo(settings: Settings, raw: Path, firms: int, end: date, seed: int, progress: Progress) -> Month:
    """`economy`, each step of it known to Prefect."""
    return economy(TASKS, settings, raw, firms, end, seed, progress)


FLOWS: Final[dict[str, Any]] = {"monthly": monthly, "demo": demo}
BODIES: Final[dict[str, Any]] = {"monthly": month, "demo": economy}
# What Prefect raises where its server does not answer.
LOST = (HTTPError, PrefectException)
