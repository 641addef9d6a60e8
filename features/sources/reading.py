"""From numbered lines to typed records, and to what is wrong with the others. Pure functions of tables."""

from datetime import date
from functools import cache, reduce
from operator import or_
from pathlib import Path
from threading import Lock

import ibis
import ibis.expr.types as ir

from features.errors import InputError
from features.sources.files import LINE_SCHEMA, NO_MONTH, TextFile, is_month, plain, position
from features.sources.formats import Reader, bare
from features.sources.scanning import LINE_BREAK, UNREADABLE
from features.sources.source import Column, Melt, Source

REPLACEMENT = "\ufffd"
# Of those who ask Ibis's own engine, which all threads share.
_ONE_AT_A_TIME = Lock()
PROBLEM = "struct<column: string, value: string, reason: string, rejects: boolean>"


def parse(lines: ir.Table, file: TextFile, source: Source) -> ir.Table:
    """The source's columns, typed, with `line`, `problems` (a list, null where there is none) and `is_rejected`.

    lines: one row per line, as `files.read_lines` gives.
    Returns one row per line that the source takes; for a wide file, one per line and month that is not blank.
    Raises InputError where the file lacks a required column.
    """
    places = {name: position(file, source, column) for name, column in source.columns.items()}
    if file.mended:
        lines = lines.mutate(text=lines.text.replace(LINE_BREAK, "\n"))
    texts = {name: _cell(lines, file, place) for name, place in places.items()}
    lines = lines.mutate(**{f"{name}_text": text for name, text in texts.items()})
    if source.takes:
        lines = lines.filter(source.takes(lines))
    columns = dict(source.columns)
    headers: dict[str, str | ir.StringValue] = {
        name: file.header[place] for name, place in places.items() if place is not None
    }
    if source.melt:
        lines = _melted(lines, file, source)
        columns["value"], headers["value"] = source.melt.value, lines.header
    lines = lines.mutate(**{name: _value(lines, file, name, column) for name, column in columns.items()})
    return _judged(lines, columns, headers, ["period"] if source.melt else [])


def _cell(lines: ir.Table, file: TextFile, place: int | None) -> ir.StringValue:
    return ibis.null("string") if place is None else _bare(lines.cells[place], file)


def _bare(cell: ir.StringValue, file: TextFile) -> ir.StringValue:
    return bare(cell.replace(LINE_BREAK, "\n") if file.mended else cell)


def _value(lines: ir.Table, file: TextFile, name: str, column: Column) -> ir.Value:
    """What a cell says; nothing where it holds bytes that are no letters."""
    cell = lines[f"{name}_text"]
    return column.read(cell.contains(UNREADABLE).ifelse(ibis.null("string"), cell) if file.mended else cell)


def _melted(lines: ir.Table, file: TextFile, source: Source) -> ir.Table:
    """One row per line and month column; a blank cell is unknown and gives no row."""
    assert source.melt is not None  # noqa: S101 - the caller has checked it
    months = _months(file, source.melt)
    wide = [n for n, header in enumerate(file.header) if plain(header) in months]
    if not wide:
        raise InputError(NO_MONTH, source=source.name, file=file.path.name)
    cells = ibis.array(
        [
            ibis.struct(
                {
                    "header": ibis.literal(file.header[n]),
                    "period": ibis.literal(months[plain(file.header[n])], "date"),
                    "text": lines.cells[n],
                }
            )
            for n in wide
        ]
    )
    kept = ["line", "text", "fault", *(f"{name}_text" for name in source.columns)]
    long = lines.select(*kept, month=cells.unnest())
    text = _bare(long.month["text"], file)
    long = long.mutate(header=long.month["header"], period=long.month["period"], value_text=text)
    first = long.header == file.header[wide[0]]
    return long.drop("month").filter(long.value_text.notnull() | (long.fault.notnull() & first))


def _months(file: TextFile, melt: Melt) -> dict[str, date]:
    """The month that each column of a wide file tells of, by its plain header."""
    headers = [plain(header) for header in file.header if is_month(header, melt)]
    codes = ibis.memtable({"header": headers}, schema={"header": "string"})
    found = codes.mutate(period=melt.period(codes.header.substr(len(plain(melt.prefix)))))
    with _ONE_AT_A_TIME:
        read = found.to_pyarrow().to_pylist()
    return {row["header"]: row["period"] for row in read if row["period"]}


def _judged(
    lines: ir.Table, columns: dict[str, Column], headers: dict[str, str | ir.StringValue], also: list[str]
) -> ir.Table:
    """Add the problems of each line; `also` are columns that are kept unchanged."""
    wrong = {name: _is_wrong(lines, name, column) for name, column in columns.items() if name in headers}
    problems = ibis.array(
        [
            is_wrong.ifelse(_problem(lines, name, headers[name], columns[name]), ibis.null(PROBLEM))
            for name, is_wrong in wrong.items()
        ]
    ).filter(lambda problem: problem.notnull())
    fault = ibis.array([_struct(ibis.null("string"), lines.text, lines.fault, ibis.literal(True))])
    is_cut = lines.fault.isnull()
    fatal = reduce(or_, (is_wrong for name, is_wrong in wrong.items() if columns[name].required), ibis.literal(False))
    any_wrong = reduce(or_, wrong.values())
    return lines.select(
        "line",
        *columns,
        *also,
        problems=ibis.cases((~is_cut, fault), (any_wrong, problems), else_=ibis.null(f"array<{PROBLEM}>")),
        is_rejected=~is_cut | fatal,
    )


def _is_wrong(lines: ir.Table, name: str, column: Column) -> ir.BooleanValue:
    unread = lines[name].isnull()
    return unread if column.required else unread & lines[f"{name}_text"].notnull()


def _problem(lines: ir.Table, name: str, header: str | ir.StringValue, column: Column) -> ir.StructValue:
    cell = lines[f"{name}_text"]
    title = ibis.literal(header) if isinstance(header, str) else header
    reason = ibis.cases(
        (cell.isnull(), "blank, but required"),
        (cell.contains(UNREADABLE), "bytes that are no letters in UTF-8 nor in Windows-1252"),
        else_=_reason(column.read),
    )
    return _struct(title, cell, reason, ibis.literal(column.required))


def _reason(read: Reader) -> str:
    return f"not {read.expects}"


def _struct(
    column: ir.StringValue, value: ir.StringValue, reason: ir.StringValue, rejects: ir.BooleanValue
) -> ir.StructValue:
    return ibis.struct(
        {"column": column, "value": value.replace(UNREADABLE, REPLACEMENT), "reason": reason, "rejects": rejects}
    ).cast(PROBLEM)


@cache
def staged_schema(source: Source) -> ibis.Schema:
    """The columns of a source once it is staged, found without reading any file."""
    headers = [column.names[0] for column in source.columns.values()]
    wide = [f"{source.melt.prefix}202411"] if source.melt else []
    file = TextFile(Path(), Path(), (*headers, *wide), ";")
    records = parse(ibis.table(LINE_SCHEMA, name="lines"), file, source).drop("problems", "is_rejected")
    return source.tidy(records).mutate(known_at=ibis.null("date")).drop("line").schema()
