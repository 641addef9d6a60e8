"""The SIRENs to which the perimeter is restricted, where a batch contains such a file: one line per firm."""

from features.sources.formats import siren
from features.sources.source import Column, Source

PERIMETER_FILTER = Source(
    name="perimeter_filter",
    en="perimeter override",
    fr="périmètre imposé",
    files=("filter*.csv",),
    columns={"siren": Column("siren", siren)},
    known_at=None,
)
