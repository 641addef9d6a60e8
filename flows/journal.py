"""The record of a run, kept up to date on the disk from its start to its end, whatever the end is.

It never changes what becomes of the run: where it can't be written, that is told, and the run goes on.
"""

import os
import platform
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from features.errors import InputError
from features.received import Received, RefusedError
from flows.events import COMPLETE, FAIL, START, Events
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
    KILLED,
    REFUSED,
    STOPPED,
    UNFINISHED,
    Decision,
    Outcome,
    RunRecord,
    Stage,
    runs,
)
from reports.runs.words import LAST_STAGE, STAGES
from reports.unnamed import HIDDEN, without_numbers

# Values of refusals that may quote a partner's file.
QUOTED: Final = ("columns", "error")
LOST: Final = "Prefect's server was lost."
Given = ParamSpec("Given")
Made = TypeVar("Made")


@dataclass
class Journal:
    """What a run did so far.

    show: where its end is shown too, as Markdown. is_tried_again: whether the run is done again at once where Prefect's
    server is lost, so that nobody needs to be told.
    """

    settings: Settings
    record: RunRecord
    show: Callable[[str], None] | None = None
    is_tried_again: bool = False

    def __post_init__(self) -> None:  # noqa: D105
        self.events = Events(self.settings)

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
        self.events.stage(self.record, name, START)
        state = FAIL
        try:
            made = do(*given, **named)
            self.add(made)
            state = COMPLETE
        finally:
            took = Stage(name, begun, meter.seconds, meter.cpu_seconds, meter.peak_mb)
            self.note(stages=(*before, took))
            self.events.stage(self.record, name, state)
        return made

    def add(self, made: object) -> None:
        """Note what was made, or what a refusal tells."""
        # It loads what stages need, which are loaded where a stage is done.
        from flows.noted import noted

        try:
            self.record = noted(made, self.record, self.settings)
        except (OSError, InputError) as error:
            tell(f"The report of the run lacks a part ({error}). The run goes on.", "warning")
        LOG.batch = self.record.batch

    def end(self, outcome: Outcome, sentence: str = "", is_notified: bool = True) -> None:
        """Note how it ended, and tell that."""
        self.note(outcome=outcome, sentence=without_numbers(sentence), ended_at=datetime.now(UTC))
        self.tell(is_notified)

    def tell(self, is_notified: bool = True) -> None:
        """Write how it ended, tell those who are to be told, and show it."""
        self.write()
        self.events.run(self.record)
        tell(f"The report of the run: {self.page}")
        # Loaded at the end, for it takes libraries of its own.
        from flows.notifying import notify

        if is_notified and (told := notify(self.settings, self.record, self.page)):
            self.note(told=told)
            self.write()
            for sentence in told:
                tell(sentence)
        # Whoever asked it to end waits for it.
        if self.show and self.record.outcome != STOPPED:
            self.show(as_markdown(self.record, self.page, Language(self.settings.language)))

    @property
    def page(self) -> Path:
        """The page of the run, in the language of the reports."""
        return self.settings.folder.runs / self.record.run_id / page_name(self.settings.language)


def begun(
    settings: Settings,
    flow: str,
    period: date | None = None,
    show: Callable[[str], None] | None = None,
    is_tried_again: bool = False,
) -> Journal:
    """The journal of a run that begins now."""
    now = datetime.now(UTC)
    record = RunRecord(
        run_id=f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(2)}",
        flow=flow,
        started_at=now,
        program=version("weaksignals"),
        process=os.getpid(),
        machine=platform.node(),
        period=period,
    )
    LOG.run_id = record.run_id
    return Journal(settings, record, show, is_tried_again)


@contextmanager
def recorded(journal: Journal) -> Iterator[Journal]:
    """Keep the record of the run within, which has locked the data folder."""
    close_killed(journal.settings)
    journal.write()
    journal.events.run(journal.record)
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
        is_lost = type(error).__module__.startswith(("prefect.", "httpx"))
        outcome, sentence = (FAILED, LOST) if is_lost else _ending(error)
        journal.end(outcome, sentence, is_notified=not (is_lost and journal.is_tried_again))
        raise


def _ending(error: BaseException) -> tuple[Outcome, str]:
    """The outcome of a run that an error ended, and the sentence that is told of it."""
    if isinstance(error, RefusedError):
        return REFUSED, " ".join(one.message.format(**one.values) for one in _refusals(error.received))
    if isinstance(error, InputError):
        return REFUSED, str(error)
    if isinstance(error, StoppedError):
        return STOPPED, ""
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


def close_killed(settings: Settings) -> None:
    """Tell of each run that has not told its end that it was killed: only one at a time is at work, and that is us."""
    for record in runs(settings.folder)[0]:
        if record.outcome == UNFINISHED:
            at = [stage for stage in record.stages if stage.seconds is None]
            causes = tuple(Decision(LAST_STAGE, {"stage": STAGES[stage.name]}) for stage in at[-1:])
            sentence = "".join(cause.message.format(**cause.values) for cause in causes)
            Journal(settings, replace(record, outcome=KILLED, sentence=sentence, causes=causes)).tell()
