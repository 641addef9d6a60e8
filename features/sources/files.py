"""A partner's text file as numbered lines split into cells, whatever its name, compression, encoding or delimiter."""

import codecs
import csv
import fnmatch
import gzip
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import ibis.expr.types as ir
from ibis.backends import BaseBackend

from features.errors import InputError
from features.sources.source import Column, Source

CHUNK = 1 << 23
DELIMITERS = ";,\t|"
LINE_SCHEMA = {"line": "int64", "text": "string", "cells": "array<string>", "fault": "string"}


@dataclass(frozen=True)
class TextFile:
    """A readable file: path as delivered, path of its UTF-8 text, header (or JSON keys), delimiter ("" for JSON)."""

    path: Path
    text: Path
    header: tuple[str, ...]
    delimiter: str

    @property
    def is_json(self) -> bool:
        """Whether records are JSON objects rather than lines of cells."""
        return self.delimiter == ""


def find_files(batch: Path, source: Source) -> list[Path]:
    """The files of a source in a batch, in order of name; their names can be in any case, the files gzipped or not."""

    def matches(path: Path, patterns: tuple[str, ...]) -> bool:
        name = path.name.lower().removesuffix(".gz")
        return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in patterns)

    files = (path for path in batch.iterdir() if path.is_file())
    return sorted(path for path in files if matches(path, source.files) and not matches(path, source.not_files))


def open_text(con: BaseBackend, path: Path, scratch: Path) -> TextFile:
    """Check that a file can be read to its end, and find out how.

    A file in Windows-1252 is copied as UTF-8 into `scratch`. Raises InputError for an empty, damaged or binary file.
    """
    try:
        text = path if _is_utf8(path) else _as_utf8(path, scratch)
        with _open(text) as lines:
            first = lines.readline().decode("utf-8-sig")
            second = any(line.strip() for line in lines)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path.name} can't be read ({error}). Ask the partner for the file again.") from None
    if path.name.lower().removesuffix(".gz").endswith(".json"):
        return TextFile(path, text, _json_keys(con, path, text), "")
    if "\0" in first:
        raise InputError(f"{path.name} is not a text file. Ask the partner for the CSV export.")
    if not first.strip() or not second:
        raise InputError(f"{path.name} is empty: it has no line of data. Ask the partner for the file again.")
    delimiter = max(DELIMITERS, key=first.count)
    return TextFile(path, text, tuple(next(csv.reader([first], delimiter=delimiter))), delimiter)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb"))


def _chunks(path: Path) -> Iterator[bytes]:
    with _open(path) as content:
        while chunk := content.read(CHUNK):
            yield chunk


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid = True
    for chunk in _chunks(path):  # to the end, even where it is not UTF-8, to find a truncated archive now
        if valid:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                valid = False
    return valid


def _as_utf8(path: Path, scratch: Path) -> Path:
    copy = scratch / f"{path.name.lower().removesuffix('.gz')}.utf8"
    with copy.open("wb") as out:
        for chunk in _chunks(path):
            out.write(chunk.decode("cp1252", errors="replace").encode())
    return copy


def plain(header: str) -> str:
    """A header in lower case, without accents, byte-order mark or surrounding blanks."""
    decomposed = unicodedata.normalize("NFKD", header.replace("\ufeff", "").strip().lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def position(file: TextFile, source: Source, column: Column) -> int | None:
    """The place of a column in the file, counted from 0; None for an optional column that is missing.

    Raises InputError where a required column is missing, with the file and the column.
    """
    found = [plain(header) for header in file.header]
    for name in column.names:
        if plain(name) in found:
            return found.index(plain(name))
    if column.required:
        raise InputError(
            f'{source.name}: {file.path.name} has no column "{column.names[0]}". Columns found: '
            f"{', '.join(file.header)}. Ask the partner for the full export, or rename the column."
        )
    return None


def read_lines(con: BaseBackend, file: TextFile) -> ir.Table:
    """(line, text, cells, fault): one row per line of data. fault: why it can't be split into cells, else null."""
    return numbered_records(con, file) if file.is_json else numbered_lines(con, file)


def numbered_lines(con: BaseBackend, file: TextFile) -> ir.Table:
    """(line, text, cells, fault): one row per line that is not blank, without the header.

    line: counted from 1, as in an editor. cells: the fields without quotes. fault: why it can't be split, else null.
    A quoted field must end on its own line, so that a bad line can be rejected without losing the next ones.
    """
    expected = len(file.header)
    delimiter = _quoted(file.delimiter)
    bare = f"[^{file.delimiter}]*"
    field = _quoted(f'("(?:[^"]|"")*"|{bare}){"[|]" if file.delimiter == "|" else file.delimiter}')
    query = f"""
        WITH lines AS (
            SELECT row_number() OVER () AS line, rtrim(text, chr(13)) AS text
            FROM read_csv({_quoted(str(file.text))}, columns = {{'text': 'VARCHAR'}}, auto_detect = false,
                          header = false, delim = chr(31), quote = '', escape = '',
                          null_padding = true, max_line_size = 20000000)
        ), cut AS (
            SELECT line, text, CASE WHEN contains(text, '"')
                THEN regexp_extract_all(text || {delimiter}, {field}, 1) ELSE string_split(text, {delimiter}) END AS raw
            FROM lines WHERE line > 1 AND trim(text) <> ''
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
                 THEN 'a quote is opened and not closed on the line' END AS fault
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
        raise InputError(f"{path.name} is not a list of JSON objects ({reason}). Ask for the export again.") from None
    if not keys:
        raise InputError(f"{path.name} is empty: it has no record. Ask for the export again.")
    return keys


def _json_path(key: str) -> str:
    return '$."' + key.replace('"', '\\"') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
