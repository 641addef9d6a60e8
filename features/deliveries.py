"""What lies in the partners' batches, told from names and headers, before anything slow starts."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from features.errors import InputError
from features.sources.files import TextFile, bare_name, columns_found, find_files, position, read_header
from features.sources.source import Source

BATCH: Final = re.compile(r"^(\d{2})(0[1-9]|1[0-2])(_\w+)?$")


@dataclass(frozen=True)
class UnreadFile:
    """A file or folder of a batch that no source takes, by its name.

    nearest: the expected name that is nearest. holds: the source that its header is of, "" where it is of none.
    """

    batch: str
    file: str
    nearest: str
    holds: str


def find_batches(raw: Path) -> list[Path]:
    """The batches under a folder, in name order.

    Raises InputError where there is none, or where a folder is not named as a batch.
    """
    if not raw.is_dir():
        raise InputError(f"{raw} is not a folder. Give the folder that holds the batches, one sub-folder per delivery.")
    batches = sorted(path for path in raw.iterdir() if path.is_dir() and not path.name.startswith("."))
    for batch in batches:
        if not BATCH.match(batch.name):
            raise InputError(f'"{batch.name}" in {raw} is not a batch name. Rename it as YYMM or YYMM_suffix, as 2401.')
    if not batches:
        raise InputError(f"{raw} holds no batch. Put each delivery in a sub-folder named YYMM, for example 2401.")
    return batches


def received_on(batch: str, delivery_day: int) -> date:
    """The day on which a batch was delivered."""
    return date(2000 + int(batch[:2]), int(batch[2:4]), delivery_day)


def months_between(older: str, newer: str) -> int:
    """By how many months a batch is older than another."""
    years, months = int(newer[:2]) - int(older[:2]), int(newer[2:4]) - int(older[2:4])
    return years * 12 + months


def check_files(found: Mapping[str, Mapping[str, Sequence[Path]]], sources: Sequence[Source]) -> None:
    """Check the name and the header of each file that is about to be read.

    found: the files of each source, by batch. Raises InputError with one sentence for each file that can't be right:
    two files that are one, a missing column, the content of another source.
    """
    problems = []
    for source in sources:
        for batch, files in found.get(source.name, {}).items():
            problems += _told_twice(source, batch, files)
            for path in files:
                try:
                    _check_header(path, source, sources)
                except InputError as error:
                    problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))


def _told_twice(source: Source, batch: str, files: Sequence[Path]) -> list[str]:
    """Files of one name but for their compression and capitals: they would count twice."""
    by_name: dict[str, list[str]] = {}
    for path in files:
        by_name.setdefault(bare_name(path), []).append(path.name)
    return [
        f"{source.name}: batch {batch} holds {' and '.join(names)}: which of them counts? Remove the other."
        for names in by_name.values()
        if len(names) > 1
    ]


def _check_header(path: Path, source: Source, sources: Sequence[Source]) -> None:
    file = read_header(path)
    if file.is_json:
        return
    other = _source_of(file, sources)
    if other and _likeness(file, other) > _likeness(file, source):
        raise InputError(
            f"{source.name}: {path.name} holds {other.en}, by its columns ({', '.join(file.header[:8])}...). Give it "
            f"the name of such a file ({_names([other])[0]}), and deliver the {source.en}."
        )
    for column in source.columns.values():
        position(file, source, column)
    if not columns_found(file, source):
        raise InputError(
            f"{source.name}: {path.name} has no column for any month. Ask the partner for the full export."
        )


def _source_of(file: TextFile, sources: Sequence[Source]) -> Source | None:
    """The source that a file is most like, by its columns; None where it has but one of any, as a SIREN."""
    best = max(sources, key=lambda source: _likeness(file, source))
    return best if columns_found(file, best) > 1 else None


def _likeness(file: TextFile, source: Source) -> tuple[bool, int]:
    """Whether a file has all columns of a source, and how many: a history has most columns of the stock besides."""
    found = columns_found(file, source)
    return found > 1 and found == len(source.columns) + bool(source.melt), found


def _names(sources: Sequence[Source]) -> list[str]:
    """The names that files of the sources are expected to have."""
    return [pattern.replace("*", "") for source in sources for pattern in source.files]


def unread_files(batches: Sequence[Path], sources: Sequence[Source]) -> list[UnreadFile]:
    """The files and folders of the batches that no source takes, but for hidden ones."""
    found = []
    for batch in batches:
        read = {path for source in sources for path in find_files(batch, source)}
        others = sorted(path for path in batch.iterdir() if path not in read and not path.name.startswith("."))
        found += [_unread(batch.name, path, sources) for path in others]
    return found


def _unread(batch: str, path: Path, sources: Sequence[Source]) -> UnreadFile:
    try:
        held = _source_of(read_header(path), sources) if path.is_file() else None
    except InputError:
        held = None
    names = _names([held] if held else sources)
    nearest = max(names, key=lambda name: difflib.SequenceMatcher(None, bare_name(path), name.lower()).ratio())
    return UnreadFile(batch, path.name, nearest, held.en if held else "")
