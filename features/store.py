"""The only writer of the data folder: a file or a folder appears whole or not at all.

A folder is written beside its final place, under `.versions/`, and appears when one symbolic link is replaced, which
is atomic. A file is written beside its place and then renamed. A run that is killed leaves the last good state
readable; the next run removes what it left behind.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO

from features.errors import InputError

VERSIONS, LOCK = ".versions", ".lock"
HALF_WRITTEN: Final = re.compile(r"\..*\.[0-9a-f]{32}")
# Rows per row group of a Parquet file, the part that a reader loads as a whole: few, because pages read one firm.
ROW_GROUP = 8192


def sync(path: Path) -> None:
    """Have a file, or what a folder holds, on the disk before going on."""
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
        sync(beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def copy_whole(source: Path, target: Path, sha256: str) -> bool:
    """Copy a file to where nothing stands, from another disk too: there whole or not at all.

    Whether it was done: not where its content is no longer that of `sha256`. Raises FileExistsError where something
    stands there.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        shutil.copyfile(source, beside)
        sync(beside)
        if digest(beside) != sha256:
            return False
        os.link(beside, target)
        sync(target.parent)
    finally:
        beside.unlink(missing_ok=True)
    return True


def digest(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a folder, by name."""
    return {path.name: digest(path) for path in sorted(folder.iterdir()) if path.is_file()}


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all."""
    write_bytes(path, text.encode())


@contextmanager
def new_folder(target: Path, *, keeps_former: bool = False) -> Iterator[Path]:
    """A folder to fill. Where no error occurs it replaces `target` at once, and the former content is deleted.

    keeps_former: leave that to the next run (see `sweep`), for those who still read it.
    Raises InputError where `target` is a folder that this program did not write.
    """
    versions = target.parent / VERSIONS
    fresh = versions / f"{target.name}-{uuid.uuid4().hex}"
    fresh.mkdir(parents=True)
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh)
        raise
    for path in fresh.rglob("*"):
        sync(path)
    former = target.resolve() if target.is_symlink() else None
    if target.is_dir() and former is None:
        raise InputError(f"{target} is a plain folder that this program did not write. Move it away and start again.")
    link = versions / f"{fresh.name}.link"
    link.symlink_to(Path(VERSIONS) / fresh.name)
    link.replace(target)
    if former is not None and not keeps_former:
        shutil.rmtree(former, ignore_errors=True)


def remove(path: Path) -> None:
    """Remove a file or a published folder at once: it is gone before its content is deleted."""
    version = path.resolve() if path.is_symlink() else None
    if path.is_dir() and version is None:
        version = path.parent / VERSIONS / f"{path.name}-{uuid.uuid4().hex}"
        version.parent.mkdir(exist_ok=True)
        path.replace(version)
    else:
        path.unlink()
    if version is not None:
        shutil.rmtree(version, ignore_errors=True)


def sweep(data: Path) -> None:
    """Remove what killed runs left behind: versions, half-written files and half-filled folders that nothing points to.

    A data folder within this one, as the demo's, has a lock of its own and maybe a writer at work: it is left alone.
    """
    for at, folders, names in os.walk(data):
        here = Path(at)
        if here != data and LOCK in names:
            folders.clear()
            continue
        for name in (*folders, *names):
            if HALF_WRITTEN.fullmatch(name):
                _delete(here / name)
        if VERSIONS in folders:
            live = {link.resolve() for link in here.iterdir() if link.is_symlink()}
            for version in (here / VERSIONS).iterdir():
                if version.is_symlink() or version.is_file() or version.resolve() not in live:
                    _delete(version)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        # Those who write without the lock, as exports do, may have given it its name meanwhile.
        path.unlink(missing_ok=True)


@contextmanager
def locked(data: Path, writer: str = "") -> Iterator[None]:
    """Lock the data folder for one writer, and remove what a killed run left in it.

    writer: its name, for those who are refused; the command if not given.
    Raises InputError where another process is writing there, or the folder can't be written.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
        handle = (data / LOCK).open("a+")
    except OSError as error:
        raise InputError(
            f"The data folder {data} can't be written: {error.strerror}. Choose another with --data."
        ) from None
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            who = handle.read().strip() or "another program"
            raise InputError(
                f"Another run is writing in {data}: {who}. Wait for it to end, or use another --data."
            ) from None
        _write_over(handle, f"{writer or ' '.join(['weaksignals', *sys.argv[1:2]])}, {_process()}")
        scratch = data / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        sweep(data)
        try:
            yield
        finally:
            with suppress(OSError):
                _write_over(handle, "")
                shutil.rmtree(scratch)


def _write_over(handle: TextIO, text: str) -> None:
    handle.truncate(0)
    handle.write(text)
    handle.flush()


def _process() -> str:
    return f"process {os.getpid()} on {platform.node()}, since {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
