"""What each batch received, and when: a manifest beside the files, from which a past reading can be repeated.

A batch that people filled by hand has none: it counts as delivered on its day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from features.periods import due_on
from features.records import Upgrades, read_record, write_record
from features.sources.files import find_files
from features.sources.source import Source

MANIFEST: Final = "manifest.json"
UPGRADES: Final[Upgrades] = {}
# Partners and operators count days in this zone.
ZONE: Final = ZoneInfo("Europe/Paris")


@dataclass(frozen=True)
class ReceivedFile:
    """A file as it was received, and what it held.

    size: in bytes. received_at: with its zone. first, last: the period that it covers, None where its records have no
    date. lines: read; kept: records made of them; rejected: lines.
    """

    file: str
    source: str
    size: int
    sha256: str
    received_at: datetime
    first: date | None
    last: date | None
    lines: int
    kept: int
    rejected: int

    @property
    def received_on(self) -> date:
        """The day on which it came."""
        return self.received_at.astimezone(ZONE).date()


@dataclass(frozen=True)
class Manifest:
    """The files that a batch received, by name; one whose filing was cut short is told here, and is not there yet."""

    files: tuple[ReceivedFile, ...] = ()

    def of(self, name: str) -> ReceivedFile | None:
        """What is known of a file of the batch."""
        return next((one for one in self.files if one.file == name), None)

    def with_file(self, received: ReceivedFile) -> "Manifest":
        """The manifest with one more file, in place of what it tells of another of that name."""
        others = (one for one in self.files if one.file != received.file)
        return replace(self, files=tuple(sorted([*others, received], key=lambda one: one.file)))


@dataclass(frozen=True)
class Late:
    """A delivery that came after its day: what was to be known from the day `due` on was known on the day `came`."""

    due: date
    came: date


def read_manifest(batch: Path) -> Manifest:
    """The manifest of a batch, an empty one where there is none.

    Raises InputError where it can't be read.
    """
    path = batch / MANIFEST
    if not path.exists():
        return Manifest()
    return read_record(path, Manifest, UPGRADES, "Restore it from a back-up: it tells when the files were received.")


def write_manifest(batch: Path, manifest: Manifest) -> None:
    """Write the manifest of a batch whole or not at all."""
    write_record(batch / MANIFEST, manifest, UPGRADES)


def came_on(manifest: Manifest, name: str, due: date) -> date:
    """The day on which a file of a batch was there: when it was due, or when it came where that is later."""
    received = manifest.of(name)
    return max(due, received.received_on) if received else due


def late_deliveries(manifests: Mapping[Path, Manifest], source: Source, delivery_day: int) -> tuple[Late, ...]:
    """The late deliveries of a source that is delivered whole each time, oldest first.

    manifests: by folder of the batch. A delivery is there with the last of its files, and again with each version: the
    first version counts. A later delivery that came before it has what it lacks.
    """
    came: dict[date, date] = {}
    for batch, manifest in manifests.items():
        due = due_on(batch.name, delivery_day)
        days = [came_on(manifest, path.name, due) for path in find_files(batch, source)]
        if days:
            came[due] = min(max(days), came.get(due, date.max))
    return _late(came)


def _late(came: Mapping[date, date]) -> tuple[Late, ...]:
    found: list[Late] = []
    first = date.max
    for due in sorted(came, reverse=True):
        first = min(first, came[due])
        if first > due:
            found.append(Late(due, first))
    return tuple(reversed(found))


def read_manifests(batches: Sequence[Path]) -> dict[Path, Manifest]:
    """The manifest of each batch.

    Raises InputError where one can't be read.
    """
    return {batch: read_manifest(batch) for batch in batches}
