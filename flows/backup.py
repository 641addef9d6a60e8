"""A data folder and its database in one file, while both are in use."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import uuid
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Final

import sqlalchemy as sa

from features.errors import InputError
from features.records import as_json
from flows import postgres
from flows.archive import DATA, DUMP, RECORD, SUMS, UPGRADES, BackUp, Summed
from flows.holding import held, places

# Accounts, answers and figures of firms are in it.
FOR_ITS_OWNER: Final = 0o600
# Where the application's SQLite database is in the data folder, unless the settings name another place.
USUAL: Final = "review/review.db"


def back_up(data: Path, database: sa.URL, target: Path) -> BackUp:
    """Write the archive of a data folder and its database, whole or not at all.

    Raises InputError where the file may not be written there, or something can't be read.
    """
    if not data.is_dir():
        raise InputError(f"{data} is not a folder: there is nothing to back up.")
    if target.resolve().is_relative_to(data.resolve()):
        raise InputError(f"{target} is in the data folder itself. Give a file elsewhere, best on another disk.")
    if target.exists():
        raise InputError(f"{target} is there already. Give another name, or remove it.")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    _sweep(target)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as scratch, ExitStack() as until:
            # Databases first: the lists and the models that answers are about are then among the files.
            copies = _copies(data, database, Path(scratch))
            moment = held(data, until)
            opened = {name: until.enter_context(path.open("rb")) for name, path in copies.items()}
            files = {**{DATA + name: file for name, file in moment.files.items()}, **opened}
            made = _write(beside, files, {DATA + name: link for name, link in moment.links.items()})
        beside.replace(target)
        return made
    finally:
        beside.unlink(missing_ok=True)


def _sweep(target: Path) -> None:
    """Remove what a back-up to the same file that was killed has left."""
    for left in target.parent.glob(f".{target.name}.*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _copies(data: Path, database: sa.URL, scratch: Path) -> dict[str, Path]:
    """A consistent copy of each database, by its name in the archive; of one elsewhere, by its usual name."""
    found = {name: place.path for name, place in places(data).items() if place.is_database}
    own = Path(str(database.database)).resolve()
    if database.get_backend_name() == "sqlite" and own.exists() and own not in {p.resolve() for p in found.values()}:
        found[USUAL] = own
    copies = {DATA + name: _copy(path, scratch / str(number)) for number, (name, path) in enumerate(found.items())}
    if database.get_backend_name() == "postgresql":
        copies[DUMP] = postgres.dump(database, scratch / DUMP)
    return copies


def _copy(database: Path, target: Path) -> Path:
    """A copy of a SQLite database that may be in use."""
    uri = f"{database.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=60)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except sqlite3.Error as error:
        raise InputError(f"{database} can't be backed up ({error}). See: weaksignals doctor") from None
    return target


def _write(target: Path, files: dict[str, IO[bytes]], links: dict[str, str]) -> BackUp:
    size = sum(os.fstat(file.fileno()).st_size for file in files.values())
    made = BackUp(datetime.now(UTC), version("weaksignals"), len(files), size, DUMP in files)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FOR_ITS_OWNER), "wb") as out:
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            _add_text(archive, RECORD, as_json(made, UPGRADES))
            for name, link in links.items():
                entry = tarfile.TarInfo(name)
                entry.type, entry.linkname = tarfile.SYMTYPE, link
                archive.addfile(entry)
            sums = {name: _add(archive, name, file) for name, file in files.items()}
            _add_text(archive, SUMS, json.dumps({"files": sums, "links": links}))
        out.flush()
        os.fsync(out.fileno())
    return made


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes]) -> str:
    """Add a file as long as it is now; its SHA-256."""
    found, entry, summed = os.fstat(file.fileno()), tarfile.TarInfo(name), Summed(file)
    entry.size, entry.mtime, entry.mode = found.st_size, int(found.st_mtime), found.st_mode & 0o777
    archive.addfile(entry, summed)
    return summed.sha256


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
