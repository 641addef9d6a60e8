"""The record of a run, kept up to date on the disk from its start to its end, whatever the end is.

It never changes what becomes of the run: where it can't be written, that is told, and the run goes on.
"""

import os
import platform
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from features.errors import InputError
from features.received import Received, RefusedError
from flows.failures import StoppedError, sentence_of
from flows.logs import LOG
from flows.metering import Meter
from flows.settings import Settings
from flows.terminal import tell
from reports.language import Language
from reports.received_page import page_name
from reports.runs.page import as_markdown, write_run
from reports.runs.records import (
    DONE,
    FAILED,
    HIDDEN,
    KILLED,
    REFUSED,
    STOPPED,
    UNFINISHED,
    Decision,
    Outcome,
    RunRecord,
    Stage,
    runs,
    without_numbers,
)
from reports.runs.words import LAST_STAGE, STAGES

# Values of refusals that may quote a partner's file.
QUOTED: Final = ("columns", "error")
Given = ParamSpec("Given")
Made = TypeVar("Made")


class Journal:
    """What a run did so far. show: where its end is shown too, as Markdown."""

    def __init__(  # noqa: D107
        self, settings: Settings, flow: str, period: date | None = None, show: Callable[[str], None] | None = None
    ) -> None:
        now, self.settings, self.show = datetime.now(UTC), settings, show
        self.record = RunRecord(
            run_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}",
            flow=flow,
            started_at=now,
            program=version("weaksignals"),
            process=os.getpid(),
            machine=platform.node(),
            period=period,
        )
        LOG.run_id = self.record.run_id

    def note(self, **changes: Any) -> None:
        """Add to the record."""
        self.record = replace(self.record, **changes)

    def write(self) -> None:
        """Put the record and its pages on the disk."""
        try:
            write_run(self.settings.folder, self.record)
        except (OSError, InputError) as error:
            tell(f"The report of the run can't be written ({error}). The run goes on.", "warning")

    def step(self, name: str, do: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
        """Do a stage of the run, and note what it took and what it made."""
        meter, begun, before = Meter(), datetime.now(UTC), self.record.stages
        self.note(stages=(*before, Stage(name, begun)))
        self.write()
        try:
            made = do(*given, **named)
        finally:
            took = Stage(name, begun, meter.seconds, meter.cpu_seconds, meter.peak_mb)
            self.note(stages=(*before, took))
        self.add(made)
        return made

    def add(self, made: object) -> None:
        """Note what was made, or what a refusal tells."""
        # It loads what stages need, which are loaded where a stage is done.
        from flows.noted import noted

        self.record = noted(made, self.record, self.settings)
        LOG.batch = self.record.batch

    def end(self, outcome: Outcome, sentence: str = "") -> None:
        """Note how it ended, and write that."""
        self.note(outcome=outcome, sentence=without_numbers(sentence), ended_at=datetime.now(UTC))
        self.write()
        tell(f"The report of the run: {self.page}")
        # Whoever asked it to end waits for it.
        if self.show and outcome != STOPPED:
            self.show(as_markdown(self.record, self.page, Language(self.settings.language)))

    @property
    def page(self) -> Path:
        """The page of the run, in the language of the reports."""
        return self.settings.folder.runs / self.record.run_id / page_name(self.settings.language)


@contextmanager
def recorded(
    settings: Settings, flow: str, period: date | None = None, show: Callable[[str], None] | None = None
) -> Iterator[Journal]:
    """Keep the record of the run within, which has locked the data folder. show: as of a Journal."""
    close_killed(settings)
    journal = Journal(settings, flow, period, show)
    journal.write()
    with end_recorded(journal):
        yield journal
    journal.end(DONE)


@contextmanager
def end_recorded(journal: Journal) -> Iterator[None]:
    """Record how what runs within ends, where it fails."""
    try:
        yield
    except BaseException as error:
        _note_what_is_known(journal, error)
        journal.end(*_ending(error))
        raise


def _ending(error: BaseException) -> tuple[Outcome, str]:
    """The outcome of a run that an error ended, and the sentence that is told of it."""
    if isinstance(error, RefusedError):
        return REFUSED, " ".join(one.message.format(**one.values) for one in _refusals(error.received))
    if isinstance(error, InputError):
        return REFUSED, str(error)
    if isinstance(error, StoppedError):
        return STOPPED, ""
    if type(error).__module__.startswith(("prefect.", "httpx")):
        return FAILED, "Prefect's server was lost."
    # The text of an error of our own may hold anything: its kind will do, the rest is in what the command printed.
    return FAILED, sentence_of(error) or f"An error of the program itself, {type(error).__name__}: see what it printed."


def _refusals(received: Received) -> tuple[Decision, ...]:
    """Why deliveries were refused, without what quotes their files."""
    return tuple(
        Decision(failure.message, {**failure.values, **dict.fromkeys(set(QUOTED) & set(failure.values), HIDDEN)})
        for failure in received.failures
    )


def _note_what_is_known(journal: Journal, error: BaseException) -> None:
    """Add what an error tells of deliveries that were refused, or of a list that looks broken."""
    if isinstance(error, RefusedError):
        folder = journal.settings.folder.received_of(error.received.batch, is_refused=not error.received.files)
        links = {**journal.record.links, "received": str(folder.relative_to(journal.settings.data))}
        journal.note(causes=_refusals(error.received), batch=error.received.batch, links=links)
        journal.note(is_simulated=error.received.is_simulated, missing=error.received.missing)
    elif journal.record.stages:
        journal.add(error)


def is_at_work(record: RunRecord) -> bool:
    """Whether a run that has not told its end goes on, as far as this machine can tell."""
    if record.outcome != UNFINISHED or record.machine != platform.node():
        return False
    try:
        os.kill(record.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def close_killed(settings: Settings) -> list[RunRecord]:
    """Write of each run that has not told its end that it was killed: only one at a time is at work, and that is us."""
    closed = []
    for record in runs(settings.folder)[0]:
        if record.outcome == UNFINISHED:
            at = [stage for stage in record.stages if stage.seconds is None]
            causes = tuple(Decision(LAST_STAGE, {"stage": STAGES[stage.name]}) for stage in at[-1:])
            sentence = "".join(cause.message.format(**cause.values) for cause in causes)
            closed.append(replace(record, outcome=KILLED, sentence=sentence, causes=causes))
            write_run(settings.folder, closed[-1])
    return closed
