"""From a folder of partners' batches to typed, dated tables: `staged/`, and what was refused: `rejects/`."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features import store
from features.contract import check_staged
from features.deliveries import Found, check
from features.errors import InputError
from features.file_report import file_report
from features.folder import all_parts
from features.manifests import Late, Manifest, came_on, late_deliveries, read_manifests
from features.periods import due_on
from features.received import Failure, FileReport, Received, RefusedError, read_reports, write_reports
from features.sources.files import TextFile, mended, open_text, read_lines
from features.sources.reading import parse, staged_schema
from features.sources.source import ALWAYS_KNOWN, Source
from features.windows import first_of_each

LINEAGE = ("known_at", "batch", "file", "line")
CAN_NOT_BE_READ = "{source}: {file} can't be read ({error})."
CHANGED = (
    "{source}: {file} changed while it was read; the last good state stays. Leave deliveries as they are while a run "
    "is at work, then start it again."
)
TOO_BAD = (
    "{source}: {rejected} of {lines} lines of {file} are rejected, more than {limit}; the last good state stays. See "
    "{rejects}, then ask the partner for a sound file or raise max_rejected_share."
)


@dataclass(frozen=True)
class Reading:
    """How files are read: what share of bad lines is tolerated, when partners deliver, other lags than ours."""

    max_rejected_share: float
    delivery_day: int
    lags: Mapping[str, int]


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
) -> Received:
    """Stage the newest delivery of each source found under `raw`; a source that fails leaves its last good state.

    Raises RefusedError before anything is read for names and headers that can't be right, else after having tried every
    source, with one sentence for each that failed.
    """
    checked = check(raw, sources, staged)
    if checked.told.failures:
        raise RefusedError(checked.told)
    files: list[FileReport] = []
    failures: list[Failure] = []
    manifests = read_manifests(checked.batches)
    for source in sources:
        found = checked.found[source.name]
        try:
            _ingest_source(con, found, manifests, source, reading, staged, rejects, scratch, progress, files)
        except InputError as error:
            failures.append(Failure(error.message, error.values))
    received = replace(checked.told, files=tuple(files), failures=tuple(failures))
    if failures:
        raise RefusedError(received)
    return received


def _ingest_source(
    con: BaseBackend,
    found: Found,
    manifests: Mapping[Path, Manifest],
    source: Source,
    reading: Reading,
    staged: Path,
    rejects: Path,
    scratch: Path,
    progress: Callable[[str], None],
    told: list[FileReport],
) -> None:
    """Stage a source. told: gets the report of each file, that of a file which is refused too."""
    source = source.with_lag(reading.lags.get(source.name))
    former = read_reports(staged, source.name)
    if not found:
        return
    kept = [report for report in former if source.flow_key and report.batch not in found]
    first_batch = min([*found, *(report.batch for report in former)])
    reports: list[FileReport] = []
    late = late_deliveries(manifests, source, reading.delivery_day)
    with store.new_folder(staged / source.name) as folder:
        for batch, files in found.items():
            for n, path in enumerate(files):
                found_as = _state_of(path)
                progress(f"{source.title}: {batch}/{path.name}")
                file = open_text(con, path, scratch)
                parsed, file = _parse_file(con, file, source, scratch)
                _write_rejects(con, parsed, path, rejects / batch / f"{source.name}.parquet", n > 0, scratch)
                due = due_on(batch, reading.delivery_day)
                came = came_on(manifests[path.parent], path.name, due)
                # Where batches add up, a record may be in one of them alone; elsewhere each delivery has them all.
                of_source = (Late(due, came),) if source.flow_key else late
                not_before = came if source.flow_key and batch != first_batch else ALWAYS_KNOWN
                target = folder / f"{batch}-{n}.parquet"
                _stage(con, parsed, source, reading.delivery_day, of_source, not_before, (batch, path.name), target)
                reports.append(file_report(con, parsed, target, source, batch, file))
                if _state_of(path) != found_as:
                    raise InputError(CHANGED, source=source.name, file=path.name)
                if reports[-1].kept:
                    check_staged(con.read_parquet(target), source, path.name)
                told.append(reports[-1])
                _refuse_if_too_bad(reports[-1], reading.max_rejected_share)
        for path in _files_of(staged / source.name, kept):
            os.link(path, folder / path.name)
        write_reports(folder, [*kept, *reports])


def looked_through(
    con: BaseBackend, path: Path, source: Source, batch: str, delivery_day: int, scratch: Path
) -> tuple[FileReport, ir.Table]:
    """What a file would give if it were staged: its report, and its records.

    Raises InputError where it can't be read.
    """
    target = scratch / "looked_through.parquet"
    parsed, file = _parse_file(con, open_text(con, path, scratch), source, scratch)
    _stage(con, parsed, source, delivery_day, (), ALWAYS_KNOWN, (batch, path.name), target)
    return file_report(con, parsed, target, source, batch, file), con.read_parquet(target)


def _state_of(path: Path) -> tuple[int, int, int]:
    """What tells a file from another one, or from what it was: without reading it."""
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _files_of(folder: Path, reports: list[FileReport]) -> list[Path]:
    return [
        path for batch in sorted({report.batch for report in reports}) for path in folder.glob(f"{batch}-*.parquet")
    ]


def _parse_file(con: BaseBackend, file: TextFile, source: Source, scratch: Path) -> tuple[ir.Table, TextFile]:
    """The parsed lines of a file, on disk, and the file as it was read: mended where DuckDB could not cut it."""
    target = scratch / f"{source.name}.parquet"
    try:
        con.to_parquet(parse(read_lines(con, file), file, source), target)
    except duckdb.Error as error:
        if file.mended is None and not file.is_json:
            return _parse_file(con, mended(file, scratch), source, scratch)
        reason = str(error).splitlines()[0]
        raise InputError(CAN_NOT_BE_READ, source=source.name, file=file.path.name, error=reason) from None
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
    late: Sequence[Late],
    not_before: date,
    origin: tuple[str, str],
    target: Path,
) -> None:
    records = source.tidy(parsed.filter(~parsed.is_rejected).drop("problems", "is_rejected"))
    known = source.known_at.known_at(records, delivery_day) if source.known_at else ibis.literal(ALWAYS_KNOWN)
    for one in late:
        known = ((known >= one.due) & (known < one.came)).ifelse(ibis.literal(one.came), known)
    known = ibis.greatest(known, ibis.literal(not_before))
    staged = records.mutate(known_at=known, batch=ibis.literal(origin[0]), file=ibis.literal(origin[1]))
    # What is garbled in a file that is packed so can rarely be unpacked: it is found rather than read.
    con.to_parquet(staged, target, compression="zstd")


def _refuse_if_too_bad(report: FileReport, limit: float) -> None:
    if report.rejected > limit * report.lines:
        raise InputError(
            TOO_BAD,
            source=report.source,
            rejected=f"{report.rejected:,}",
            lines=f"{report.lines:,}",
            file=report.file,
            limit=f"{limit:.0%}",
            rejects=f"rejects/{report.batch}/{report.source}.parquet",
        )


def read_staged(con: BaseBackend, staged: Path, source: Source, firms: ir.Table | None = None) -> ir.Table | None:
    """The records of a source, None where it was never delivered. firms: only those of these `siren`, where given.

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
    if firms is not None:
        records = records.semi_join(firms, "siren")
    if not source.flow_key:
        return records.drop("batch", "file", "line")
    content = [name for name in records.columns if name not in LINEAGE]
    once = records.group_by(content).aggregate(known_at=records.known_at.min(), batch=records.batch.max())
    return first_of_each(once, source.flow_key, [ibis.desc("batch"), "known_at", *content]).drop("batch")
