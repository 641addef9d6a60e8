"""The inbox: files that partners drop are filed into batches, or put into quarantine with the reason beside them.

A file is copied, told in its batch's manifest, and only then removed from the inbox: whoever is killed in between loses
nothing, and the next call goes on.
"""

import errno
import os
import shutil
import stat
import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path
from typing import Final, Literal

from features import arrivals, engine, store
from features.arrivals import Place, harmless
from features.deliveries import check_header, find_batches, unread_file
from features.errors import InputError
from features.manifests import (
    MANIFEST,
    ZONE,
    ReceivedFile,
    read_manifest,
    read_manifests,
    write_manifest,
)
from features.periods import due_on
from features.received import SIMULATED, Failure, read_reports
from features.sources import SOURCES
from features.sources.files import find_files, is_named_as
from features.sources.source import Source
from features.staging import looked_through
from flows.failures import FULL_WORDS
from flows.notifying import notify_of_quarantine
from flows.settings import Settings
from models.protocol import Progress
from reports.language import Language
from reports.received import failure_sentence, unread_error

Outcome = Literal["filed", "received before", "quarantined", "waiting", "left"]
NOON: Final = time_of_day(12)
# What programs call a file that they have not received whole.
ARRIVING: Final = (".filepart", ".part", ".partial", ".tmp", ".crdownload")
CHANGED: Final = "It changed while it was read. It is looked at again next time."
LEFTOVER: Final = ".*." + "[0-9a-f]" * 32


@dataclass(frozen=True)
class Arrival:
    """What became of a thing that lay in the inbox.

    name: as it may be shown. batch: where it was filed, if it was. reason: why it was put aside, if it was, in the
    language of the reports.
    """

    name: str
    outcome: Outcome
    sentence: str
    batch: str = ""
    reason: str = ""

    def __str__(self) -> str:
        """As people are told it."""
        return f"{self.name}: {self.outcome}{f' in {self.batch}' if self.batch else ''}. {self.sentence}"


class _RefusedError(Exception):
    """A file that goes to quarantine; why, as sentences that can be said in the operator's language."""

    def __init__(self, *reasons: InputError) -> None:
        super().__init__(*reasons)
        self.reasons = reasons


class _StillArrivingError(Exception):
    """A file that is looked at again next time; why."""


