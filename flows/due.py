"""Which sources of the month are there, and whether its run is to start: once for what there is."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from features.deliveries import Checked, check
from features.errors import InputError
from features.manifests import MANIFEST
from features.periods import add_months, batch_month, due_on
from features.received import Received
from features.records import Upgrades, read_record, write_record
from features.sources import SOURCES
from flows.settings import Settings

UPGRADES: Final[Upgrades] = {}


@dataclass(frozen=True)
class Started:
    """The last run that the inbox started: a digest of the files that there were, and when it ended."""

    files: str
    at: datetime


@dataclass(frozen=True)
class Month:
    """What there is of the newest delivery. period: that of the list that it gives.

    there: its sources. lacking: those that the run waits for. is_first: whether no earlier delivery tells which ones to
    wait for. told: what else names and headers tell. files: a digest of them.
    """

    period: date
    due: date
    there: tuple[str, ...]
    lacking: tuple[str, ...]
    is_first: bool
    told: Received
    files: str


def month_there(settings: Settings, raw: Path) -> Month:
    """What there is of the newest delivery under `raw`.

    Raises InputError where there is no batch, or the settings require a source that does not exist.
    """
    names = {source.name for source in SOURCES}
    if unknown := sorted({*settings.inbox.required} - names):
        raise InputError(
            f"[inbox] required: no source is named {', '.join(unknown)}. Choose among: {', '.join(sorted(names))}."
        )
    checked = check(raw, SOURCES, settings.folder.staged)
    month = batch_month(checked.told.batch)
    there = tuple(name for name, batch in checked.newest.items() if batch_month(batch) >= month)
    # What has no date, as a filter, need not come each month.
    dated = (source.name for source in SOURCES if source.known_at and source.name in checked.newest)
    required = settings.inbox.required or tuple(dated)
    lacking = tuple(name for name in required if name not in there)
    batches = {batch.name for batch in checked.batches} | {*checked.newest.values()}
    return Month(
        period=add_months(month, 1),
        due=due_on(checked.told.batch, settings.delivery_day),
        there=there,
        lacking=lacking,
        is_first=not settings.inbox.required and all(batch_month(batch) == month for batch in batches),
        told=checked.told,
        files=_digest(checked, month),
    )


def _digest(checked: Checked, month: date) -> str:
    """Of the files of a month's batches: their names, sizes and times of change."""
    found = hashlib.sha256()
    for batch in checked.batches:
        if batch_month(batch.name) == month:
            for path in sorted(one for one in batch.iterdir() if one.is_file() and one.name != MANIFEST):
                found.update(f"{batch.name}/{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return found.hexdigest()


def why_due(settings: Settings, month: Month, today: date) -> str:
    """Why the month's run is to start now, as a sentence; blank where it is not.

    A list that is published is not made anew, and what a run could not make a list of is not tried twice.
    """
    if month.period in settings.folder.snapshot().lists or _last_started(settings) == month.files:
        return ""
    if not month.lacking and not month.is_first:
        return "All sources that it waits for are there."
    latest = month.due + timedelta(days=settings.inbox.run_after_days)
    return f"It is the {today}: it starts with what there is." if today >= latest else ""


def _last_started(settings: Settings) -> str:
    path = settings.folder.inbox
    if not path.exists():
        return ""
    return read_record(path, Started, UPGRADES, "Remove it: the run of the month then starts once more.").files


@contextmanager
def remembered(settings: Settings, month: Month) -> Iterator[None]:
    """Keep for which files a run was made, where it ended as runs do: killed, or without a disk, it is tried again."""
    try:
        yield
    except InputError:
        _remember(settings, month)
        raise
    _remember(settings, month)


def _remember(settings: Settings, month: Month) -> None:
    write_record(settings.folder.inbox, Started(month.files, datetime.now(UTC)), UPGRADES)
