"""What is staged, as one build reads it: every table once, on disk where it is read several times."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features import perimeter
from features.addresses import neighbours
from features.assemble import KnownFrom, Tables, numbered, size_reached, written_out
from features.build_record import staged_files
from features.delivered import TOGETHER, first_known, narrowed, newest_batch, procedures_batch, staged_tables
from features.engine import read_parquet, write_parquet
from features.folder import FeatureTable
from features.periods import due_on
from features.procedures import procedures
from features.scope import Scope
from features.sources import SOURCES
from features.table_record import StagedFile
from features.unaltered import refuse_altered_records

NEIGHBOURS, EVENTS = "neighbours", "procedures"
# Whose firms stand at one address.
NEARBY = ("legal_unit_history", "establishments", "urssaf_procedures", "bodacc")


@dataclass(frozen=True)
class Known:
    """What is staged, as a build reads it. files: all that are staged. observed_until: labels are known up to it.

    tables: by source, and `headcounts`, of some of which the SIREN is a number; firms: that can be in scope now;
    events: of the procedures of `everyone`, them and the firms of the kept periods.
    """

    batch: str
    files: tuple[StagedFile, ...]
    observed_until: date
    from_on: KnownFrom
    tables: Tables
    firms: ir.Table
    everyone: ir.Table
    events: ir.Table


def read_known(
    con: BaseBackend, staged: Path, scratch: Path, scope: Scope, delivery_day: int, former: FeatureTable | None
) -> Known:
    """Read what is staged. former: the table of which periods are kept, None where none is.

    Raises InputError where it is not what was staged.
    """
    refuse_altered_records(staged, SOURCES)
    tables = staged_tables(con, staged)
    known_from = first_known(con, staged)
    headcounts = perimeter.headcounts(*(numbered(tables[name]) for name in TOGETHER["headcounts"]))
    tables["headcounts"] = _on_disk(con, headcounts, scratch / "headcounts")
    firms = _on_disk(con, _firms(tables, known_from, scope), scratch / "universe")
    write_parquet(con, neighbours(firms, *(tables[name] for name in NEARBY)), scratch / NEIGHBOURS)
    everyone = _with_former(con, firms, former)
    tables |= narrowed(con, staged, tables, everyone, scratch)
    events = procedures(tables["urssaf_procedures"].semi_join(everyone, "siren"), tables["bodacc"])
    return Known(
        batch=newest_batch(staged),
        files=staged_files(staged),
        observed_until=due_on(procedures_batch(staged), delivery_day).replace(day=1),
        from_on=known_from,
        tables=tables,
        firms=firms,
        everyone=everyone,
        events=_on_disk(con, events, scratch / EVENTS),
    )


def _with_former(con: BaseBackend, firms: ir.Table, former: FeatureTable | None) -> ir.Table:
    """The firms, and those of earlier builds that are no longer listed: they are in periods that are kept."""
    if former is None:
        return firms
    others = con.read_parquet(str(former.firms)).anti_join(firms, "siren")
    return firms.union(others.select(firms.columns)) if {*firms.columns} <= {*others.columns} else firms


def _on_disk(con: BaseBackend, table: ir.Table, folder: Path) -> ir.Table:
    write_parquet(con, table, folder)
    return read_parquet(con, folder)


def _firms(tables: Tables, known_from: KnownFrom, scope: Scope) -> ir.Table:
    optional = ("establishments", "perimeter_filter", "legal_unit_history")
    there = {name: tables[name] if known_from[name] else None for name in optional}
    reached = size_reached(tables, scope, known_from)
    return perimeter.firms(
        tables["legal_units"],
        there["establishments"],
        None if reached is None else written_out(reached.select("siren").distinct()),
        there["perimeter_filter"],
        there["legal_unit_history"],
        excluded_categories=scope.excluded_categories,
    )
