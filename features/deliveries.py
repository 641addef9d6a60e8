"""What lies in the partners' batches, told from names and headers, before anything slow starts."""

import difflib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.errors import InputError
from features.manifests import MANIFEST
from features.periods import batch_month, months_between
from features.received import SIMULATED, Failure, FileReport, Received, UnreadFile, read_reports
from features.sources.files import NO_MONTH, TextFile, bare_name, columns_found, find_files, position, read_header
from features.sources.source import Source

BATCH: Final = re.compile(r"^(\d{2})(0[1-9]|1[0-2])(_\w+)?$")
Found = Mapping[str, Sequence[Path]]


@dataclass(frozen=True)
class Checked:
    """What names and headers tell, before anything is read.

    batches: oldest first. found: the files of each source that are to be read, by batch. newest: of each source that
    was ever delivered, its newest batch. told: the rest, as operators are told it, with why deliveries are refused if
    they must be.
    """

    batches: tuple[Path, ...]
    found: Mapping[str, Found]
    newest: Mapping[str, str]
    told: Received


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


def check(raw: Path, sources: Sequence[Source], staged: Path) -> Checked:
    """What lies under `raw`, and whether it may be read. Quick: reads the first bytes of each file.

    Refused are files and folders whose name or header can't be right, and deliveries without the register or without
    procedures. Raises InputError where there is no batch at all.
    """
    batches = find_batches(raw)
    former = {source.name: read_reports(staged, source.name) for source in sources}
    found = {source.name: _to_read(batches, source, former[source.name]) for source in sources}
    newest = {name: max([*files, *(r.batch for r in former[name])], default="") for name, files in found.items()}
    known = {name: batch for name, batch in newest.items() if batch}
    problems = [
        *_mixture({batch.name for batch in batches} | {r.batch for reports in former.values() for r in reports}),
        *wrong_files(found, sources),
        *_required(set(known)),
    ]
    last = max([batches[-1].name, *known.values()])
    ages = {name: months_between(batch_month(batch), batch_month(last)) for name, batch in known.items()}
    told = Received(
        batch=batches[-1].name,
        unread=tuple(unread_files(batches, sources)),
        stale={name: months for name, months in ages.items() if months > 0},
        missing=tuple(source.name for source in sources if source.name not in known),
        failures=tuple(Failure(error.message, error.values) for error in problems),
    )
    return Checked(tuple(batches), found, known, told)


def _to_read(batches: list[Path], source: Source, former: Sequence[FileReport]) -> Found:
    """The files of a source by batch: of the newest batch that has it, or of all where batches add up."""
    found = {batch.name: files for batch in batches if (files := find_files(batch, source))}
    if source.flow_key:
        return found
    newest = max([*found, *(report.batch for report in former)], default="")
    return {batch: files for batch, files in found.items() if batch == newest}


def _mixture(names: set[str]) -> Iterator[InputError]:
    if len({name.endswith(SIMULATED) for name in names}) > 1:
        yield InputError(
            "Simulated and real deliveries can't be mixed: {batches}. Use another --data folder.",
            batches=", ".join(sorted(names)),
        )


def _required(there: set[str]) -> Iterator[InputError]:
    if "legal_units" not in there:
        yield InputError("No file of legal units (StockUniteLegale_utf8.csv) was found: the register is required.")
    if not there & {"urssaf_procedures", "bodacc"}:
        yield InputError("No file of insolvency procedures (sigfaible_pcoll.csv or annonces-commerciales*) was found.")


def wrong_files(found: Mapping[str, Found], sources: Sequence[Source]) -> Iterator[InputError]:
    """What is wrong with the name or the header of each file that is about to be read.

    found: the files of each source, by batch. Two files that are one, a missing column, the content of another source.
    """
    # Of sources that are read from one file, the first tells what is wrong with it.
    first_of = {source.files: source for source in reversed(sources)}
    for source in (source for source in sources if first_of[source.files] is source):
        for batch, files in found.get(source.name, {}).items():
            yield from _told_twice(source, batch, files)
            for path in files:
                try:
                    check_header(path, source, sources)
                except InputError as error:
                    yield error


def _told_twice(source: Source, batch: str, files: Sequence[Path]) -> Iterator[InputError]:
    """Files of one name but for their compression and capitals: they would count twice."""
    by_name: dict[str, list[str]] = {}
    for path in files:
        by_name.setdefault(bare_name(path), []).append(path.name)
    for names in by_name.values():
        if len(names) > 1:
            yield InputError(
                "{source}: batch {batch} holds {files}: which of them counts? Remove the other.",
                source=source.name,
                batch=batch,
                files=", ".join(names),
            )


def check_header(path: Path, source: Source, sources: Sequence[Source]) -> None:
    """Raise InputError where the header of a file is not that of its source, by its name."""
    file = read_header(path)
    if file.is_json:
        return
    other = _source_of(file, sources)
    # Two sources may be read from one file: it is then not that of the other one.
    if other and other.files != source.files and _likeness(file, other) > _likeness(file, source):
        raise InputError(
            "{source}: {file} holds {content}, by its columns ({columns}...). Give it the name of such a file "
            "({name}), and deliver the {expected}.",
            source=source.name,
            file=path.name,
            content=other.en,
            columns=", ".join(file.header[:8]),
            name=_names([other])[0],
            expected=source.en,
        )
    for column in source.columns.values():
        position(file, source, column)
    if not columns_found(file, source):
        raise InputError(NO_MONTH, source=source.name, file=path.name)


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
        others = sorted(path for path in batch.iterdir() if _may_be_read(path, read))
        found += [unread_file(batch.name, path, sources) for path in others]
    return found


def _may_be_read(path: Path, read: Collection[Path]) -> bool:
    return path not in read and path.name != MANIFEST and not path.name.startswith(".")


def unread_file(batch: str, path: Path, sources: Sequence[Source]) -> UnreadFile:
    """What a file that no source takes may be: the name that is nearest, and what it holds by its header."""
    try:
        held = _source_of(read_header(path), sources) if path.is_file() else None
    except InputError:
        held = None
    names = _names([held] if held else sources)
    nearest = max(names, key=lambda name: difflib.SequenceMatcher(None, bare_name(path), name.lower()).ratio())
    return UnreadFile(batch, path.name, nearest, held.en if held else "")
