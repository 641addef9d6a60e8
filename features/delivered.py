"""What was staged, as the build reads it: the tables of the sources, and from when on each is known."""

from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis.backends import BaseBackend

from features.assemble import Tables, numbered
from features.days import first_period
from features.engine import read_parquet, write_parquet
from features.errors import InputError
from features.folder import all_parts
from features.ingest import read_staged
from features.periods import add_months, due_on
from features.received import read_reports
from features.sources import SOURCES
from features.sources.reading import staged_schema
from features.sources.source import ALWAYS_KNOWN

# What the histories of the register are told by.
HISTORIES = ("legal_unit_history", "establishments", "establishment_history")
REGISTER = ("legal_units", *HISTORIES, "perimeter_filter")
# What is read once, for the firms of the table alone: that of tens of millions of other firms too, and that of which
# the versions in several batches have to be compared.
READ_ONCE = (*HISTORIES, *(source.name for source in SOURCES if source.flow_key))
# Of these the SIREN stays text: a SIRET is made of it, or it is published. That of the others is a number.
AS_TEXT = (*HISTORIES, "bodacc")
# What several sources tell together: known from the first of them on.
TOGETHER = {
    "headcounts": ("firm_headcounts", "establishment_headcounts"),
    "procedures": ("urssaf_procedures", "bodacc"),
}


def newest_batch(staged: Path) -> str:
    """The name of the newest batch staged.

    Raises InputError where nothing is.
    """
    batches = {report.batch for source in SOURCES for report in read_reports(staged, source.name)}
    if not batches:
        raise InputError(f"Nothing is staged in {staged}. Run first: weaksignals ingest RAW")
    return max(batches)


def default_end(staged: Path, delivery_day: int) -> date:
    """The first period at which the newest batch counts."""
    return add_months(due_on(newest_batch(staged), delivery_day).replace(day=1), 1)


def procedures_batch(staged: Path) -> str:
    """The newest batch that tells of insolvency procedures: labels are known up to its delivery, no later."""
    reports = [*read_reports(staged, "urssaf_procedures"), *read_reports(staged, "bodacc")]
    # An export of the BODACC may hold other families of notices alone.
    return max((report.batch for report in reports if report.lines), default=newest_batch(staged))


def staged_tables(con: BaseBackend, staged: Path) -> dict[str, ir.Table]:
    """Every source by name, an empty table where it was never delivered."""
    tables = {}
    for source in SOURCES:
        records = read_staged(con, staged, source)
        tables[source.name] = _empty(staged_schema(source)) if records is None else records
    return tables


def narrowed(con: BaseBackend, staged: Path, tables: Tables, firms: ir.Table, scratch: Path) -> dict[str, ir.Table]:
    """The records of those firms in the sources of READ_ONCE, on disk: each bucket reads them. See AS_TEXT."""
    found = {}
    for source in (source for source in SOURCES if source.name in READ_ONCE):
        none, own = (t if source.name in AS_TEXT else numbered(t) for t in (tables[source.name], firms))
        records = read_staged(con, staged, source, own)
        write_parquet(con, none if records is None else records, scratch / source.name)
        found[source.name] = read_parquet(con, scratch / source.name)
    return found


def _empty(schema: ibis.Schema) -> ir.Table:
    return ibis.memtable(pd.DataFrame(columns=list(schema.names)), schema=schema)


def first_known(con: BaseBackend, staged: Path) -> dict[str, date | None]:
    """For each source, the names of TOGETHER and `firms`: the first period at which some record of it was known.

    By all records that are staged: those that a later version replaces were known as well.
    """
    known: dict[str, date | None] = {}
    for source in SOURCES:
        if not (staged / source.name).exists():
            known[source.name] = None
        elif source.name in REGISTER:
            known[source.name] = ALWAYS_KNOWN
        else:
            records = con.read_parquet(str(all_parts((staged / source.name).resolve())))
            first = records.aggregate(first=first_period(records.known_at.min())).execute()["first"][0]
            known[source.name] = None if pd.isna(first) else pd.Timestamp(first).date()
    together = {
        name: min((day for source in sources if (day := known[source])), default=None)
        for name, sources in TOGETHER.items()
    }
    return {**known, **together, "firms": ALWAYS_KNOWN}
