"""What a run reads and writes, as OpenLineage events: by the standard's own client, to a file or to a collector.

The events name folders and files of the data folder, never a firm. They change nothing of what becomes of a run: where
they can't be sent, that is told once, and the run goes on.
"""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from flows.settings import Settings
from flows.terminal import tell
from reports.runs.records import DONE, RunRecord

if TYPE_CHECKING:
    from openlineage.client.event_v2 import RunEvent

# In the folder of the runs, where no collector is set.
EVENTS: Final = "openlineage.ndjson"
NAMESPACE: Final = "weaksignals"
# Batches are named, not placed: they may be anywhere.
DELIVERIES: Final = "deliveries/"
# What OpenLineage calls the datasets of a disk.
OF_FILES: Final = "file"
TIMEOUT: Final = 5.0
START, COMPLETE, FAIL = "START", "COMPLETE", "FAIL"
Names = Callable[[RunRecord], tuple[str, ...]]


def _of_sources(folder: str) -> Names:
    return lambda record: tuple(f"{folder}/{source.source}" for source in record.sources)


def _linked(*names: str) -> Names:
    """What the record links to under those names."""
    return lambda record: tuple(record.links[name] for name in names if name in record.links)


def _model(record: RunRecord) -> tuple[str, ...]:
    return tuple(str(Path(card).parent) for card in _linked("card")(record))


def _always(*names: str) -> Names:
    return lambda _record: names


# What each stage reads and writes, by its name: deliveries, or paths in the data folder; known when it has ended.
DATASETS: Final[Mapping[str, tuple[Names, Names]]] = {
    "simulate": (_always(), _always("raw")),
    "ingest": (lambda r: tuple(sorted({f"{DELIVERIES}{s.batch}" for s in r.sources})), _of_sources("staged")),
    "build": (_of_sources("staged"), _always("features")),
    "train": (_always("features"), _model),
    "score": (lambda r: ("features", *_model(r)), lambda r: (f"scores/period={r.period}", *_linked("list")(r))),
    "monitor": (lambda r: ("features", *_linked("list")(r)), _linked("monitoring")),
}


class Events:
    """The events of one run."""

    def __init__(self, settings: Settings) -> None:
        """settings: say where they go."""
        self.settings = settings
        self.send: Callable[[RunEvent], None] | None = None
        self.is_silent = False

    def stage(self, record: RunRecord, name: str, state: str) -> None:
        """A stage of the run started (START), ended (COMPLETE) or failed (FAIL)."""
        names = DATASETS[name] if state == COMPLETE and name in DATASETS else (_always(), _always())
        self._emit(record, f"{record.flow}.{name}", state, *(of(record) for of in names))

    def run(self, record: RunRecord) -> None:
        """The run started, or ended as its record says."""
        state = START if record.ended_at is None else COMPLETE if record.outcome == DONE else FAIL
        self._emit(record, record.flow, state, (), ())

    def _emit(self, record: RunRecord, job: str, state: str, reads: tuple[str, ...], writes: tuple[str, ...]) -> None:
        if self.is_silent:
            return
        try:
            self.send = self.send or _sender(self.settings)
            self.send(_event(self.settings.data.resolve(), record, job, state, reads, writes))
        except Exception as error:
            self.is_silent = True
            tell(f"The run's OpenLineage events can't be written ({error}). The run goes on without them.", "warning")


def _sender(settings: Settings) -> "Callable[[RunEvent], None]":
    # Loaded by runs alone: it takes most of a second.
    from openlineage.client import OpenLineageClient

    if settings.openlineage_url:
        transport: dict[str, Any] = {"type": "http", "url": settings.openlineage_url, "timeout": TIMEOUT}
        transport["retry"] = {"total": 1}
        if settings.openlineage_key:
            transport["auth"] = {"type": "api_key", "api_key": settings.openlineage_key}
    else:
        settings.folder.runs.mkdir(parents=True, exist_ok=True)
        transport = {"type": "file", "log_file_path": str(settings.folder.runs.resolve() / EVENTS), "append": True}
    return OpenLineageClient(config={"transport": transport}).emit


def _event(
    data: Path, record: RunRecord, job: str, state: str, reads: tuple[str, ...], writes: tuple[str, ...]
) -> "RunEvent":
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import error_message_run, parent_run

    facets: dict[str, Any] = {}
    if job != record.flow:
        parent = parent_run.Run(runId=run_id_of(record, record.flow))
        facets["parent"] = parent_run.ParentRunFacet(run=parent, job=parent_run.Job(NAMESPACE, record.flow))
    if state == FAIL and record.sentence:
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(record.sentence, "python")
    return RunEvent(
        eventTime=datetime.now(UTC).isoformat(),
        producer=f"urn:{NAMESPACE}:{record.program}",
        run=Run(runId=run_id_of(record, job), facets=facets),
        job=Job(NAMESPACE, job),
        eventType=RunState[state],
        inputs=[InputDataset(*_place(data, name)) for name in reads],
        outputs=[OutputDataset(*_place(data, name)) for name in writes],
    )


def _place(data: Path, name: str) -> tuple[str, str]:
    """The namespace and the name of a dataset."""
    return (NAMESPACE, name) if name.startswith(DELIVERIES) else (OF_FILES, str(data / name))


def run_id_of(record: RunRecord, job: str) -> str:
    """OpenLineage's identifier of a job of the run: the same each time it is asked for."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{NAMESPACE}:{record.run_id}:{job}"))
