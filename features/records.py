"""Records on disk: JSON with a version, read as typed values, upgraded where an older program wrote them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from features import store
from features.errors import InputError

Record = TypeVar("Record")
# Of each older version of a kind of record, the function that makes its content that of the next version.
Upgrades = Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]]
VERSION = "version"
# Files written before versions were kept.
FIRST_VERSION = 1


def read_record(path: Path, kind: type[Record], upgrades: Upgrades, remedy: str) -> Record:
    """The record in a file, of the newest version that this program knows: one more than the last of `upgrades`.

    remedy: what to do where it can't be read, as a sentence.
    Raises InputError where the file is missing, damaged, or of a version that is newer than this program.
    """
    try:
        content = json.loads(path.read_text())
        if not isinstance(content, dict):
            raise ValueError("it is no JSON object")
        content = upgraded(content, upgrades)
        return TypeAdapter(kind).validate_python(content)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3])
        raise InputError(f"{path} can't be read ({what}). {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} can't be read ({error}). {remedy}") from None


def upgraded(content: dict[str, Any], upgrades: Upgrades) -> dict[str, Any]:
    """The content as of the newest version, without its version number.

    Raises ValueError where its version is none that this program knows, or it lacks what its version should hold.
    """
    content = dict(content)
    version, newest = content.pop(VERSION, FIRST_VERSION), newest_of(upgrades)
    if version not in range(FIRST_VERSION, newest + 1):
        raise ValueError(f"it is of version {version}, and this program knows versions up to {newest}")
    for older in range(version, newest):
        try:
            content = upgrades[older](content)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"it is of version {older}, but lacks what that holds: {error}") from None
    return content


def newest_of(upgrades: Upgrades) -> int:
    """The version that this program writes."""
    return max(upgrades, default=FIRST_VERSION - 1) + 1


def as_json(record: object, upgrades: Upgrades) -> str:
    """The record as the text that `read_record` reads."""
    content = TypeAdapter(type(record)).dump_python(record, mode="json")
    return json.dumps({VERSION: newest_of(upgrades), **content}, indent=1, ensure_ascii=False)


def write_record(path: Path, record: object, upgrades: Upgrades) -> None:
    """Write a record whole or not at all."""
    store.write_text(path, as_json(record, upgrades))
