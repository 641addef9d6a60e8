"""One file of a partner's: parsed, its records staged, and what could not be read of it written down."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features import store
from features.errors import InputError
from features.file_report import file_report
from features.manifests import Late
from features.received import FileReport
from features.sources.files import TextFile, mended, open_text, read_lines
from features.sources.reading import parse
from features.sources.source import ALWAYS_KNOWN, Source

CAN_NOT_BE_READ = "{source}: {file} can't be read ({error})."


@dataclass(frozen=True)
class Since:
    """From when on the records of a file count, beside what they say themselves."""

    late: tuple[Late, ...]
    not_before: date


def looked_through(
    con: BaseBackend, path: Path, source: Source, batch: str, delivery_day: int, scratch: Path
) -> tuple[FileReport, ir.Table]:
    """What a file would give if it were staged: its report, and its records.

    Raises InputError where it can't be read.
    """
    target = scratch / "looked_through.parquet"
    parsed, file = parse_file(con, open_text(con, path, scratch), source, scratch)
    stage(con, parsed, source, delivery_day, Since((), ALWAYS_KNOWN), (batch, path.name), target)
    return file_report(con, parsed, target, source, batch, file), con.read_parquet(target)


def parse_file(con: BaseBackend, file: TextFile, source: Source, scratch: Path) -> tuple[ir.Table, TextFile]:
    """The parsed lines of a file, on disk, and the file as it was read: mended where DuckDB could not cut it."""
    target = scratch / f"{source.name}.parquet"
    try:
        con.to_parquet(parse(read_lines(con, file), file, source), target)
    except duckdb.Error as error:
        if file.mended is None and not file.is_json:
            return parse_file(con, mended(file, scratch), source, scratch)
        reason = str(error).splitlines()[0]
        raise InputError(CAN_NOT_BE_READ, source=source.name, file=file.path.name, error=reason) from None
    if file.mended is not None:
        file.text.unlink()
    return con.read_parquet(target), file


def write_rejects(con: BaseBackend, parsed: ir.Table, file: Path, target: Path, more: bool, scratch: Path) -> None:
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


def stage(
    con: BaseBackend,
    parsed: ir.Table,
    source: Source,
    delivery_day: int,
    since: Since,
    origin: tuple[str, str],
    target: Path,
) -> None:
    """Write the records of a file, with where they stood and since when they are known. origin: batch and file."""
    records = source.tidy(parsed.filter(~parsed.is_rejected).drop("problems", "is_rejected"))
    known = source.known_at.known_at(records, delivery_day) if source.known_at else ibis.literal(ALWAYS_KNOWN)
    for one in since.late:
        known = ((known >= one.due) & (known < one.came)).ifelse(ibis.literal(one.came), known)
    known = ibis.greatest(known, ibis.literal(since.not_before))
    staged = records.mutate(known_at=known, batch=ibis.literal(origin[0]), file=ibis.literal(origin[1]))
    # What is garbled in a file that is packed so can rarely be unpacked: it is found rather than read.
    con.to_parquet(staged, target, compression="zstd")
