"""The features of the firms in scope, a bucket of firms at a time so that a country fits in memory."""

import shutil
from collections.abc import Callable
from pathlib import Path

import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features import accounts
from features.assemble import WARM_UP_MONTHS, assemble, numbered
from features.engine import kept, read_parquet, write_parquet, write_partitions
from features.hashing import firm_hash
from features.known import NEIGHBOURS, Known
from features.periods import period_range
from features.scope import Scope

EXPOSURE, PARTS = "exposure", "parts"
# Of the calendar, warm-up included: 20,000 firms over ten years. Each bucket reads what is staged once.
ROWS_PER_BUCKET = 2_880_000


def bucket_count(firms: int, scope: Scope) -> int:
    """How many buckets firms are dealt into: as many rows in each, so that one period takes fewer than ten years do."""
    months = len(period_range(scope.start, scope.end)) + WARM_UP_MONTHS
    return -(-firms * months // ROWS_PER_BUCKET)


def build_buckets(
    con: BaseBackend, known: Known, scope: Scope, count: int, scratch: Path, progress: Callable[[str], None]
) -> None:
    """The features of the firms, without those that compare firms: written to `parts`, and the firms at risk."""
    buckets = bucket_count(count, scope)
    for left in (PARTS, EXPOSURE):
        shutil.rmtree(scratch / left, ignore_errors=True)
    for number in range(buckets):
        progress(f"features of firms, part {number + 1} of {buckets}")
        own = known.firms.filter(firm_hash(known.firms.siren) % buckets == number)
        _build_bucket(con, own, known, scope, scratch, f"bucket={number:03d}")


def _build_bucket(con: BaseBackend, own: ir.Table, known: Known, scope: Scope, scratch: Path, name: str) -> None:
    with kept(con, scratch) as keep:
        own = keep(own)
        mine = {name: _of(own, table) for name, table in known.tables.items() if name != "legal_units"}
        mine["headcounts"] = keep(mine["headcounts"])
        mine["financial_ratios"] = keep(accounts.dated(numbered(mine["financial_ratios"]), mine["legal_notices"]))
        mine[NEIGHBOURS] = read_parquet(con, scratch / NEIGHBOURS)
        mine["procedures"] = keep(known.events.semi_join(own, "siren"))
        table, exposure = assemble(own, mine, scope, known.from_on, keep)
        write_partitions(con, table, scratch / PARTS / name, "period")
        write_parquet(con, exposure, scratch / EXPOSURE / name)


def _of(own: ir.Table, records: ir.Table) -> ir.Table:
    """The records of the firms, whether their SIREN is text or a number."""
    return records.semi_join(own if records.siren.type().is_string() else numbered(own), "siren")
