"""What one file gave, counted once it is parsed and staged: the same pass serves the operator and the data team."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import ibis
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.received import Example, FileReport, Problem, Undecided
from features.sources.files import TextFile, absent_columns
from features.sources.formats import luhn_is_valid
from features.sources.source import Source
from features.store import digest

# How many reasons, words or kinds are told of a file, and how many examples of each reason.
MOST_TOLD: Final = 20
EXAMPLES: Final = 3
# An example is shown to people: its beginning will do.
SHOWN: Final = 80
OF_LINES: Final = ("line", "problems", "is_rejected")


def file_report(
    con: BaseBackend, parsed: ir.Table, staged: Path, source: Source, batch: str, file: TextFile
) -> FileReport:
    """The report of a file. parsed: its lines, see `reading.parse`; staged: the records that were made of them."""
    records = con.read_parquet(staged)
    dates = {}
    if source.known_at:
        own = records[source.known_at.column]
        dates = {"first": own.min(), "last": own.max()}
    firms = records.select("siren").distinct()
    row: dict[str, Any] = {}
    for totals in (
        _lines(parsed, source),
        parsed.aggregate(
            problems=parsed.problems.length().sum().fill_null(0),
            **{f"filled {name}": parsed[name].count() for name in source.columns},
        ),
        records.aggregate(kept=records.count(), **dates),
        firms.aggregate(firms=firms.count(), wrong=(~luhn_is_valid(firms.siren, 9)).sum().fill_null(0)),
    ):
        row |= totals.to_pyarrow().to_pylist()[0]
    # Of a file that holds another source's lines alone, no column says anything.
    absent = absent_columns(file, source) if row["lines"] else ()
    headers = [column.names[0] for name, column in source.columns.items() if row["lines"] and not row[f"filled {name}"]]
    return FileReport(
        source=source.name,
        batch=batch,
        file=file.path.name,
        sha256=digest(file.path),
        lines=row["lines"],
        kept=row["kept"],
        rejected=row["rejected"],
        unread_cells=row["problems"] - row["rejected"],
        first=row.get("first"),
        last=row.get("last"),
        firms=row["firms"],
        wrong_keys=row["wrong"],
        unlisted=_unlisted(records, source),
        undecided=_undecided(records, source),
        redecoded=file.mended.redecoded if file.mended else 0,
        cleaned=file.mended.cleaned if file.mended else 0,
        absent=absent,
        empty=tuple(name for name in headers if name not in absent),
        size=file.path.stat().st_size,
        problems=_problems(parsed) if row["problems"] else (),
        duplicates=row["duplicates"],
    )


def _lines(parsed: ir.Table, source: Source) -> ir.Table:
    """(lines, rejected, duplicates) in one row. duplicates: lines that were kept and say what another line says."""
    content = ibis.struct({name: parsed[name] for name in parsed.columns if name not in OF_LINES}).hash()
    lines = parsed.select("line", "is_rejected", content=content)
    if source.melt:
        # Of a wide file, a line has one row per month: the months' hashes together are the line's.
        lines = lines.group_by("line").aggregate(is_rejected=ibis._.is_rejected.any(), content=ibis._.content.bit_xor())
    alike = lines.group_by("content").aggregate(times=ibis._.count(), rejected=ibis._.is_rejected.sum())
    again = ibis.greatest(alike.times - alike.rejected - 1, 0)
    return alike.aggregate(
        lines=alike.times.sum().fill_null(0),
        rejected=alike.rejected.sum().fill_null(0),
        duplicates=again.sum().fill_null(0),
    )


def _problems(parsed: ir.Table) -> tuple[Problem, ...]:
    """What could not be read, by column and reason; the most frequent first."""
    rows = parsed.filter(parsed.problems.notnull()).select("line", problem=parsed.problems.unnest())
    kind = ("column", "reason", "rejects")
    rows = rows.select("line", value=rows.problem["value"].left(SHOWN + 1), **{n: rows.problem[n] for n in kind})
    rows = rows.mutate(
        times=ibis._.count().over(group_by=kind), place=ibis.row_number().over(group_by=kind, order_by="line")
    )
    first = rows.filter(rows.place < EXAMPLES).order_by(ibis.desc("times"), *kind, "line").limit(MOST_TOLD * EXAMPLES)
    found = groupby(first.to_pyarrow().to_pylist(), itemgetter("times", *kind))
    return tuple(
        Problem(column, reason, rejects, times, tuple(_example(row) for row in rows))
        for (times, column, reason, rejects), rows in found
    )


def _example(row: Mapping[str, Any]) -> Example:
    value = row["value"]
    return Example(row["line"], value[:SHOWN] + "…" if value and len(value) > SHOWN else value)


def _unlisted(records: ir.Table, source: Source) -> dict[str, int]:
    """The words that are in no vocabulary; the most frequent first."""
    if not source.unlisted:
        return {}
    word = records[source.unlisted]
    counts = records.filter(word.notnull()).group_by(word=word).aggregate(n=ibis._.count())
    rows = counts.order_by(ibis.desc("n"), "word").limit(MOST_TOLD).to_pyarrow().to_pylist()
    return {row["word"]: row["n"] for row in rows}


def _undecided(records: ir.Table, source: Source) -> tuple[Undecided, ...]:
    """The records that were held back, by kind; the most frequent first."""
    if not source.undecided:
        return ()
    kind, words = source.undecided
    held = records.filter(records[kind].notnull())
    counts = held.group_by(kind=held[kind]).aggregate(
        records=held.line.nunique(), firms=held.siren.nunique(), example=held[words].max()
    )
    rows = counts.order_by(ibis.desc("records"), "kind").limit(MOST_TOLD).to_pyarrow().to_pylist()
    return tuple(Undecided(row["kind"], row["records"], row["firms"], row["example"] or "") for row in rows)
