"""The only writer of the data folder: a file or a folder appears whole or not at all.

A folder is written beside its final place under `.versions/` and appears by the atomic replacement of one symbolic
link; a file is written beside its place and renamed. A run that dies leaves the last good state readable, and what it
left behind is swept by the next run.
"""

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from features.errors import InputError

VERSIONS = ".versions"
# Rows of a Parquet file that are read together: so few that one firm is found without reading a country.
ROW_GROUP = 8192


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        beside.write_bytes(content)
        _sync(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, text.encode())


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill; on leaving without an error it replaces `target` at once, and the former content goes."""
    versions = target.parent / VERSIONS
    fresh = versions / f"{target.name}-{uuid.uuid4().hex}"
    fresh.mkdir(parents=True)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh)
        raise
    for path in fresh.rglob("*"):
        _sync(path)
    former = target.resolve() if target.is_symlink() else None
    if target.is_dir() and former is None:
        raise InputError(f"{target} is a plain folder that this program did not write. Move it away and start again.")
    link = versions / f"{fresh.name}.link"
    link.symlink_to(Path(VERSIONS) / fresh.name)
    link.replace(target)
    if former is not None:
        shutil.rmtree(former, ignore_errors=True)


def sweep(data: Path) -> None:
    """Remove what killed runs left behind: versions and half-written files that nothing points to."""
    for versions in data.rglob(VERSIONS):
        live = {link.resolve() for link in versions.parent.iterdir() if link.is_symlink()}
        for version in versions.iterdir():
            if version.is_symlink() or version.is_file():
                version.unlink()
            elif version.resolve() not in live:
                shutil.rmtree(version)
    for leftover in data.rglob(".*." + "[0-9a-f]" * 32):
        leftover.unlink()


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the data folder for one writer, after sweeping what a killed one left.

    Raises InputError where another process is writing there.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = (data / ".lock").open("w")
    except OSError as error:
        raise InputError(
            f"The data folder {data} can't be written: {error.strerror}. Choose another with --data."
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"Another run is writing in {data}. Wait for it to end, or use another --data.") from None
        scratch = data / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        sweep(data)
        try:
            yield
        finally:
            with suppress(OSError):
                shutil.rmtree(scratch)
