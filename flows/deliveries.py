"""Deliveries are checked before anything slow is loaded or started, and what was read of them is reported."""

from dataclasses import replace
from pathlib import Path

from features import deliveries
from features.received import Received, RefusedError, earlier_deliveries
from features.sources import SOURCES
from flows.settings import Settings
from reports.language import Language
from reports.received import Remark, notes_before_reading
from reports.received_page import page_name, write_received


def check(settings: Settings, raw: Path) -> list[Remark]:
    """What names and headers of the batches under `raw` tell that is worth a look, in English.

    Raises InputError where they must be refused, after writing the report that says why.
    """
    told = deliveries.check(raw, SOURCES, settings.folder.staged).told
    if told.failures:
        raise refused(settings, told)
    return notes_before_reading(told, Language("en"))


def reported(settings: Settings, received: Received) -> Received:
    """The reading with the deliveries before it, once its report is written."""
    received = replace(received, earlier=earlier_deliveries(settings.folder.received, received.files))
    write_received(settings.folder, received)
    return received


def refused(settings: Settings, received: Received) -> RefusedError:
    """Why deliveries are refused, and where the report is, once it is written."""
    received = reported(settings, received)
    return RefusedError(received, page(settings, received))


def page(settings: Settings, received: Received) -> Path:
    """The page that tells what was read, in the language of the reports."""
    folder = settings.folder.received_of(received.batch, is_refused=not received.files)
    return folder / page_name(settings.language)
