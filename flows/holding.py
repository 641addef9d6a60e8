"""The files of a data folder as they stand at one moment, kept open while runs go on publishing.

Published folders are links that are replaced at once, and files are replaced whole: what is open stays as it was.
"""

import resource
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from features.errors import InputError
from features.store import VERSIONS

# What no other machine needs: see the operator's guide.
LEFT_OUT: Final = ("scratch", "rebuilt")
SQLITE: Final = b"SQLite format 3\0"
BESIDE_SQLITE: Final = ("-wal", "-shm", "-journal")
TRIES: Final = 20


@dataclass(frozen=True)
class Place:
    """Something in a data folder.

    link: where a published folder points, blank of a file. mark: changes with the file; None of a SQLite database,
    which is copied by its own means.
    """

    path: Path
    link: str = ""
    mark: tuple[int, int, int] | None = None

    @property
    def is_database(self) -> bool:
        """Whether it is a SQLite database."""
        return not self.link and self.mark is None


@dataclass(frozen=True)
class Held:
    """A moment of a data folder: published folders by their links, and the other files, open; both by name there."""

    links: Mapping[str, str]
    files: Mapping[str, IO[bytes]]


def places(root: Path) -> dict[str, Place]:
    """All that stands in a data folder, by name there; without half-written, superseded and working files.

    Looked through again where something is replaced meanwhile. Raises InputError where that never ends, or where a
    link leads nowhere.
    """
    gone = ""
    for _ in range(TRIES):
        try:
            return dict(_below(root, ""))
        except FileNotFoundError as error:
            gone = str(error.filename)
        time.sleep(0.1)
    raise InputError(f"{gone} goes away all the time, or is a link that leads nowhere. Back up once it stands still.")


def _below(folder: Path, name: str) -> Iterator[tuple[str, Place]]:
    for path in sorted(folder.iterdir()):
        inner = f"{name}{path.name}"
        # Hidden names are the lock's, half-written files', and Prefect's.
        if path.name.startswith(".") or inner in LEFT_OUT:
            continue
        target = path.readlink() if path.is_symlink() else None
        if target is not None and target.parts[0] == VERSIONS and len(target.parts) == 2:
            yield inner, Place(path, link=str(target))
            yield from _below(folder / target, f"{name}{target}/")
        # A link that somebody else made is followed, but not to where we come from: its content is what is wanted.
        elif path.is_dir() and not folder.resolve().is_relative_to(path.resolve()):
            yield from _below(path, f"{inner}/")
        elif found := _file(path):
            yield inner, found


def _file(path: Path) -> Place | None:
    """A plain file; None of anything else, and of what SQLite writes beside a database."""
    found = path.stat()
    main, dash, kind = path.name.rpartition("-")
    if not stat.S_ISREG(found.st_mode) or (dash + kind in BESIDE_SQLITE and _is_sqlite(path.with_name(main))):
        return None
    return Place(path, mark=None if _is_sqlite(path) else (found.st_ino, found.st_size, found.st_mtime_ns))


def _is_sqlite(path: Path) -> bool:
    with suppress(FileNotFoundError), path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE
    return False


def held(root: Path, until: ExitStack) -> Held:
    """A moment of a data folder, kept open `until` its end; begun again where something is published meanwhile.

    Raises InputError where the folder never stands still.
    """
    _allow_many_open_files()
    changed = ""
    for _ in range(TRIES):
        with ExitStack() as opened:
            before = places(root)
            files = _opened(before, opened)
            after = places(root)
            changed = next((name for name in {**before, **after} if before.get(name) != after.get(name)), "")
            if files is not None and not changed:
                until.enter_context(opened.pop_all())
                return Held({name: at.link for name, at in before.items() if at.link}, files)
        time.sleep(0.5)
    raise InputError(f"{root / changed} changes all the time, or cannot be opened. Back up once it stands still.")


def _opened(found: Mapping[str, Place], until: ExitStack) -> dict[str, IO[bytes]] | None:
    """The files, None where one of them is gone by now."""
    with suppress(FileNotFoundError):
        return {name: until.enter_context(at.path.open("rb")) for name, at in found.items() if at.mark}
    return None


def _allow_many_open_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
