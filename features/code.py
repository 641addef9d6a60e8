"""Which code this is: a digest of source files, which tells more than a version does."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
SUFFIXES: Final = (".py", ".csv", ".txt", ".po", ".json")
# What reads the partners' files and builds the feature table, with its vocabularies.
BUILDS: Final = ("features",)


@cache
def code_digest(folders: Sequence[str] = BUILDS, but_for: tuple[str, ...] = ()) -> str:
    """A digest of the source in those folders: the same digest means the same code. but_for: paths to leave out."""
    found = hashlib.sha256()
    for path in sorted(_sources(folders)):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(but_for or "/"):
            found.update(f"{name}\n".encode() + path.read_bytes())
    return found.hexdigest()[:12]


def _sources(folders: Sequence[str]) -> Iterable[Path]:
    return (path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
