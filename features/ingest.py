"""From a folder of partners' batches to typed, dated tables: `staged/`, and what was refused: `rejects/`."""

import hashlib
import json
import os
import re
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
from features.errors import InputError
from features.sources.files import find_files, open_text, read_lines
from features.sources.formats import luhn_is_valid
from features.sources.reading import parse
from features.sources.source import ALWAYS_KNOWN, Source

BATCH = re.compile(r"^(\d{2})(0[1-9]|1[0-2])(_\w+)?$")
SIMULATED = "_simulated"
LINEAGE = ("known_at", "batch", "file", "line")


@dataclass(frozen=True)
class Reading:
    """How files are read: what share of bad lines is tolerated, when partners deliver, other lags than ours."""

    max_rejected_share: float
    delivery_day: int
    lags: Mapping[str, int]


@dataclass(frozen=True)
class FileReport:
    """What one file gave: lines read, records kept, lines rejected, cells left unknown, dates and firms covered."""

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


def find_batches(raw: Path) -> list[Path]:
    """The batches under a folder, in name order.

    Raises InputError where there is none, or a folder is not named as one.
    """
    if not raw.is_dir():
        raise InputError(f"{raw} is not a folder. Give the folder that holds the batches, one sub-folder a delivery.")
    batches = sorted(path for path in raw.iterdir() if path.is_dir() and not path.name.startswith("."))
    for batch in batches:
        if not BATCH.match(batch.name):
            raise InputError(f'"{batch.name}" in {raw} is not a batch name. Rename it as YYMM or YYMM_suffix, as 2401.')
    if not batches:
        raise InputError(f"{raw} holds no batch. Put each delivery in a sub-folder named YYMM, for example 2401.")
    return batches


def received_on(batch: str, delivery_day: int) -> date:
    """The day on which a batch was delivered."""
    return date(2000 + int(batch[:2]), int(batch[2:4]), delivery_day)


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
) -> list[FileReport]:
    """Stage the newest delivery of each source found under `raw`; a source that fails leaves its last good state.

    Raises InputError, after having tried every source, with one sentence for each that failed.
    """
    batches = find_batches(raw)
    _refuse_mixture(batches, sources, staged)
    reports: list[FileReport] = []
    failures: list[str] = []
    for source in sources:
        try:
            reports += _ingest_source(con, batches, source, reading, staged, rejects, scratch, progress)
        except InputError as error:
            failures.append(str(error))
    if failures:
        raise InputError("\n".join(failures))
    _require(sources, staged)
    return reports


def _refuse_mixture(batches: list[Path], sources: Sequence[Source], staged: Path) -> None:
    names = {batch.name for batch in batches}
    names |= {report.batch for source in sources for report in read_reports(staged, source.name)}
    if len({name.endswith(SIMULATED) for name in names}) > 1:
        raise InputError(
            f"Simulated and real deliveries can't be mixed: {', '.join(sorted(names))}. Use another --data folder."
        )


def _require(sources: Sequence[Source], staged: Path) -> None:
    there = {source.name for source in sources if (staged / source.name).exists()}
    if "legal_units" not in there:
        raise InputError("No file of legal units (StockUniteLegale_utf8.csv) was found: the register is required.")
    if not there & {"urssaf_procedures", "bodacc"}:
        raise InputError("No file of insolvency procedures (sigfaible_pcoll.csv or annonces-commerciales*) was found.")


