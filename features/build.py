"""From staged sources to the published feature table, a bucket of firms at a time so that a country fits in memory."""

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq
from ibis.backends import BaseBackend

from features import accounts, perimeter, store
from features.addresses import neighbours
from features.assemble import KnownFrom, Tables, assemble, compared, ordered, size_reached
from features.build_record import build_record, dictionary_version
from features.checked import Checked
from features.checks import checked
from features.delivered import (
    default_end,
    first_known,
    narrowed,
    newest_batch,
    procedures_batch,
    staged_tables,
)
from features.engine import kept, read_parquet, write_parquet
from features.errors import InputError
from features.folder import (
    BUILD,
    BUILD_UPGRADES,
    FIRMS,
    OPENINGS,
    PROCEDURES,
    UNDECIDED,
    FeatureTable,
    all_parts,
)
from features.hashing import firm_hash
from features.past import kept_periods, labels_known_until, link_parts, shares_together
from features.periods import due_on, period_range
from features.procedures import procedures, undecided
from features.records import write_record
from features.register import TODAYS
from features.scope import Scope
from features.sources import SOURCES
from features.table_contract import check_feature_table
from features.target import openings
from features.themes.context import failure_rates

FIRMS_PER_BUCKET = 20_000
ROWS_PER_BLOCK = 2_000_000
EXPOSURE = "exposure"
NEIGHBOURS = "neighbours"


@dataclass(frozen=True)
class Built:
    """What a build made, start to end; kept: the periods of the earlier build that stand beside them as they were.

    checked: what its tables tell of each other.
    """

    folder: Path
    rows: int
    firms: int
    start: date
    end: date
    kept: tuple[date, ...]
    absent: tuple[str, ...]
    checked: tuple[Checked, ...]


