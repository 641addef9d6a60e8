"""Whether our own files are still those that were written: none garbled, none in another one's place.

A Parquet file in which a value was garbled, or one that stands for another batch or period, is read without a word, and
every figure after it is wrong. So the digests that were kept with what was written are compared before it is used.
"""

from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path

from features import store
from features.errors import InputError
from features.folder import FeatureTable
from features.received import read_reports, staged_names
from features.sources.source import Source


def refuse_altered_records(staged: Path, sources: Collection[Source]) -> None:
    """Raise InputError where a file of staged records is not what was staged."""
    for source in sources:
        reports = read_reports(staged, source.name)
        for name, report in zip(staged_names(reports), reports, strict=True):
            # Older versions kept no digest.
            if report.staged_sha256 and not _is(staged / source.name / name, report.staged_sha256):
                raise InputError(
                    f"{staged / source.name / name} does not hold the records that were read from "
                    f"{report.batch}/{report.file}. Read the deliveries again: weaksignals ingest RAW"
                )


def refuse_altered_rows(table: FeatureTable, periods: Collection[date]) -> None:
    """Raise InputError where the rows of one of those periods, or what stands beside them, are not what was built."""
    for path, sha256 in _beside(table):
        if not _is(path, sha256):
            raise InputError(
                f"{path.name} of the feature table does not hold what was built. Build the table again: weaksignals "
                "build"
            )
    for period in sorted(periods):
        if not _is_as_built(table, period):
            month = f"{period:%Y-%m}"
            raise InputError(
                f"The feature table does not hold what was built for {month}. Build that period again: weaksignals "
                f"build --start {month} --end {month} --rebuild"
            )


def _is_as_built(table: FeatureTable, period: date) -> bool:
    made = table.made_of(period)
    if made is None:
        return True
    files = ((table.part(period) / name, sha256) for name, sha256 in made.contents.items())
    return made.period == period and all(_is(path, sha256) for path, sha256 in files)


def _beside(table: FeatureTable) -> Iterator[tuple[Path, str]]:
    return ((table.folder / name, sha256) for name, sha256 in table.record.contents.items())


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and store.digest(path) == sha256
