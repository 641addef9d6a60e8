"""A file that DuckDB can't cut as it stands, copied so that it can: one record per line, lines counted as before.

Bytes that are not UTF-8 are read as Windows-1252, line by line; odd line ends become line feeds, control characters
become blanks. A quoted cell that holds line breaks stays one cell: its record goes on one line, followed by as many
blank lines as it had breaks, so that the lines after it keep their number.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.sources.scanning import (
    BY_LINE,
    CONTROLS,
    LINE_BREAK,
    UNREADABLE,
    blocks,
    has_only_carriage_returns,
    head,
    utf8_chunks,
    wide_encoding,
)

BYTE_ORDER_MARK: Final = "\ufeff".encode()
BLANKED: Final = bytes.maketrans(CONTROLS, b" " * len(CONTROLS))
# How far a quote may be from the one that closes it.
MOST_LINES: Final = 1000
MOST_BYTES: Final = 1 << 20


@dataclass
class Mended:
    """How many lines were decoded otherwise than as UTF-8, and of how many a stray character was made a blank."""

    redecoded: int = 0
    cleaned: int = 0


def mend(path: Path, target: Path, delimiter: str, width: int) -> Mended:
    """Write a copy of a file that DuckDB can cut, as a stream.

    delimiter, width: what separates cells and how many the header has; "" and 0 for JSON, of which only bytes are
    mended.
    """
    counts = Mended()
    lines = physical_lines(path, delimiter, width, counts)
    with target.open("wb", buffering=1 << 20) as out:
        for line in _records(lines, delimiter, width) if delimiter else lines:
            out.write(line + b"\n")
    return counts


def physical_lines(path: Path, delimiter: str, width: int, counts: Mended) -> Iterator[bytes]:
    """The lines of a file in UTF-8, without their ends, without control characters."""
    start = head(path)
    is_wide = bool(wide_encoding(start))
    content = utf8_chunks(path)
    if has_only_carriage_returns(start.replace(b"\0", b"")):
        content = _fed(content)
    is_first = True
    for block in blocks(content):
        is_last = not block.endswith(b"\n")
        is_utf8 = _is_utf8(block)
        for raw in (block.rstrip(b"\x1a\r") if is_last else block[:-1]).split(b"\n"):
            line = raw.rstrip(b"\r")
            if is_first:
                line, is_first = line.removeprefix(BYTE_ORDER_MARK), False
            if not is_utf8 and not _is_utf8(line):
                line = line.decode("utf-8", BY_LINE).replace(LINE_BREAK, UNREADABLE).encode()
                counts.redecoded += 1
            counts.redecoded += is_wide
            cleaned = line.translate(BLANKED)
            if b"\r" in cleaned:
                yield from _without_returns(cleaned, delimiter, width, counts)
            else:
                counts.cleaned += cleaned != line
                yield cleaned


def _is_utf8(block: bytes) -> bool:
    if block.isascii():
        return True
    if LINE_BREAK.encode() in block:
        return False
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


def _fed(content: Iterator[bytes]) -> Iterator[bytes]:
    """Line feeds for carriage returns."""
    for chunk in content:
        yield chunk.replace(b"\r", b"\n")


def _without_returns(line: bytes, delimiter: str, width: int, counts: Mended) -> Iterator[bytes]:
    """Lines, where carriage returns stand between whole ones; else the line with blanks in their place."""
    pieces = [piece for piece in line.split(b"\r") if piece.strip()]
    if delimiter and pieces and all(is_whole(piece, delimiter, width) for piece in pieces):
        yield from pieces
    else:
        counts.cleaned += 1
        yield line.replace(b"\r", b" ")


def _records(lines: Iterator[bytes], delimiter: str, width: int) -> Iterator[bytes]:
    """Each record on one line; blank lines after it for the line breaks that its cells hold."""
    ahead: deque[bytes] = deque()
    while (line := ahead.popleft() if ahead else next(lines, None)) is not None:
        if line.count(b'"') % 2 == 0:
            yield line
            continue
        more = _continued(line, ahead, lines, delimiter, width)
        yield LINE_BREAK.encode().join([line, *(ahead.popleft() for _ in range(more))])
        yield from [b""] * more


def _continued(line: bytes, ahead: deque[bytes], lines: Iterator[bytes], delimiter: str, width: int) -> int:
    """Over how many of the next lines a record goes on that starts with this line; 0 where its quote is a stray one."""
    parts, size, is_open = [line], len(line), True
    for n in range(MOST_LINES):
        if n == len(ahead):
            following = next(lines, None)
            if following is None:
                return 0
            ahead.append(following)
        parts.append(ahead[n])
        size += len(ahead[n])
        is_open ^= ahead[n].count(b'"') % 2 == 1
        if not is_open:
            return n + 1 if is_whole(b"\n".join(parts), delimiter, width) else 0
        # A line that is whole in itself is no part of a cell: better to lose the line of the stray quote than this one.
        if size > MOST_BYTES or (width > 1 and is_whole(ahead[n], delimiter, width)):
            return 0
    return 0


def is_whole(record: bytes, delimiter: str, width: int) -> bool:
    """Whether a text is a record of `width` cells, its quotes closed; blank cells beyond them don't count."""
    cells = cut(record, delimiter)
    is_quoted_wrongly = any(cell.startswith(b'"') and (len(cell) == 1 or not cell.endswith(b'"')) for cell in cells)
    return len(cells) >= width and not any(cell.strip() for cell in cells[width:]) and not is_quoted_wrongly


def cut(record: bytes, delimiter: str) -> list[bytes]:
    """The cells of a record as they stand, quotes included: a delimiter within quotes does not cut."""
    mark = delimiter.encode()
    if b'"' not in record:
        return record.split(mark)
    escaped = re.escape(mark)
    return re.findall(rb'("(?:[^"]|"")*"|[^' + escaped + rb"]*)" + escaped, record + mark)
