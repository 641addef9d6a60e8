"""From staged sources to the published feature table, a bucket of firms at a time so that a country fits in memory."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow.parquet as pq
from ibis.backends import BaseBackend

from features import store
from features.assemble import compared_columns, comparisons, ordered
from features.buckets import EXPOSURE, PARTS, build_buckets
from features.build_record import build_record, dictionary_version, period_record
from features.checked import Checked
from features.checks import YEAR, checked
from features.delivered import default_end, newest_batch
from features.engine import kept, read_parquet, read_partitions, read_periods, write_parquet
from features.errors import InputError
from features.folder import BUILD, FIRMS, LABELS, MADE_OF, OPENINGS, PROCEDURES, UNDECIDED, FeatureTable, all_parts
from features.grid import KEY
from features.known import Known, read_known
from features.past import Plan, link_parts, planned, shares_together
from features.periods import add_months, period_range
from features.procedures import undecided
from features.records import write_record
from features.register import TODAYS
from features.scope import Scope
from features.sources import SOURCES
from features.table_contract import check_feature_table
from features.table_record import BUILD_UPGRADES, PERIOD_UPGRADES, BuildRecord, PeriodRecord
from features.target import labelled, openings, outcomes
from features.themes.context import failure_rates

# The rows whose firms are compared at once: only the columns that compare are read.
ROWS_PER_BLOCK = 8_000_000


@dataclass(frozen=True)
class Built:
    """What a build made. rows: of the periods that it built; firms: that can be in scope.

    end: the last period that was asked for. other_code: the periods that were kept and that another code built.
    absent: sources that were never delivered. checked: what its tables tell of each other.
    """

    folder: Path
    rows: int
    firms: int
    end: date
    plan: Plan
    other_code: tuple[date, ...]
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
    plan: Plan | None = None,
) -> Built:
    """Build the periods of a plan and publish them with those that it keeps, and what became of all firms, at once.

    plan: the missing periods of the scope if not given.
    Raises InputError where nothing is staged, the scope holds no firm, or what is built already can't be kept.
    """
    asked, end = scope.end, default_end(staged, delivery_day)
    if scope.end > end:
        raise InputError(
            f"No delivery covers {scope.end:%Y-%m}: the newest batch is {newest_batch(staged)}. Ingest a newer one, or "
            f"give an end of {end:%Y-%m} or before."
        )
    former = FeatureTable(target.resolve())
    plan = plan or planned(former, scope, dictionary_version())
    known = read_known(con, staged, scratch, scope, delivery_day, former if plan.kept else None)
    count = int(known.firms.count().execute())
    if count == 0:
        raise InputError(
            "No firm is in scope: none of the legal units reaches the minimum headcount outside of the excluded "
            "categories. Check the headcount file, the filter file and the perimeter settings."
        )
    todays: Mapping[str, float] = {}
    made = period_record(known.files, scope, known.batch)
    if plan.to_build:
        scope = replace(scope, start=plan.to_build[0], end=plan.to_build[-1])
        made = period_record(known.files, scope, known.batch)
        build_buckets(con, known, scope, count, scratch, progress)
        todays = _todays_shares(_parts(con, scratch))
    if plan.to_build and not plan.kept:
        scope = _from_first_row(_parts(con, scratch), scope)
        plan = replace(plan, to_build=tuple(period for period in plan.to_build if period >= scope.start))
    # The former table costs little where the new one links its periods, and pages read it until they are prepared.
    with store.new_folder(target, keeps_former=bool(plan.kept)) as folder:
        table, rows = FeatureTable(folder), 0
        if plan.to_build:
            rows = _publish(con, scratch, known.from_on["procedures"], plan.to_build, made, table, count, progress)
        kept_rows = link_parts(former, plan.kept, table)
        if plan.kept:
            todays = shares_together((todays, former.record.todays_shares), (rows, kept_rows))
        scope = replace(scope, start=table.periods[0], end=table.periods[-1])
        _write_beside(con, known, table, scope)
        record = _write_record(con, known, table, scope, todays, end)
    other = tuple(period for period in plan.kept if (one := table.made_of(period)) and one.code != made.code)
    return Built(target, rows, count, asked, plan, other, record.absent_sources, record.checked)


def _write_record(
    con: BaseBackend, known: Known, table: FeatureTable, scope: Scope, todays: Mapping[str, float], end: date
) -> BuildRecord:
    """Check the tables against each other, and write what the feature table is made of. end: see `checks.checked`."""
    absent = tuple(source.name for source in SOURCES if known.from_on.get(source.name) is None)
    delivered = frozenset(source.name for source in SOURCES) - set(absent)
    record = build_record(
        known.files,
        scope,
        known.observed_until,
        known.batch,
        absent,
        todays,
        tuple(checked(known.tables, delivered, end, _labelled_rows(con, table, known.observed_until, scope))),
        [one.fingerprint for period in table.periods if (one := table.made_of(period))],
        store.digests(table.folder),
    )
    write_record(table.folder / BUILD, record, BUILD_UPGRADES)
    return record


def _write_beside(con: BaseBackend, known: Known, table: FeatureTable, scope: Scope) -> None:
    """Write what stands beside the periods: the register's facts, procedures, and what became of all firms."""
    periods = period_range(scope.start, scope.end)
    written = {
        FIRMS: known.everyone.order_by("siren"),
        OPENINGS: openings(known.events),
        LABELS: outcomes(known.events, periods, known.observed_until, scope.horizon),
        PROCEDURES: known.events,
        UNDECIDED: undecided(known.tables["bodacc"].semi_join(known.everyone, "siren")),
    }
    for name, rows in written.items():
        ordered_rows = rows if name == FIRMS else rows.order_by(rows.columns)
        store.write_bytes(table.folder / name, _as_parquet(con, ordered_rows))


