"""A data folder of a back-up: it appears once all of it was unpacked and checked, or not at all."""

import json
import os
import shutil
import tarfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from features.errors import InputError
from features.records import read_record
from features.store import VERSIONS
from flows import postgres
from flows.archive import DATA, DUMP, RECORD, SUMS, UPGRADES, BackUp, Summed

PIECE: Final = 1 << 20


def restore(source: Path, data: Path, database: sa.URL) -> BackUp:
    """Make the data folder of an archive, and fill the PostgreSQL database, where it holds one.

    That database must be empty; where the settings name none, its dump is left in the folder.
    Raises InputError where the archive is damaged, or what it holds would replace something.
    """
    data = data.resolve()
    if data.exists() and any(data.iterdir()):
        raise InputError(f"{data} is not empty: nothing is replaced. Give a folder that is not there yet with --data.")
    data.parent.mkdir(parents=True, exist_ok=True)
    for left in data.parent.glob(f".{data.name}.restored-*"):
        shutil.rmtree(left)
    fresh = data.with_name(f".{data.name}.restored-{uuid.uuid4().hex}")
    fresh.mkdir()
    try:
        made, is_ours = _unpacked(source, fresh, database), database.get_backend_name() == "postgresql"
        (fresh / DATA).mkdir(exist_ok=True)
        if made.has_dump and is_ours:
            postgres.fill(database, fresh / DUMP)
        elif made.has_dump:
            (fresh / DUMP).replace(fresh / DATA / DUMP)
        (fresh / DATA).replace(data)
        return made
    finally:
        shutil.rmtree(fresh)


def _unpacked(source: Path, fresh: Path, database: sa.URL) -> BackUp:
    """What an archive says that it holds, once all of it is in a folder and is what was written."""
    with _opened(source) as archive:
        entries = iter(archive)
        first = next(entries, None)
        if first is None or first.name != RECORD:
            raise InputError(f"{source} is no back-up of weaksignals.")
        _unpack(archive, first, fresh)
        made = read_record(fresh / RECORD, BackUp, UPGRADES, "Take another back-up.")
        if shutil.disk_usage(fresh).free < made.size:
            raise InputError(f"The disk of {fresh.parent} has no room for {made.size / 1e6:,.0f} MB. Make room.")
        if made.has_dump and database.get_backend_name() == "postgresql":
            postgres.refuse_filled(database)
        files: dict[str, str] = {}
        links: dict[str, str] = {}
        for entry in entries:
            if entry.issym():
                links[entry.name] = _link(entry, fresh)
            else:
                files[entry.name] = _unpack(archive, entry, fresh)
        is_whole = files.pop(SUMS, None) and json.loads((fresh / SUMS).read_text()) == {"files": files, "links": links}
    if not is_whole:
        raise _damaged(source, "what it holds is not what was written")
    return made


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source, "r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise _damaged(source, str(error).splitlines()[0]) from None


def _damaged(source: Path, what: str) -> InputError:
    return InputError(f"{source} is damaged ({what}): nothing was restored. Take another back-up.")


def _unpack(archive: tarfile.TarFile, entry: tarfile.TarInfo, fresh: Path) -> str:
    """Write a file to the disk; its SHA-256."""
    # It refuses names that lead out of the folder, and what is no plain file or link.
    safe, content = tarfile.data_filter(entry, str(fresh)), archive.extractfile(entry)
    if content is None:
        raise tarfile.ReadError(f"{entry.name} is no file")
    path, summed = fresh / safe.name, Summed(content)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        while piece := summed.read(PIECE):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(safe.mode or 0o600)
    os.utime(path, (entry.mtime, entry.mtime))
    return summed.sha256


def _link(entry: tarfile.TarInfo, fresh: Path) -> str:
    """Make a link to a version beside it; where it points."""
    safe = tarfile.data_filter(entry, str(fresh))
    if Path(safe.linkname).parts[:1] != (VERSIONS,):
        raise tarfile.ReadError(f"{entry.name} is a link to elsewhere")
    path = fresh / safe.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(safe.linkname)
    return safe.linkname