def build(
    con: BaseBackend,
    staged: Path,
    target: Path,
    scratch: Path,
    scope: Scope,
    delivery_day: int,
    progress: Callable[[str], None],
    is_rebuild: bool = False,
) -> Built:
    """Build the feature table of the scope and publish it at once.

    is_rebuild: whether the periods that are built already and not in the scope are removed; else they are kept.
    Raises InputError where nothing is staged, the scope holds no firm, or what is built already can't be kept.
    """
    batch = newest_batch(staged)
    if scope.end > default_end(staged, delivery_day):
        raise InputError(
            f"No delivery covers {scope.end:%Y-%m}: the newest batch is {batch}. Ingest a newer one, or give an end of "
            f"{default_end(staged, delivery_day):%Y-%m} or before."
        )
    former, end = FeatureTable(target.resolve()), scope.end
    kept_ones = () if is_rebuild else kept_periods(former, scope, dictionary_version())
    tables = staged_tables(con, staged)
    known_from = first_known(staged, tables)
    firms = _firms(con, tables, known_from, scope, scratch)
    everyone = ("legal_unit_history", "establishments", "urssaf_procedures", "bodacc")
    write_parquet(con, neighbours(firms, *(tables[name] for name in everyone)), scratch / NEIGHBOURS)
    tables |= narrowed(con, staged, tables, firms, scratch)
    count = int(firms.count().execute())
    if count == 0:
        raise InputError(
            "No firm is in scope: none of the legal units reaches the minimum headcount outside of the excluded "
            "categories. Check the headcount file, the filter file and the perimeter settings."
        )
    observed_until = due_on(procedures_batch(staged), delivery_day).replace(day=1)
    buckets = -(-count // FIRMS_PER_BUCKET)
    parts = scratch / "parts"
    for bucket in range(buckets):
        progress(f"features of firms, part {bucket + 1} of {buckets}")
        _build_bucket(con, firms, tables, scope, known_from, observed_until, (bucket, buckets), parts)
    absent = tuple(source.name for source in SOURCES if known_from.get(source.name) is None)
    scope = _from_first_row(con, parts, scope)
    start = scope.start
    with store.new_folder(target) as folder:
        rates = _failure_rates(con, scratch, known_from["procedures"])
        rows = _publish(con, parts, rates, folder, scope, count, progress)
        kept_rows = link_parts(former, kept_ones, FeatureTable(folder))
        for name in (OPENINGS, PROCEDURES, UNDECIDED):
            table = con.read_parquet(str(all_parts(scratch / name, "*")))
            store.write_bytes(folder / name, _as_parquet(con, table.order_by(table.columns)))
        store.write_bytes(folder / FIRMS, _as_parquet(con, firms.order_by("siren")))
        todays = _todays_shares(con.read_parquet(str(all_parts(parts, "*"))))
        if kept_ones:
            todays = shares_together((todays, former.record.todays_shares), (rows, kept_rows))
            observed_until = labels_known_until(former.record, kept_ones, observed_until)
            scope = replace(scope, start=min(scope.start, *kept_ones), end=max(scope.end, *kept_ones))
        delivered = frozenset(source.name for source in SOURCES) - set(absent)
        every = con.read_parquet(str(all_parts(parts, "*")))
        found = tuple(checked(tables, delivered, default_end(staged, delivery_day), every))
        record = build_record(staged, scope, observed_until, batch, absent, todays, found)
        write_record(folder / BUILD, record, BUILD_UPGRADES)
    return Built(target, rows, count, start, end, kept_ones, absent, found)


def _firms(con: BaseBackend, tables: Tables, known_from: KnownFrom, scope: Scope, scratch: Path) -> ir.Table:
    headcounts = perimeter.headcounts(tables["firm_headcounts"], tables["establishment_headcounts"])
    optional = ("establishments", "perimeter_filter", "legal_unit_history")
    there = {name: tables[name] if known_from[name] else None for name in optional}
    firms = perimeter.firms(
        tables["legal_units"],
        there["establishments"],
        size_reached({**tables, "headcounts": headcounts}, scope, known_from),
        there["perimeter_filter"],
        there["legal_unit_history"],
        excluded_categories=scope.excluded_categories,
    )
    write_parquet(con, firms, scratch / "universe")
    return read_parquet(con, scratch / "universe")


def _build_bucket(
    con: BaseBackend,
    firms: ir.Table,
    tables: Tables,
    scope: Scope,
    known_from: KnownFrom,
    observed_until: date,
    bucket: tuple[int, int],
    parts: Path,
) -> None:
    number, of = bucket
    with kept(con, parts.parent) as keep:
        own = keep(firms.filter(firm_hash(firms.siren) % of == number))
        mine = {name: table.semi_join(own, "siren") for name, table in tables.items() if name != "legal_units"}
        mine["headcounts"] = keep(perimeter.headcounts(mine["firm_headcounts"], mine["establishment_headcounts"]))
        mine["financial_ratios"] = keep(accounts.dated(mine["financial_ratios"], mine["legal_notices"]))
        mine[NEIGHBOURS] = read_parquet(con, parts.parent / NEIGHBOURS)
        mine["procedures"] = keep(procedures(mine["urssaf_procedures"], mine["bodacc"]))
        table, exposure = assemble(own, mine, scope, known_from, observed_until, keep)
        write_parquet(con, table, parts / f"bucket-{number:03d}")
        written = {
            EXPOSURE: exposure,
            OPENINGS: openings(mine["procedures"]),
            PROCEDURES: mine["procedures"],
            UNDECIDED: undecided(mine["bodacc"]),
        }
        for name, rows in written.items():
            write_parquet(con, rows, parts.parent / name / f"bucket-{number:03d}")


def _as_parquet(con: BaseBackend, table: ir.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(con.to_pyarrow(table), out, row_group_size=store.ROW_GROUP, write_page_checksum=True)
    return out.getvalue()


def _from_first_row(con: BaseBackend, parts: Path, scope: Scope) -> Scope:
    """The scope from the first period on at which some firm is in it: with open data, once accounts are known.

    Raises InputError where none is at any period.
    """
    table = con.read_parquet(str(all_parts(parts, "*")))
    first = table.aggregate(first=table.period.min()).to_pyarrow()["first"][0].as_py()
    if first is None:
        raise InputError(
            f"No firm was in scope from {scope.start:%Y-%m} to {scope.end:%Y-%m}, by what was known then. Build later "
            "periods, or check the headcount or accounts file and the perimeter settings."
        )
    return replace(scope, start=max(scope.start, first))


def _failure_rates(con: BaseBackend, scratch: Path, known_from: date | None) -> ir.Table:
    """The failure rates of the groups of firms, on disk; none before procedures are known."""
    counts = con.read_parquet(str(all_parts(scratch / EXPOSURE, "*")))
    known = counts.filter(counts.period > ibis.literal(known_from)) if known_from else counts.limit(0)
    write_parquet(con, failure_rates(known), scratch / "failure_rates")
    return read_parquet(con, scratch / "failure_rates")


def _publish(
    con: BaseBackend,
    parts: Path,
    rates: ir.Table,
    folder: Path,
    scope: Scope,
    firms: int,
    progress: Callable[[str], None],
) -> int:
    """Compare the firms of each period and write it as one partition; the rows written. firms: the most in one."""
    rows = 0
    table, table_of = con.read_parquet(str(all_parts(parts, "*"))), FeatureTable(folder)
    periods = period_range(scope.start, scope.end)
    at_once, block_folder = max(1, ROWS_PER_BLOCK // firms), parts.parent / "block"
    for first in range(0, len(periods), at_once):
        block = periods[first : first + at_once]
        progress(f"feature table, {block[0]:%Y-%m} to {block[-1]:%Y-%m}")
        of_block = table.filter(table.period.between(block[0], block[-1]))
        ranked = ordered(compared(of_block, rates))
        # In row groups of about a period, so that each period is read alone.
        write_parquet(con, ranked.order_by("period", "siren"), block_folder, max(firms, store.ROW_GROUP))
        ranked = read_parquet(con, block_folder)
        check_feature_table(ranked)
        rows += int(ranked.count().execute())
        for period in block:
            of_period = ranked.filter(ranked.period == ibis.literal(period)).drop("period").order_by("siren")
            write_parquet(con, of_period, table_of.part(period), store.ROW_GROUP)
    return rows


def _todays_shares(table: ir.Table) -> dict[str, float]:
    """Of each fact of the register, the share of the rows in which it is that of today, as no history tells the past.

    A fact of which the past is told in every row is left out.
    """
    shares = {fact: table[flag].cast("float64").mean() for fact, flag in TODAYS.items()}
    row = table.aggregate(**shares).execute().iloc[0]
    return {fact: float(row[fact]) for fact in TODAYS if row[fact] > 0}