def _ingest_source(
    con: BaseBackend,
    batches: list[Path],
    source: Source,
    reading: Reading,
    staged: Path,
    rejects: Path,
    scratch: Path,
    progress: Callable[[str], None],
) -> list[FileReport]:
    source = source.with_lag(reading.lags.get(source.name))
    former = read_reports(staged, source.name)
    found = {batch.name: files for batch in batches if (files := find_files(batch, source))}
    if not source.flow_key:
        newest = max([*found, *(report.batch for report in former)], default="")
        found = {batch: files for batch, files in found.items() if batch == newest}
    if not found:
        return []
    kept = [report for report in former if source.flow_key and report.batch not in found]
    first_batch = min([*found, *(report.batch for report in former)])
    reports: list[FileReport] = []
    with store.new_folder(staged / source.name) as folder:
        for batch, files in found.items():
            for n, file in enumerate(files):
                progress(f"{source.title}: {batch}/{file.name}")
                parsed, sha256 = _parse_file(con, file, source, scratch)
                _write_rejects(con, parsed, file, rejects / batch / f"{source.name}.parquet", n > 0, scratch)
                not_before = received_on(batch, reading.delivery_day) if batch != first_batch else ALWAYS_KNOWN
                if not source.flow_key:
                    not_before = ALWAYS_KNOWN
                target = folder / f"{batch}-{n}.parquet"
                _stage(con, parsed, source, reading.delivery_day, not_before, (batch, file.name), target)
                reports.append(_report(con, parsed, target, source, batch, file.name, sha256))
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
    return [FileReport(**report) for report in json.loads(path.read_text())]


def _parse_file(con: BaseBackend, path: Path, source: Source, scratch: Path) -> tuple[ir.Table, str]:
    """The parsed lines of a file, on disk, and the file's SHA-256."""
    file = open_text(con, path, scratch)
    target = scratch / f"{source.name}.parquet"
    try:
        con.to_parquet(parse(read_lines(con, file), file, source), target)
    except duckdb.Error as error:
        raise InputError(f"{source.name}: {path.name} can't be read ({str(error).splitlines()[0]}).") from None
    with path.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return con.read_parquet(target), digest


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


def _report(
    con: BaseBackend, parsed: ir.Table, target: Path, source: Source, batch: str, file: str, sha256: str
) -> FileReport:
    records = con.read_parquet(target)
    dates = {}
    if source.known_at:
        own = records[source.known_at.column]
        dates = {"first": own.min(), "last": own.max()}
    lines = parsed.aggregate(
        lines=parsed.line.nunique(),
        rejected=parsed.line.nunique(where=parsed.is_rejected),
        problems=parsed.problems.length().sum().fill_null(0),
    )
    firms = records.select("siren").distinct()
    totals = records.aggregate(kept=records.count(), **dates)
    keys = firms.aggregate(firms=firms.count(), wrong=(~luhn_is_valid(firms.siren, 9)).sum().fill_null(0))
    row: dict[str, Any] = {}
    for table in (lines, totals, keys):
        row |= table.execute().iloc[0].to_dict()
    return FileReport(
        source=source.name,
        batch=batch,
        file=file,
        sha256=sha256,
        lines=int(row["lines"]),
        kept=int(row["kept"]),
        rejected=int(row["rejected"]),
        unread_cells=int(row["problems"] - row["rejected"]),
        first=_day(row.get("first")),
        last=_day(row.get("last")),
        firms=int(row["firms"]),
        wrong_keys=int(row["wrong"]),
        unlisted=_unlisted(records, source),
    )


def _day(value: Any) -> date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()


def _unlisted(records: ir.Table, source: Source) -> dict[str, int]:
    if not source.unlisted:
        return {}
    word = records[source.unlisted]
    counts = records.filter(word.notnull()).group_by(word=word).aggregate(n=ibis._.count())
    rows = counts.order_by(ibis.desc("n"), "word").limit(20).execute()
    return {str(row.word): int(row.n) for row in rows.itertuples()}


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
    """
    folder = staged / source.name
    if not folder.exists():
        return None
    records = con.read_parquet(str(folder.resolve() / "*.parquet"))
    if not source.flow_key:
        return records.drop("batch", "file", "line")
    content = [name for name in records.columns if name not in LINEAGE]
    once = records.group_by(content).aggregate(known_at=records.known_at.min(), batch=records.batch.max())
    newest = ibis.row_number().over(group_by=source.flow_key, order_by=[ibis.desc("batch"), "known_at", *content])
    return once.mutate(version=newest).filter(ibis._.version == 0).drop("version", "batch")
