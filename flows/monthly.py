"""The flows: tables of contents. Prefect names, retries and records each step; the work is in other modules.

Start the server first: see `prefect_server.py`. No step needs it: a run whose server is lost goes on without it.
"""

from contextlib import suppress
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from httpx import HTTPError
from prefect import flow, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from features import store
from features.build import Built
from features.errors import InputError
from features.past import spans
from features.periods import parse_period
from features.received import Received
from features.scope import Engine
from flows import deliveries, listing, modelling, stages
from flows.journal import Journal, begun, recorded
from flows.monitoring import Monitored
from flows.parameters import SAY, Firms, Folder, Month, Words, progress, settings_of, writer
from flows.settings import Settings
from flows.terminal import period_of
from models.protocol import Progress
from reports.language import Language
from reports.received_page import as_markdown

# What Prefect raises where its server does not answer.
LOST: Final = (HTTPError, PrefectException)


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
        f"{built.rows:,} rows of {built.firms:,} firms. Built: {spans(built.plan.to_build) or 'nothing was missing'}. "
        f"Kept: {spans(built.plan.kept) or 'none'}. "
        f"Never delivered: {', '.join(built.absent) or 'nothing'}.",
        key="feature-table",
    )
    return built


@task(name="train", cache_policy=NO_CACHE)
def train(settings: Settings, as_of: date | None, progress: Progress) -> modelling.Trained:
    """Feature table -> registered, evaluated model."""
    trained = modelling.train(settings, as_of, progress)
    create_markdown_artifact(trained.card, key="model-card")
    return trained


@task(name="score", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, retry_condition_fn=_is_passing)
def score(settings: Settings, period: date | None, progress: Progress) -> listing.Scored:
    """Champion and feature table -> scores, contributions and the list."""
    scored = listing.score(settings, period, progress)
    create_table_artifact(
        [{"alert": alert, "firms": firms} for alert, firms in scored.alerts.items()],
        key="target-list",
        description=f"Firms by alert level, {scored.period:%Y-%m}.",
    )
    return scored


@task(name="monitor", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=10, retry_condition_fn=_is_passing)
def monitor(settings: Settings, period: date | None, progress: Progress) -> Monitored:
    """Scores, lists and openings -> the monitoring page."""
    monitored = listing.monitor(settings, period, progress)
    create_table_artifact(
        [{"level": finding.level, "finding": finding.sentence} for finding in monitored.findings],
        key="monitoring",
        description=f"Findings of {monitored.period:%Y-%m}.",
    )
    return monitored


def _show(run: str) -> None:
    """Show the report of a run beside it where Prefect runs it; a server that is lost loses nothing else."""
    if flow_run.name:
        with suppress(*LOST):
            create_markdown_artifact(run, key="run")


def _journal(settings: Settings, flow: str, period: date | None = None) -> Journal:
    # The command that starts a flow does it again without Prefect where its server is lost.
    is_tried_again = SAY.get() is not None and not settings.needs_prefect
    return begun(settings, flow, period, _show, is_tried_again)


# The steps as Prefect runs them, and the same, bare.
TASKS = SimpleNamespace(simulate=simulate, ingest=ingest, build=build, train=train, score=score, monitor=monitor)
BARE = SimpleNamespace(
    simulate=stages.simulate,
    ingest=stages.ingest,
    build=stages.build,
    train=modelling.train,
    score=listing.score,
    monitor=listing.monitor,
)


Published = tuple[listing.Scored, Monitored]


def month(
    steps: Any, journal: Journal, settings: Settings, raw: Path, period: date | None, progress: Progress
) -> Published:
    """From the partners' files to the published list and its monitoring; where there is no champion, one is trained.

    steps: TASKS, or BARE for a run without Prefect.
    Raises InputError where no model is good enough.
    """
    journal.step("ingest", steps.ingest, settings, raw, progress)
    journal.step("build", steps.build, settings, None, period, progress)
    if modelling.has_champion(settings):
        journal.add(modelling.promotion_in_use(settings))
    else:
        trained: modelling.Trained = journal.step("train", steps.train, settings, period, progress)
        if not trained.is_champion:
            raise InputError(trained.why)
    scored: listing.Scored = journal.step("score", steps.score, settings, period, progress)
    return scored, journal.step("monitor", steps.monitor, settings, scored.period, progress)


def run_month(
    steps: Any, raw: str, data: str, period: str | None, language: Words | None, engine: Engine | None
) -> Published:
    """`month` of what is given as text, the only one that writes in the data folder."""
    settings, of = settings_of(data, language, engine), period_of(period)
    with store.locked(settings.data, writer()), recorded(_journal(settings, "monthly", of)) as journal:
        return month(steps, journal, settings, Path(raw), of, progress())


def run_demo(
    steps: Any, data: str, firms: int, end: str, seed: int, language: Words | None, engine: Engine | None
) -> Published:
    """`month` on a simulated economy; what an earlier demo made in that folder is removed first."""
    settings, say = settings_of(data, language, engine), progress()
    raw = settings.data / "raw"
    with store.locked(settings.data, writer()):
        stages.start_afresh(settings, raw)
        with recorded(_journal(settings, "demo")) as journal:
            journal.step("simulate", steps.simulate, raw, firms, parse_period(end), seed, say)
            return month(steps, journal, settings, raw, None, say)


@flow(name="monthly")
def monthly(
    raw: Folder,
    data: Folder = "data",
    period: Month | None = None,
    language: Words | None = None,
    engine: Engine | None = None,
) -> Published:
    """From the batches under `raw` to the list of a period, the last that they cover if none is given."""
    return run_month(TASKS, raw, data, period, language, engine)


@flow(name="demo")
def demo(
    data: Folder = "data/demo",
    firms: Firms = 2000,
    end: Month = "2024-01",
    seed: int = 0,
    language: Words | None = None,
    engine: Engine | None = None,
) -> Published:
    """A simulated economy, from its files to its list; what an earlier demo made in that folder is removed first."""
    return run_demo(TASKS, data, firms, end, seed, language, engine)


@flow(name="retraining")
def retraining(data: Folder = "data", as_of: Month | None = None, engine: Engine | None = None) -> modelling.Trained:
    """A new model, which is put in use only if it is no worse than the one in use."""
    settings = settings_of(data, engine=engine)
    with store.locked(settings.data, writer()), recorded(_journal(settings, "retraining")) as journal:
        return journal.step("train", train, settings, period_of(as_of), progress())


@flow(name="monitoring")
def monitoring(data: Folder = "data", period: Month | None = None, language: Words | None = None) -> Monitored:
    """The monitoring page of a published list, the last one if none is given."""
    settings, of = settings_of(data, language), period_of(period)
    with store.locked(settings.data, writer()), recorded(_journal(settings, "monitoring", of)) as journal:
        return journal.step("monitor", monitor, settings, of, progress())


# The flows that commands start, and the same without Prefect.
FLOWS: Final[dict[str, Any]] = {"monthly": monthly, "demo": demo}
BODIES: Final[dict[str, Any]] = {"monthly": run_month, "demo": run_demo}
