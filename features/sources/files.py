"""A partner's text file as numbered lines split into cells, whatever its name, compression, encoding or delimiter."""

import fnmatch
import unicodedata
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import duckdb
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.errors import InputError
from features.sources.mending import Mended, cut, mend
from features.sources.scanning import BY_LINE, head, is_binary, is_regular, wide_encoding
from features.sources.source import Column, Melt, Source

DELIMITERS = ";,\t|"
LINE_SCHEMA = {"line": "int64", "text": "string", "cells": "array<string>", "fault": "string"}
# A header's cells may hold line breaks, within quotes; a stray quote in it must not take the whole file for a header.
MOST_HEADER_LINES = 20
UNCLOSED = "a quote is opened and not closed on the line"
EMPTY = "{file} is empty: it has no line of data. Ask the partner for the file again."
DAMAGED = "{file} can't be read ({error}). Ask the partner for the file again."
NO_MONTH = "{source}: {file} has no column for any month. Ask the partner for the full export."
NO_OBJECTS = "{file} is not a list of JSON objects ({error}). Ask the partner for the file again."


@dataclass(frozen=True)
class TextFile:
    """A readable file: where its UTF-8 text is, its header and its delimiter.

    header_line: the number of the header's last line. mended: what was put right where `text` is a copy, else None.
    """

    path: Path
    text: Path
    header: tuple[str, ...]
    delimiter: str
    header_line: int = 1
    mended: Mended | None = None

    @property
    def is_json(self) -> bool:
        """Whether records are JSON objects rather than lines of cells."""
        return self.delimiter == ""


def bare_name(path: Path) -> str:
    """A file's name as it is matched: in lower case, without `.gz`."""
    return path.name.lower().removesuffix(".gz")


def is_named_as(path: Path, source: Source) -> bool:
    """Whether a file has a name of a source, in any case, gzipped or not."""

    def matches(patterns: tuple[str, ...]) -> bool:
        return any(fnmatch.fnmatchcase(bare_name(path), pattern.lower()) for pattern in patterns)

    return matches(source.files) and not matches(source.not_files)


def find_files(batch: Path, source: Source) -> list[Path]:
    """The files of a source in a batch, in order of name."""
    files = (path for path in batch.iterdir() if path.is_file() and not path.name.startswith("."))
    return sorted(path for path in files if is_named_as(path, source))


def open_text(con: BaseBackend, path: Path, scratch: Path) -> TextFile:
    """Check that a file can be read to its end, and find out how.

    A file that DuckDB can't cut as it stands is copied, mended, into `scratch`. Raises InputError for an empty, damaged
    or binary file.
    """
    file = read_header(path)
    try:
        if not is_regular(path):
            file = mended(file, scratch)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from None
    return replace(file, header=_json_keys(con, path, file.text)) if file.is_json else file


def mended(file: TextFile, scratch: Path) -> TextFile:
    """The file with its text in a copy that DuckDB can cut."""
    copy = scratch / f"{bare_name(file.path)}.mended"
    return replace(file, text=copy, mended=mend(file.path, copy, file.delimiter, len(file.header)))


def read_header(path: Path) -> TextFile:
    """The header and delimiter of a file, from its first bytes only; no header yet for JSON.

    Raises InputError for a file that is empty, damaged at its start, or no text.
    """
    try:
        start = head(path)
    except (OSError, EOFError, zlib.error) as error:
        raise _damaged(path, error) from None
    if is_binary(start):
        raise InputError("{file} is not a text file. Ask the partner for the CSV export.", file=path.name)
    if bare_name(path).endswith(".json"):
        return TextFile(path, path, (), "")
    text = start.decode(wide_encoding(start) or "utf-8", BY_LINE).replace("\ufeff", "").replace("\0", " ")
    lines = _first_lines(text)
    first = next((n for n, line in enumerate(lines) if line.strip(DELIMITERS + '"\x1a \t\r\u00a0')), None)
    if first is None or not any(line.strip("\x1a \t") for line in lines[first + 1 :]):
        raise InputError(EMPTY, file=path.name)
    delimiter = max(DELIMITERS, key=lines[first].count)
    last = _end_of_header(lines, first)
    record = "\n".join(lines[first : last + 1])
    header = tuple(_unquoted(cell.decode()) for cell in cut(record.encode(), delimiter))
    return TextFile(path, path, header, delimiter, last + 1)


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(DAMAGED, file=path.name, error=str(error))


def _first_lines(text: str) -> list[str]:
    """Lines by line feeds, or by carriage returns where those stand between lines of as many cells."""
    if "\n" not in text:
        return text.replace("\r", "\n").split("\n")
    lines = [line.rstrip("\r") for line in text.split("\n")]
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    pieces = lines[first].split("\r")
    widths = {max(piece.count(mark) for mark in DELIMITERS) for piece in pieces}
    if len(widths) == 1 and widths != {0}:
        return [*lines[:first], *pieces, *lines[first + 1 :]]
    return [line.replace("\r", " ") for line in lines]


def _end_of_header(lines: list[str], first: int) -> int:
    quotes = 0
    for last in range(first, min(len(lines), first + MOST_HEADER_LINES)):
        quotes += lines[last].count('"')
        if quotes % 2 == 0:
            return last
    return first


def _unquoted(cell: str) -> str:
    quoted = len(cell) > 1 and cell.startswith('"') and cell.endswith('"')
    return cell[1:-1].replace('""', '"') if quoted else cell


@lru_cache(10_000)
def plain(header: str) -> str:
    """A header without case, accents, quotes, blanks or byte-order mark."""
    decomposed = unicodedata.normalize("NFKD", header.replace("\ufeff", "").lower())
    return "".join(
        letter for letter in decomposed if not (unicodedata.combining(letter) or letter.isspace() or letter in "\"'’`")
    )


