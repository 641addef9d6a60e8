"""Which of our own Parquet files is damaged: told by name, with the command that makes it anew.

The libraries that read them fail in many ways, some of which name no file. So nothing is caught where it is read: where
a command fails, the files are looked through.

A value that was garbled and still reads is found in lists and scores, whose pages have checksums; for staged records
and the feature table, see `features.unaltered`.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from features.errors import InputError
from features.folder import (
    CONTRIBUTIONS,
    FIRMS,
    LABELS,
    OPENINGS,
    PARTS,
    PERIOD,
    PROCEDURES,
    SCORES,
    TARGET_LIST,
    UNDECIDED,
    DataFolder,
    Snapshot,
)
from features.periods import month_in
from features.sources import SOURCES
from features.sources.reading import staged_schema

# The columns that tell each table from the others.
OF_A_PERIOD: Final = ("siren", "in_procedure", "procedure_state")
BESIDE_THE_PERIODS: Final = {
    FIRMS: ("siren", "name", "head_office"),
    OPENINGS: ("siren", "opened_on"),
    LABELS: ("siren", "period", "label"),
    PROCEDURES: ("siren", "stage", "known_at"),
    UNDECIDED: ("siren", "known_at"),
}
REJECTED: Final = ("file", "line", "column", "reason")
SCORED: Final = {SCORES: ("siren", "margin", "model_id"), CONTRIBUTIONS: ("siren", "base")}
LISTED: Final = ("siren", "alert", "rank", "model_id")


@dataclass(frozen=True)
class Damaged:
    """A file that can't be read, why, and what to do."""

    path: Path
    what: str
    remedy: str

    @property
    def sentence(self) -> str:
        """All three."""
        return f"{self.path} can't be read: {self.what}. {self.remedy}"


def problem_of(path: Path, columns: Collection[str]) -> str:
    """Why a file is not the Parquet table with those columns, read to its end; blank where it is."""
    if path.is_dir():
        return "it is a folder"
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            lacking = [name for name in columns if name not in file.schema_arrow.names]
            if lacking:
                return f"it is another table, without {', '.join(lacking)}"
            for _ in file.iter_batches():
                pass
    except FileNotFoundError:
        return "it is missing"
    except (OSError, ValueError) as error:
        return f"it is damaged ({str(error).splitlines()[0].rstrip('.')})"
    return ""


def damaged(folder: DataFolder) -> Iterator[Damaged]:
    """The files in a data folder that can't be read, those that others are made of first; each is read to its end."""
    for path, columns, remedy in _expected(folder):
        what = problem_of(path, columns)
        if what:
            yield Damaged(path, what, remedy)


@contextmanager
def told(folder: DataFolder) -> Iterator[None]:
    """Raise InputError about the damaged file where what runs within fails, and one is found."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        found = next(damaged(folder), None)
        if found is None:
            raise
        raise InputError(found.sentence) from error


def without_damaged(snapshot: Snapshot, period: date) -> tuple[Snapshot, tuple[tuple[str, date], ...]]:
    """The snapshot without the lists and scores of earlier periods that can't be read; and these, as (file, period)."""
    lists = {past: path for past, path in snapshot.lists.items() if past >= period or not problem_of(path, LISTED)}
    scores = {past: path for past, path in snapshot.scores.items() if past >= period or not _problem_of_scores(path)}
    gone = [(TARGET_LIST, past) for past in snapshot.lists if past not in lists]
    gone += [(SCORES, past) for past in snapshot.scores if past not in scores]
    return replace(snapshot, lists=lists, scores=scores), tuple(gone)


def _problem_of_scores(folder: Path) -> str:
    return "".join(problem_of(folder / name, columns) for name, columns in SCORED.items())


def _expected(folder: DataFolder) -> Iterator[tuple[Path, Sequence[str], str]]:
    """Each file, the columns that it must have, and what to do where it can't be read."""
    for source in SOURCES:
        of_source = folder.staged / source.name
        for path in _parts(of_source):
            yield path, staged_schema(source).names, "Read the deliveries again: weaksignals ingest RAW"
    for path in sorted(folder.rejects.glob(f"*/{PARTS}")):
        yield path, REJECTED, "Move it away, then read the deliveries again: weaksignals ingest RAW"
    for name, columns in BESIDE_THE_PERIODS.items() if folder.features.exists() else ():
        # Older versions wrote neither undecided notices nor labels in a file of their own.
        if name not in (UNDECIDED, LABELS) or (folder.features / name).exists():
            yield folder.features / name, columns, "Build the table again: weaksignals build"
    for part in sorted(folder.features.glob(f"{PERIOD}*")):
        month = part.name.removeprefix(PERIOD).removesuffix("-01")
        for path in _parts(part):
            yield (
                path,
                OF_A_PERIOD,
                f"Build that period again: weaksignals build --start {month} --end {month} --rebuild",
            )
    for scored in sorted(folder.scores.glob(f"{PERIOD}*")):
        for name, columns in SCORED.items():
            yield scored / name, columns, _published_anew(scored.name.removeprefix(PERIOD).removesuffix("-01"))
    for listed in sorted(path for path in folder.lists.glob("*") if month_in(path.name)):
        yield listed / TARGET_LIST, LISTED, _published_anew(listed.name)


def _published_anew(month: str) -> str:
    return f"Restore it from a back-up, or make it anew: weaksignals score --period {month}"


def _parts(folder: Path) -> list[Path]:
    """The Parquet files of a folder; the first one where there is none, for it is missing."""
    return (sorted(folder.glob(PARTS)) or [folder / "part-0.parquet"]) if folder.exists() else []
