"""What a published list was made of, kept beside it: with the same files, model and code it can be made again."""

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from pydantic import JsonValue

from features.code import code_digest
from features.records import Upgrades, as_json, read_record
from features.store import digests
from features.table_record import StagedFile

MADE_OF: Final = "made_of.json"
# The source that decides what a list says, with its vocabularies and sentences; not the pages that show it.
MAKES_LISTS: Final = ("features", "models", "reports")
NOT_LISTS: Final = ("reports/review", "reports/templates")
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
class BuiltFrom:
    """Periods of the feature table that were built in one go, and the files that were staged then."""

    start: date
    end: date
    files: tuple[StagedFile, ...]


@dataclass(frozen=True)
class MadeOf:
    """What a list was made of.

    builds: of the periods of the feature table that it tells of, in the order in which they were built. earlier: the
    SHA-256 of each file of an earlier list or scoring that it tells of, by its path in the data folder. settings: those
    that decide. code: a digest of the source. contents: the SHA-256 of each file of the list.
    """

    model_id: str
    builds: tuple[BuiltFrom, ...]
    earlier: Mapping[str, str]
    settings: Mapping[str, JsonValue]
    code: str
    versions: Mapping[str, str]
    contents: Mapping[str, str]

    @property
    def files(self) -> tuple[StagedFile, ...]:
        """All files that it was made of."""
        return tuple(dict.fromkeys(file for build in self.builds for file in build.files))


def in_one_build(content: dict[str, Any]) -> dict[str, Any]:
    """A record of a version that built all periods anew for each list."""
    built = {name: content[name] for name in ("start", "end", "files")}
    return {name: value for name, value in content.items() if name not in built} | {"builds": [built]}


UPGRADES: Final[Upgrades] = {1: in_one_build}


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
    return {name: sha256 for name, sha256 in digests(folder).items() if name != MADE_OF}


def versions() -> dict[str, str]:
    """The versions that may decide on a figure or a byte."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in PACKAGES}}


def list_code() -> str:
    """A digest of the source that decides what a list says: the same digest means the same code."""
    return code_digest(MAKES_LISTS, NOT_LISTS)


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
