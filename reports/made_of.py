"""What a published list was made of, kept beside it: with the same files, model and code it can be made again."""

import hashlib
import importlib.metadata
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from features.folder import StagedFile
from features.records import Upgrades, as_json, read_record
from features.store import digest

MADE_OF: Final = "made_of.json"
UPGRADES: Final[Upgrades] = {}
# The source that decides what a list says, with its vocabularies and sentences; not the pages that show it.
MAKES_LISTS: Final = ("features", "models", "reports")
NOT_LISTS: Final = ("reports/review", "reports/templates")
SUFFIXES: Final = (".py", ".csv", ".txt", ".po", ".json")
PACKAGES: Final = (
    "babel",
    "duckdb",
    "ibis-framework",
    "lightgbm",
    "numpy",
    "pandas",
    "pyarrow",
    "scikit-learn",
    "weaksignals",
    "xlsxwriter",
)


@dataclass(frozen=True)
class MadeOf:
    """What a list was made of.

    start, end: the first and the last period of its feature table. files: that the table was made of. earlier: the
    SHA-256 of each file of an earlier list or scoring that it tells of, by its path in the data folder. settings: those
    that decide. code: a digest of the source. contents: the SHA-256 of each file of the list.
    """

    model_id: str
    start: date
    end: date
    files: tuple[StagedFile, ...]
    earlier: Mapping[str, str]
    settings: Mapping[str, JsonValue]
    code: str
    versions: Mapping[str, str]
    contents: Mapping[str, str]


def read_made_of(folder: Path) -> MadeOf:
    """What the list in a folder was made of.

    Raises InputError where that can't be read, or was not kept.
    """
    remedy = "Versions before this one kept no such record: their lists can't be made again exactly."
    return read_record(folder / MADE_OF, MadeOf, UPGRADES, remedy)


def made_of_text(record: MadeOf) -> str:
    """The record as the text that `read_made_of` reads."""
    return as_json(record, UPGRADES)


def contents(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a list, by name."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != MADE_OF)
    return {path.name: digest(path) for path in files}


def versions() -> dict[str, str]:
    """The versions that may decide on a figure or a byte."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}}


def code_digest() -> str:
    """A digest of the source that decides what a list says: the same digest means the same code."""
    found, root = hashlib.sha256(), Path(__file__).parents[1]
    for path in sorted(_sources(root)):
        found.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return found.hexdigest()[:12]


def _sources(root: Path) -> Iterator[Path]:
    for floor in MAKES_LISTS:
        for path in (root / floor).rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.suffix in SUFFIXES and not name.startswith(NOT_LISTS):
                yield path


def differences(then: MadeOf, now: MadeOf) -> Iterable[str]:
    """What differs between two makings of a list, as sentences: the code, the versions, the files of the table."""
    if then.code != now.code:
        yield f"The code is another: {then.code} then, {now.code} now."
    for name in sorted({*then.versions, *now.versions}):
        before, after = then.versions.get(name, "none"), now.versions.get(name, "none")
        if before != after:
            yield f"{name} is another version: {before} then, {after} now."
    if lost := sorted({*map(_named, then.files)} - {*map(_named, now.files)}):
        yield f"Not read again: {', '.join(lost)}."
    if new := sorted({*map(_named, now.files)} - {*map(_named, then.files)}):
        yield f"Read now, and not then: {', '.join(new)}."


def _named(file: StagedFile) -> str:
    return f"{file.batch}/{file.file}"
