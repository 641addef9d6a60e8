"""The lines of the partners' files that tell of one firm, for an answer to whoever contests a figure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.accounts import dated
from features.folder import BuildRecord, DataFolder
from features.ingest import LINEAGE
from features.received import read_reports
from features.sources import SOURCES

# What a feature calls a source and is made of several files.
MADE_OF: Final = {
    "firms": ("legal_units", "legal_unit_history", "establishments", "establishment_history", "perimeter_filter"),
    "headcounts": ("firm_headcounts", "establishment_headcounts"),
    "procedures": ("urssaf_procedures", "bodacc"),
    "establishments": ("establishments", "establishment_history"),
    # A notice of their deposit tells when accounts were known.
    "financial_ratios": ("financial_ratios", "legal_notices"),
}
IN_ORDER: Final = tuple(source.name for source in SOURCES)


@dataclass(frozen=True)
class StagedRecord:
    """A line of a partner's file as it was read. line: from 1, as an editor counts. values: by our column names."""

    source: str
    batch: str
    file: str
    line: int
    known_on: date
    values: dict[str, Any]


def delivered_sources(named: Iterable[str]) -> tuple[str, ...]:
    """The sources that are delivered, of the sources that features name."""
    found = {part for name in named for part in MADE_OF.get(name, (name,))}
    return tuple(name for name in IN_ORDER if name in found)


def staged_records(
    con: BaseBackend, folder: DataFolder, sources: Iterable[str], siren: str, period: date
) -> list[StagedRecord]:
    """Every staged record of a firm that was known on the first day of `period`, the newest of each source first.

    Of two versions of a record both are there: the newest counts.
    """
    found = []
    for source in sources:
        own = _of_firm(con, folder, source, siren)
        if own is None:
            continue
        own = own.filter(own.known_at <= ibis.literal(period))
        for row in own.order_by(ibis.desc("known_at"), ibis.desc("batch"), "file", "line").to_pyarrow().to_pylist():
            values = {name: value for name, value in row.items() if name not in ("siren", *LINEAGE)}
            found.append(StagedRecord(source, row["batch"], row["file"], row["line"], _day(row["known_at"]), values))
    return found


def _of_firm(con: BaseBackend, folder: DataFolder, source: str, siren: str) -> ir.Table | None:
    """The staged records of a firm, None where the source was never delivered."""
    pattern = folder.staged_files(source)
    if pattern is None:
        return None
    records = con.read_parquet(str(pattern))
    own = records.filter(records.siren == siren)
    if source == "financial_ratios":
        notices = _of_firm(con, folder, "legal_notices", siren)
        return own if notices is None else dated(own, notices)
    return own


def _day(known_at: Any) -> date:
    return date(known_at.year, known_at.month, known_at.day)


def staged_since(folder: DataFolder, built: BuildRecord) -> tuple[str, ...]:
    """The files that are staged and that the feature table was not made of, or the other way round, as batch/file."""
    now = {(r.batch, r.file, r.sha256) for name in IN_ORDER for r in read_reports(folder.staged, name)}
    then = {(file.batch, file.file, file.sha256) for file in built.files}
    return tuple(sorted({f"{batch}/{file}" for batch, file, _ in now ^ then}))
