"""From a folder of partners' batches to typed, dated tables: `staged/`, and what was refused: `rejects/`."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis.backends import BaseBackend

from features import store
from features.deliveries import UnreadFile, check_files, find_batches, months_between, received_on, unread_files
from features.errors import InputError
from features.folder import all_parts
from features.sources.files import TextFile, absent_columns, find_files, mended, open_text, read_lines
from features.sources.formats import luhn_is_valid
from features.sources.reading import parse, staged_schema
from features.sources.source import ALWAYS_KNOWN, Source
from features.windows import first_of_each

SIMULATED = "_simulated"
Found = Mapping[str, Sequence[Path]]
LINEAGE = ("known_at", "batch", "file", "line")


@dataclass(frozen=True)
class Reading:
    """How files are read: what share of bad lines is tolerated, when partners deliver, other lags than ours."""

    max_rejected_share: float
    delivery_day: int
    lags: Mapping[str, int]


@dataclass(frozen=True)
class Undecided:
    """Records of one kind that may change a firm's state and can't be read with certainty: none of them is used.

    kind: for a legal notice, its nature. example: the words of one of them.
    """

    kind: str
    records: int
    firms: int
    example: str


@dataclass(frozen=True)
class FileReport:
    """What one file gave: lines read, records kept, lines rejected, cells left unknown, dates and firms covered.

    redecoded: lines that were not UTF-8. cleaned: lines in which a stray control character was read as a blank.
    absent: optional columns that the file lacks. empty: columns that it has, without any value.
    """

    source: str
    batch: str
    file: str
    sha256: str
    lines: int
    kept: int
    rejected: int
    unread_cells: int
    first: date | None
    last: date | None
    firms: int
    wrong_keys: int
    unlisted: Mapping[str, int]
    undecided: Sequence[Undecided] = ()
    redecoded: int = 0
    cleaned: int = 0
    absent: Sequence[str] = ()
    empty: Sequence[str] = ()


@dataclass(frozen=True)
class Ingested:
    """What an ingestion read, which files it did not, and which sources are older than the newest batch, in months.

    never_delivered: the sources of which nothing is staged.
    """

    reports: list[FileReport]
    unread: list[UnreadFile]
    stale: Mapping[str, int]
    never_delivered: Sequence[str] = ()


def ingest(
    con: BaseBackend,
    raw: Path,
    sources: Sequence[Source],
    reading: Reading,
    *,
    staged: Path,
    rejects: Path,
    scratch: Path,
    progress: Callable[[str], None],
) -> Ingested:
    """Stage the newest delivery of each source found under `raw`; a source that fails leaves its last good state.

    Raises InputError before anything is read for names and headers that can't be right, else after having tried every
    source, with one sentence for each that failed.
    """
    batches, found = check(raw, sources, staged)
    reports: list[FileReport] = []
    failures: list[str] = []
    for source in sources:
        try:
            reports += _ingest_source(con, found[source.name], source, reading, staged, rejects, scratch, progress)
        except InputError as error:
            failures.append(str(error))
    if failures:
        raise InputError("\n".join(failures))
    stale = stale_sources(staged, sources, newest=batches[-1].name)
    never = [source.name for source in sources if not (staged / source.name).exists()]
    return Ingested(reports, unread_files(batches, sources), stale, never)


def check(raw: Path, sources: Sequence[Source], staged: Path) -> tuple[list[Path], dict[str, Found]]:
    """The batches under `raw`, and the files of each source that are to be read, by batch.

    Quick: reads the first bytes of each file. Raises InputError with one sentence for each file or folder whose name or
    header can't be right, and where the register or the procedures are missing.
    """
    batches = find_batches(raw)
    _refuse_mixture(batches, sources, staged)
    found = {source.name: _to_read(batches, source, read_reports(staged, source.name)) for source in sources}
    check_files(found, sources)
    _require({name for name, files in found.items() if files}, sources, staged)
    return batches, found


def _to_read(batches: list[Path], source: Source, former: Sequence[FileReport]) -> Found:
    """The files of a source by batch: of the newest batch that has it, or of all where batches add up."""
    found = {batch.name: files for batch in batches if (files := find_files(batch, source))}
    if source.flow_key:
        return found
    newest = max([*found, *(report.batch for report in former)], default="")
    return {batch: files for batch, files in found.items() if batch == newest}


def stale_sources(staged: Path, sources: Sequence[Source], newest: str = "") -> dict[str, int]:
    """By how many months each source that was ever delivered is older than the newest batch; the others are left out.

    newest: the name of a batch that may be newer than all that is staged.
    """
    batches = {source.name: max((r.batch for r in read_reports(staged, source.name)), default="") for source in sources}
    newest = max([newest, *batches.values()])
    ages = {name: months_between(batch, newest) for name, batch in batches.items() if batch}
    return {name: months for name, months in ages.items() if months > 0}


def _refuse_mixture(batches: list[Path], sources: Sequence[Source], staged: Path) -> None:
    names = {batch.name for batch in batches}
    names |= {report.batch for source in sources for report in read_reports(staged, source.name)}
    if len({name.endswith(SIMULATED) for name in names}) > 1:
        raise InputError(
            f"Simulated and real deliveries can't be mixed: {', '.join(sorted(names))}. Use another --data folder."
        )


def _require(found: set[str], sources: Sequence[Source], staged: Path) -> None:
    there = found | {source.name for source in sources if (staged / source.name).exists()}
    if "legal_units" not in there:
        raise InputError("No file of legal units (StockUniteLegale_utf8.csv) was found: the register is required.")
    if not there & {"urssaf_procedures", "bodacc"}:
        raise InputError("No file of insolvency procedures (sigfaible_pcoll.csv or annonces-commerciales*) was found.")


def _ingest_source(
    con: BaseBackend,
    found: Found,
    source: Source,
    reading: Reading,
    staged: Path,
    rejects: Path,
    scratch: Path,
    progress: Callable[[str], None],
) -> list[FileReport]:
    source = source.with_lag(reading.lags.get(source.name))
    former = read_reports(staged, source.name)
    if not found:
        return []
    kept = [report for report in former if source.flow_key and report.batch not in found]
    first_batch = min([*found, *(report.batch for report in former)])
    reports: list[FileReport] = []
    with store.new_folder(staged / source.name) as folder:
        for batch, files in found.items():
            for n, path in enumerate(files):
                progress(f"{source.title}: {batch}/{path.name}")
                file = open_text(con, path, scratch)
                parsed, file = _parse_file(con, file, source, scratch)
                _write_rejects(con, parsed, path, rejects / batch / f"{source.name}.parquet", n > 0, scratch)
                not_before = received_on(batch, reading.delivery_day) if batch != first_batch else ALWAYS_KNOWN
                if not source.flow_key:
                    not_before = ALWAYS_KNOWN
                target = folder / f"{batch}-{n}.parquet"
                _stage(con, parsed, source, reading.delivery_day, not_before, (batch, path.name), target)
                reports.append(_report(con, parsed, target, source, batch, file))
                _refuse_if_too_bad(reports[-1], reading.max_rejected_share)
        for path in _files_of(staged / source.name, kept):
            os.link(path, folder / path.name)
        reports_text = json.dumps([asdict(report) for report in [*kept, *reports]], indent=1, default=str)
        store.write_text(folder / "ingest.json", reports_text)
    return reports


def _files_of(folder: Path, reports: list[FileReport]) -> list[Path]:
    return [
        path for batch in sorted({report.batch for report in reports}) for path in folder.glob(f"{batch}-*.parquet")
    ]


def read_reports(staged: Path, source: str) -> list[FileReport]:
    """What the staged files of a source came from, [] where there are none."""
    path = staged / source / "ingest.json"
    if not path.exists():
        return []
    reports = json.loads(path.read_text())
    held = [tuple(Undecided(**kind) for kind in report.pop("undecided", ())) for report in reports]
    return [FileReport(**report, undecided=kinds) for report, kinds in zip(reports, held, strict=True)]


def _parse_file(con: BaseBackend, file: TextFile, source: Source, scratch: Path) -> tuple[ir.Table, TextFile]:
    """The parsed lines of a file, on disk, and the file as it was read: mended where DuckDB could not cut it."""
    target = scratch / f"{source.name}.parquet"
    try:
        con.to_parquet(parse(read_lines(con, file), file, source), target)
    except duckdb.Error as error:
        if file.mended is None and not file.is_json:
            return _parse_file(con, mended(file, scratch), source, scratch)
        raise InputError(f"{source.name}: {file.path.name} can't be read ({str(error).splitlines()[0]}).") from None
    if file.mended is not None:
        file.text.unlink()
    return con.read_parquet(target), file


def _write_rejects(con: BaseBackend, parsed: ir.Table, file: Path, target: Path, more: bool, scratch: Path) -> None:
    """One row a problem: file, line, column, value, reason, and whether the line was rejected for it."""
    rows = parsed.filter(parsed.problems.notnull()).select("line", problem=parsed.problems.unnest())
    rows = rows.select(
        "line",
        file=ibis.literal(file.name),
        column=rows.problem["column"],
        value=rows.problem["value"],
        reason=rows.problem["reason"],
        line_rejected=rows.problem["rejects"],
    ).select("file", "line", "column", "value", "reason", "line_rejected")
    if more and target.exists():
        rows = con.read_parquet(target).union(rows)
    written = scratch / "rejects.parquet"
    con.to_parquet(rows.order_by("file", "line", "column"), written)
    store.write_bytes(target, written.read_bytes())


def _stage(
    con: BaseBackend,
    parsed: ir.Table,
    source: Source,
    delivery_day: int,
    not_before: date,
    origin: tuple[str, str],
    target: Path,
) -> None:
    records = source.tidy(parsed.filter(~parsed.is_rejected).drop("problems", "is_rejected"))
    known = source.known_at.known_at(records, delivery_day) if source.known_at else ibis.literal(ALWAYS_KNOWN)
    known = ibis.greatest(known, ibis.literal(not_before))
    con.to_parquet(records.mutate(known_at=known, batch=ibis.literal(origin[0]), file=ibis.literal(origin[1])), target)


def _report(con: BaseBackend, parsed: ir.Table, target: Path, source: Source, batch: str, file: TextFile) -> FileReport:
    records = con.read_parquet(target)
    dates = {}
    if source.known_at:
        own = records[source.known_at.column]
        dates = {"first": own.min(), "last": own.max()}
    lines = parsed.aggregate(
        lines=parsed.line.nunique(),
        rejected=parsed.line.nunique(where=parsed.is_rejected),
        problems=parsed.problems.length().sum().fill_null(0),
        **{f"filled {name}": parsed[name].count() for name in source.columns},
    )
    firms = records.select("siren").distinct()
    totals = records.aggregate(kept=records.count(), **dates)
    keys = firms.aggregate(firms=firms.count(), wrong=(~luhn_is_valid(firms.siren, 9)).sum().fill_null(0))
    row: dict[str, Any] = {}
    for table in (lines, totals, keys):
        row |= table.execute().iloc[0].to_dict()
    absent = absent_columns(file, source)
    headers = [column.names[0] for name, column in source.columns.items() if not row[f"filled {name}"]]
    return FileReport(
        source=source.name,
        batch=batch,
        file=file.path.name,
        sha256=_sha256(file.path),
        lines=int(row["lines"]),
        kept=int(row["kept"]),
        rejected=int(row["rejected"]),
        unread_cells=int(row["problems"] - row["rejected"]),
        first=_day(row.get("first")),
        last=_day(row.get("last")),
        firms=int(row["firms"]),
        wrong_keys=int(row["wrong"]),
        unlisted=_unlisted(records, source),
        undecided=_undecided(records, source),
        redecoded=file.mended.redecoded if file.mended else 0,
        cleaned=file.mended.cleaned if file.mended else 0,
        absent=absent,
        empty=tuple(name for name in headers if name not in absent),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _unlisted(records: ir.Table, source: Source) -> dict[str, int]:
    if not source.unlisted:
        return {}
    word = records[source.unlisted]
    counts = records.filter(word.notnull()).group_by(word=word).aggregate(n=ibis._.count())
    rows = counts.order_by(ibis.desc("n"), "word").limit(20).execute()
    return {str(row.word): int(row.n) for row in rows.itertuples()}


def _undecided(records: ir.Table, source: Source) -> tuple[Undecided, ...]:
    """The records that were held back, by kind; the most frequent first."""
    if not source.undecided:
        return ()
    kind, words = source.undecided
    held = records.filter(records[kind].notnull())
    counts = held.group_by(kind=held[kind]).aggregate(
        records=held.line.nunique(), firms=held.siren.nunique(), example=held[words].max()
    )
    rows = counts.order_by(ibis.desc("records"), "kind").limit(20).execute()
    return tuple(Undecided(row.kind, int(row.records), int(row.firms), row.example) for row in rows.itertuples())


def _refuse_if_too_bad(report: FileReport, limit: float) -> None:
    if report.rejected > limit * report.lines:
        raise InputError(
            f"{report.source}: {report.rejected:,} of {report.lines:,} lines of {report.file} are rejected, more than "
            f"{limit:.0%}; the last good state stays. See rejects/{report.batch}/{report.source}.parquet, then ask the "
            f"partner for a sound file or raise max_rejected_share."
        )


def read_staged(con: BaseBackend, staged: Path, source: Source) -> ir.Table | None:
    """The records of a source, None where it was never delivered.

    Where batches add up, a record delivered again counts from its first delivery, and of two versions of a record the
    newest delivered stands.

    Raises InputError where an older version staged them without a column that is needed now.
    """
    folder = staged / source.name
    if not folder.exists():
        return None
    records = con.read_parquet(str(all_parts(folder.resolve())))
    lacking = [name for name in staged_schema(source).names if name not in records.columns]
    if lacking:
        raise InputError(
            f"{source.name}: the records in {folder} were staged by an older version, which did not read "
            f"{', '.join(lacking)}. Read the deliveries again: weaksignals ingest RAW"
        )
    if not source.flow_key:
        return records.drop("batch", "file", "line")
    content = [name for name in records.columns if name not in LINEAGE]
    once = records.group_by(content).aggregate(known_at=records.known_at.min(), batch=records.batch.max())
    return first_of_each(once, source.flow_key, [ibis.desc("batch"), "known_at", *content]).drop("batch")