@dataclass
class Inbox:
    """The inbox of a data folder at work.

    folder: where partners drop files. raw: where batches are. received_at: when what lies there was received.
    accepted: names of files that somebody looked at and found right. is_simulated: whether no firm in them is real.
    """

    settings: Settings
    folder: Path
    raw: Path
    received_at: datetime
    accepted: Collection[str] = ()
    is_simulated: bool = False
    progress: Progress = field(default=lambda _: None)

    def take_in(self) -> list[Arrival]:
        """Look at all that lies in the inbox, once.

        Raises InputError where there is no such folder, or the batches are of another kind: nothing is moved then.
        """
        if not self.folder.is_dir():
            raise InputError(f"{self.folder} is not a folder. Give the one in which partners drop their files.")
        self.raw.mkdir(parents=True, exist_ok=True)
        self._refuse_damaged()
        _remove_leftovers(self.raw)
        if any(batch.name.endswith(SIMULATED) != self.is_simulated for batch in self.batches()):
            raise InputError(
                f"Simulated and real deliveries can't be mixed in {self.raw}. Use another folder of batches: --raw"
            )
        found = sorted(path for path in self.folder.iterdir() if not path.name.startswith("."))
        return [self._taken(path) for path in found]

    def _refuse_damaged(self) -> None:
        """Raise InputError where a record of ours is damaged: no file that partners sent is to blame for it."""
        read_manifests(self.batches())
        for source in SOURCES:
            read_reports(self.settings.folder.staged, source.name)

    def batches(self) -> list[Path]:
        """The batches there are, in name order; none in a folder that is new."""
        has_batches = any(path.is_dir() and not path.name.startswith(".") for path in self.raw.iterdir())
        return find_batches(self.raw) if has_batches else []

    @property
    def day(self) -> date:
        """The day on which what lies there was received."""
        return self.received_at.astimezone(ZONE).date()

    def _taken(self, path: Path) -> Arrival:
        name = shown(path.name)
        self.progress(name)
        try:
            return self._looked_at(path)
        except _StillArrivingError as why:
            return Arrival(name, "waiting", str(why))
        except PermissionError:
            return Arrival(name, "left", "It can't be read, or not removed once it is filed: see who may write there.")
        except FileNotFoundError:
            return Arrival(name, "waiting", "It went away while it was looked at.")

    def _looked_at(self, path: Path) -> Arrival:
        if not stat.S_ISREG(path.lstat().st_mode):
            kind = "a link" if path.is_symlink() else "a folder" if path.is_dir() else "no file"
            return Arrival(shown(path.name), "left", f"It is {kind}, and stays where it is. Drop the files themselves.")
        try:
            return self._file(path)
        except _RefusedError as error:
            return self._quarantined(path, error.reasons)
        except InputError as error:
            if any(word in str(error) for word in FULL_WORDS):
                raise OSError(errno.ENOSPC, str(error)) from None
            return self._quarantined(path, (error,))

    def _file(self, path: Path) -> Arrival:
        """File a file, if nothing is wrong with it; InputError tells what is."""
        state = self._quiet(path)
        if arrivals.is_hostile(path.name):
            raise InputError(arrivals.HOSTILE, name=harmless(path.name))
        source = next((source for source in SOURCES if is_named_as(path, source)), None)
        if source is None:
            raise unread_error(unread_file("", path, SOURCES))
        sha256 = store.digest(path)
        if before := self._received_before(path, sha256):
            path.unlink()
            return Arrival(shown(path.name), "received before", f"The same bytes are in {before}: they are kept once.")
        check_header(path, source, SOURCES)
        month = arrivals.delivery_month(self.day, self.settings.delivery_day, self.settings.inbox.early_days)
        received = self._looked_through(path, source, month)
        if _state(path) != state or received.sha256 != sha256:
            raise _StillArrivingError(CHANGED)
        held = {batch.name: find_files(batch, source) for batch in self.batches()}
        place = arrivals.place_of(path.name, source, month, held, self.is_simulated)
        self._put(path, received, place)
        told = f"{source.title}: {received.kept:,} records" + (f" up to {received.last}." if received.last else ".")
        if place.replaces:
            told += f" It is a new version: that of {place.replaces} stays."
        return Arrival(shown(path.name), "filed", told, place.batch)

    def _quiet(self, path: Path) -> tuple[int, ...]:
        """What tells whether a file changed, of one that is not changing. Its change time can't be set by a sender."""
        seconds = self.settings.inbox.quiet_seconds
        if path.name.lower().endswith(ARRIVING):
            raise _StillArrivingError("By its name it is still arriving.")
        if time.time() - path.stat().st_ctime < seconds:
            raise _StillArrivingError(f"It changed less than {seconds} seconds ago: it may still be arriving.")
        return _state(path)

    def _received_before(self, path: Path, sha256: str) -> str:
        """Where the same bytes are, blank where they are nowhere."""
        size = path.stat().st_size
        for batch in reversed(self.batches()):
            for other in sorted(one for one in batch.iterdir() if one.is_file() and one.name != MANIFEST):
                if other.stat().st_size == size and store.digest(other) == sha256:
                    return f"{batch.name}/{shown(other.name)}"
        return ""

    def _looked_through(self, path: Path, source: Source, month: date) -> ReceivedFile:
        """What a file holds. Raises InputError where it should not be filed without a look at it."""
        settings, folder = self.settings, self.settings.folder
        con = engine.streaming(folder.scratch, memory_gb=1)
        source = source.with_lag(settings.lags.get(source.name))
        report, records = looked_through(con, path, source, f"{month:%y%m}", settings.delivery_day, folder.scratch)
        period = arrivals.covered(records, source, self.day)
        reports = read_reports(folder.staged, source.name)
        due = {one.batch: due_on(one.batch, settings.delivery_day) for one in reports}
        manifests = {batch.name: manifest for batch, manifest in read_manifests(self.batches()).items()}
        former = arrivals.former_delivery(path.name, source, month, manifests, reports, due)
        found = arrivals.doubts(report, period, former, self.day, settings.inbox, settings.max_rejected_share)
        if path.name not in self.accepted and (reasons := tuple(found)):
            raise _RefusedError(*reasons)
        counts = (report.lines, report.kept, report.rejected)
        return ReceivedFile(
            path.name, source.name, report.size, report.sha256, self.received_at, period.first, period.last, *counts
        )

    def _put(self, path: Path, received: ReceivedFile, place: Place) -> None:
        """Put a file into its batch; a new batch appears whole."""
        batch = self.raw / place.batch
        is_new = not batch.exists()
        folder = batch.with_name(f".{batch.name}.{uuid.uuid4().hex}") if is_new else batch
        folder.mkdir(exist_ok=True)
        manifest = read_manifest(folder).with_file(received)
        for other in place.beside:
            told = read_manifest(other.parent).of(other.name)
            manifest = manifest.with_file(told) if told else manifest
        write_manifest(folder, manifest)
        for other in place.beside:
            os.link(other, folder / other.name)
        if not store.copy_whole(path, folder / path.name, received.sha256):
            raise _StillArrivingError(CHANGED)
        if is_new:
            folder.rename(batch)
            store.sync(self.raw)
        path.unlink()

    def _quarantined(self, path: Path, reasons: Sequence[InputError]) -> Arrival:
        """Put a file into quarantine, with the reason beside it; the same bytes are there once."""
        language = Language(self.settings.language)
        said = " ".join(failure_sentence(Failure(error.message, error.values), language) for error in reasons)
        sha256 = store.digest(path)
        target = self.settings.folder.quarantine / f"{sha256[:16]}-{harmless(path.name)}"
        store.write_text(target.with_name(f"{target.name}.reason.txt"), f"{shown(path.name)}: {said}\n")
        if not target.exists() and not store.copy_whole(path, target, sha256):
            raise _StillArrivingError(CHANGED)
        path.unlink()
        sentence = f"{' '.join(map(str, reasons))} It is now {target}"
        return Arrival(shown(path.name), "quarantined", sentence, reason=said)