def _as_parquet(con: BaseBackend, table: ir.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(con.to_pyarrow(table), out, row_group_size=store.ROW_GROUP, write_page_checksum=True)
    return out.getvalue()


def _parts(con: BaseBackend, scratch: Path) -> ir.Table:
    """The features of all firms, without those that compare firms."""
    return read_partitions(con, scratch / PARTS, "bucket", "period")


def _from_first_row(table: ir.Table, scope: Scope) -> Scope:
    """The scope from the first period on at which some firm is in it: with open data, once accounts are known.

    Raises InputError where none is at any period.
    """
    first = table.aggregate(first=table.period.min()).to_pyarrow()["first"][0].as_py()
    if first is None:
        raise InputError(
            f"No firm was in scope from {scope.start:%Y-%m} to {scope.end:%Y-%m}, by what was known then. Build later "
            "periods, or check the headcount or accounts file and the perimeter settings."
        )
    return replace(scope, start=max(scope.start, first))


def _labelled_rows(con: BaseBackend, table: FeatureTable, observed_until: date, scope: Scope) -> ir.Table:
    """(siren, period, label) of the last two years of which the labels are known."""
    known = [period for period in table.periods if add_months(period, scope.horizon) <= observed_until]
    every = read_periods(con, table, known[-2 * YEAR :] or table.periods[:1]).select(*KEY)
    return labelled(every, con.read_parquet(str(table.labels)), observed_until, scope.horizon)


def _failure_rates(con: BaseBackend, scratch: Path, known_from: date | None) -> ir.Table:
    """The failure rates of the groups of firms, on disk; none before procedures are known."""
    counts = con.read_parquet(str(all_parts(scratch / EXPOSURE, "*")))
    known = counts.filter(counts.period > ibis.literal(known_from)) if known_from else counts.limit(0)
    write_parquet(con, failure_rates(known), scratch / "failure_rates")
    return read_parquet(con, scratch / "failure_rates")


def _publish(
    con: BaseBackend,
    scratch: Path,
    known_from: date | None,
    periods: Sequence[date],
    made: PeriodRecord,
    target: FeatureTable,
    firms: int,
    progress: Callable[[str], None],
) -> int:
    """Compare the firms of each period and write it as one partition; the rows written.

    known_from: the first period at which procedures are known. made: what the periods are made of. firms: the most in
    one.
    """
    rates, parts = _failure_rates(con, scratch, known_from), _parts(con, scratch)
    at_once = max(1, ROWS_PER_BLOCK // firms)
    blocks = [periods[first : first + at_once] for first in range(0, len(periods), at_once)]
    for block in blocks:
        progress(f"feature table, {block[0]:%Y-%m} to {block[-1]:%Y-%m}")
        with kept(con, scratch) as keep:
            compared = keep(comparisons(keep(compared_columns(parts.filter(parts.period.isin(block)))), rates))
            # From the left, though each row is there: DuckDB would write what is never null in a block in another way.
            # A view, so that Ibis writes all its columns out as SQL once rather than for each period.
            rows = ordered(parts.left_join(compared, list(KEY)))
            _write_periods(con, con.create_view("feature_table", rows, overwrite=True), block, made, target)
    # Of its own, as a table remembers its periods, and those that are kept are linked later.
    written, rows = FeatureTable(target.folder), 0
    for block in blocks:
        table = read_periods(con, written, block)
        check_feature_table(table)
        rows += int(table.count().execute())
    return rows


def _write_periods(
    con: BaseBackend, whole: ir.Table, periods: Sequence[date], made: PeriodRecord, target: FeatureTable
) -> None:
    """Write each of the periods as a partition of the feature table, with what it is made of."""
    for period in periods:
        of_period = whole.filter(whole.period == ibis.literal(period)).drop("period").order_by("siren")
        write_parquet(con, of_period, target.part(period), store.ROW_GROUP)
        record = replace(made, period=period, contents=store.digests(target.part(period)))
        write_record(target.part(period) / MADE_OF, record, PERIOD_UPGRADES)


def _todays_shares(table: ir.Table) -> dict[str, float]:
    """Of each fact of the register, the share of the rows in which it is that of today, as no history tells the past.

    A fact of which the past is told in every row is left out.
    """
    shares = {fact: table[flag].cast("float64").mean() for fact, flag in TODAYS.items()}
    row = table.aggregate(**shares).execute().iloc[0]
    return {fact: float(row[fact]) for fact in TODAYS if row[fact] > 0}