def position(file: TextFile, source: Source, column: Column) -> int | None:
    """Where a column is in the file; None where it is not there and is optional.

    Raises InputError for a required column, naming the file and the column.
    """
    found = _place(file, column)
    if found is None and column.required:
        raise InputError(
            '{source}: {file} has no column "{column}". Columns found: {columns}. Ask the partner for the full export, '
            "or rename the column.",
            source=source.name,
            file=file.path.name,
            column=column.names[0],
            columns=", ".join(file.header),
        )
    return found


def _place(file: TextFile, column: Column) -> int | None:
    found = [plain(header) for header in file.header]
    return next((found.index(plain(name)) for name in column.names if plain(name) in found), None)


def is_month(header: str, melt: Melt) -> bool:
    """Whether a column of a wide file is one of its months."""
    code = plain(header)
    return code.startswith(plain(melt.prefix)) and code.removeprefix(plain(melt.prefix)).isdecimal()


def columns_found(file: TextFile, source: Source) -> int:
    """How many columns of a source the file has; 0 where it lacks a required one, or the months of a wide file."""
    places = {name: _place(file, column) for name, column in source.columns.items()}
    if any(place is None and source.columns[name].required for name, place in places.items()):
        return 0
    if source.melt and not any(is_month(header, source.melt) for header in file.header):
        return 0
    return sum(place is not None for place in places.values()) + bool(source.melt)


def absent_columns(file: TextFile, source: Source) -> tuple[str, ...]:
    """The optional columns that a file does not have, by the partner's name for them."""
    return tuple(column.names[0] for column in source.columns.values() if _place(file, column) is None)


def read_lines(con: BaseBackend, file: TextFile) -> ir.Table:
    """(line, text, cells, fault): one row per line of data. fault: why it can't be split into cells, else null."""
    return numbered_records(con, file) if file.is_json else numbered_lines(con, file)


def numbered_lines(con: BaseBackend, file: TextFile) -> ir.Table:
    """(line, text, cells, fault): one row per line that is not blank, without the header.

    line: from 1, as an editor counts. cells: the line's fields, unquoted. fault: why it can't be cut, else null.
    A quoted field that goes on over several lines is within one line here, LINE_BREAK for its breaks: see `mending`.
    """
    expected = len(file.header)
    delimiter = _quoted(file.delimiter)
    bare = f"[^{file.delimiter}]*"
    field = _quoted(f'(?:"(?:[^"]|"")*"|{bare}){"[|]" if file.delimiter == "|" else file.delimiter}')
    # Without groups to remember, an expression takes half the time; so each field is found with its delimiter.
    query = f"""
        WITH lines AS (
            SELECT row_number() OVER () AS line,
                CASE WHEN ends_with(text, chr(13)) THEN rtrim(text, chr(13)) ELSE text END AS text
            FROM read_csv({_quoted(str(file.text))}, columns = {{'text': 'VARCHAR'}}, auto_detect = false,
                          header = false, delim = chr(31), quote = '', escape = '',
                          null_padding = true, max_line_size = 20000000)
        ), cut AS (
            SELECT line, text, CASE WHEN contains(text, '"')
                THEN list_transform(regexp_extract_all(text || {delimiter}, {field}), lambda c: left(c, -1))
                ELSE string_split(text, {delimiter}) END AS raw
            FROM lines WHERE line > {file.header_line} AND (text BETWEEN '!' AND '~' OR trim(text) <> '')
        )
        SELECT line, text,
            CASE WHEN contains(text, '"') THEN list_transform(raw, lambda c:
                CASE WHEN starts_with(c, '"') THEN replace(substr(c, 2, length(c) - 2), '""', '"') ELSE c END)
                ELSE raw END AS cells,
            CASE WHEN len(raw) < {expected} THEN len(raw) || ' fields, {expected} expected'
                 WHEN len(raw) > {expected} AND len(list_filter(raw[{expected + 1}:], lambda c: trim(c) <> '')) > 0
                 THEN len(raw) || ' fields, {expected} expected'
                 WHEN contains(text, '"') AND len(list_filter(raw, lambda c:
                      starts_with(c, '"') AND (length(c) = 1 OR NOT ends_with(c, '"')))) > 0
                 THEN {_quoted(UNCLOSED)} END AS fault
        FROM cut
    """  # noqa: S608 - only the name of the file, quoted; nothing of its content
    return con.sql(query, schema=LINE_SCHEMA)


def numbered_records(con: BaseBackend, file: TextFile) -> ir.Table:
    """(line, text, cells, fault): one row per object of a JSON export; `line` counts the objects, from 1."""
    cells = ", ".join(f"json_extract_string(json, {_quoted(_json_path(key))})" for key in file.header)
    query = f"""
        SELECT row_number() OVER () AS line, json::VARCHAR AS text, [{cells}] AS cells, NULL::VARCHAR AS fault
        FROM read_json_objects({_quoted(str(file.text))})
    """  # noqa: S608 - only the name and the keys of the file, quoted
    return con.sql(query, schema=LINE_SCHEMA)


def _json_keys(con: BaseBackend, path: Path, text: Path) -> tuple[str, ...]:
    query = f"SELECT DISTINCT unnest(json_keys(json)) AS key FROM read_json_objects({_quoted(str(text))}) ORDER BY key"  # noqa: S608
    try:
        keys = tuple(key for (key,) in con.raw_sql(query).fetchall())
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(NO_OBJECTS, file=path.name, error=reason) from None
    if not keys:
        raise InputError(EMPTY, file=path.name)
    return keys


def _json_path(key: str) -> str:
    return '$."' + key.replace('"', '\\"') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