def tell_of_quarantine(settings: Settings, arrivals: Sequence[Arrival]) -> tuple[str, ...]:
    """Tell those whom the settings name of the files that were put aside; what became of each message."""
    return notify_of_quarantine(settings, {one.name: one.reason for one in arrivals if one.reason})


def time_of(day: str | None) -> datetime:
    """When files were received: noon of a day given as YYYY-MM-DD, or now.

    Raises InputError for what is no day, or not there yet.
    """
    now = datetime.now(ZONE)
    if day is None:
        return now
    try:
        given = datetime.combine(date.fromisoformat(day), NOON, ZONE)
    except ValueError:
        raise InputError(f'"{day}" is not a day. Write it as YYYY-MM-DD, for example 2024-01-26.') from None
    if given.date() > now.date():
        raise InputError(f"Nothing can have been received on {day} yet. Give a day up to today.")
    return given


def shown(name: str) -> str:
    """A name as it may be printed: what does not print, or turns the direction of writing, is spelt out."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in name)


def _state(path: Path) -> tuple[int, ...]:
    found = path.lstat()
    return found.st_ino, found.st_size, found.st_ctime_ns


def _remove_leftovers(raw: Path) -> None:
    """Remove the copies that a killed call left; what they are copies of is still where it was."""
    for folder in raw.glob(LEFTOVER):
        shutil.rmtree(folder)
    for file in raw.glob(f"*/{LEFTOVER}"):
        file.unlink()
