"""The lines of the partners' files behind a figure: of which sources, and whether they are still those of the table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from features.folder import DataFolder
from features.received import read_reports
from features.sources import SOURCES
from features.table_record import BuildRecord

# What a feature calls a source and is made of several.
MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "firms": ("legal_units", "legal_unit_history", "establishments", "establishment_history", "perimeter_filter"),
    "headcounts": ("firm_headcounts", "establishment_headcounts"),
    "establishments": ("establishments", "establishment_history"),
    "procedures": ("urssaf_procedures", "bodacc"),
    # A notice of their deposit tells when accounts were known.
    "financial_ratios": ("financial_ratios", "legal_notices"),
}
IN_ORDER: Final = tuple(source.name for source in SOURCES)


@dataclass(frozen=True)
class LineRead:
    """A line of a partner's file as it was read. line: from 1, as an editor counts. values: by our column names."""

    source: str
    batch: str
    file: str
    line: int
    known_on: date
    values: dict[str, Any]

    @property
    def said(self) -> str:
        """Its values that are known, as one text."""
        return ", ".join(f"{name} {value}" for name, value in self.values.items() if value not in (None, ""))


def delivered_sources(named: Iterable[str]) -> tuple[str, ...]:
    """The sources that are delivered, of the sources that features name."""
    found = {part for name in named for part in MADE_OF.get(name, (name,))}
    return tuple(name for name in IN_ORDER if name in found)


def staged_since(folder: DataFolder, built: BuildRecord) -> tuple[str, ...]:
    """The files that are staged and that the feature table was not made of, or the other way round, as batch/file."""
    now = {(r.batch, r.file, r.sha256) for name in IN_ORDER for r in read_reports(folder.staged, name)}
    then = {(file.batch, file.file, file.sha256) for file in built.files}
    return tuple(sorted({f"{batch}/{file}" for batch, file, _ in now ^ then}))
