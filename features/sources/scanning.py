"""A partner's file as bytes: compressed or not, in UTF-8 or UTF-16, and whether DuckDB can cut it as it stands."""

import codecs
import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import numpy as np

CHUNK: Final = 1 << 23
HEAD: Final = 1 << 16
LONGEST_LINE: Final = 1 << 24
# A line that is too long keeps this much of its text.
KEPT_OF_TOO_LONG: Final = 1000
# Unicode keeps these for a program's own use: no text holds them. Both stand in a mended copy only.
LINE_BREAK: Final = "\ufdd0"  # a line break within a quoted cell
UNREADABLE: Final = "\ufdd1"  # a byte that is no letter in UTF-8 nor in Windows-1252
# Nothing in a text: NUL, the unit separator, and the end-of-file mark of DOS (Ctrl-Z).
CONTROLS: Final = b"\0\x1f\x1a"
BY_LINE: Final = "windows-1252 where not utf-8"
# Archives, spreadsheets, PDF, Parquet, pictures.
BINARY: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"PAR1", b"\x89PNG", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd")
BOMS: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    if error.encoding.startswith("utf-16"):
        return UNREADABLE, error.end
    letters = (bytes([byte]).decode("cp1252", "ignore") or UNREADABLE for byte in wrong)
    return "".join(letters), error.end


codecs.register_error(BY_LINE, _as_windows_1252)


def open_bytes(path: Path) -> BinaryIO:
    """The file's content, decompressed if it is gzipped, whatever its name says."""
    return cast(BinaryIO, gzip.open(path) if is_gzipped(path) else path.open("rb"))


def is_gzipped(path: Path) -> bool:
    """Whether the content is an archive of gzip."""
    with path.open("rb") as content:
        return content.read(2) == b"\x1f\x8b"


def chunks(path: Path) -> Iterator[bytes]:
    """The content, some megabytes at a time."""
    with open_bytes(path) as content:
        while chunk := content.read(CHUNK):
            yield chunk


def head(path: Path) -> bytes:
    """The first bytes of the content, enough for its header."""
    with open_bytes(path) as content:
        return content.read(HEAD)


def is_binary(start: bytes) -> bool:
    """Whether the first bytes are no text: a spreadsheet, an archive, a picture."""
    first = start[:400].strip().split(b"\n")[0]
    odd = sum(first.count(bytes([byte])) for byte in range(32) if byte not in b"\t\r\x1f\x1a")
    return start.startswith(BINARY) or (odd * 10 > len(first) and not wide_encoding(start))


def wide_encoding(start: bytes) -> str:
    """Which UTF-16 a file is in, "" where it is not: by its mark, or by a header of which every second byte is NUL."""
    for mark, encoding in BOMS.items():
        if start.startswith(mark):
            return encoding
    even, odd = start[:16:2], start[1:16:2]
    if len(start) < 4 or 0 not in start[:2]:
        return ""
    if not any(odd) and all(even):
        return "utf-16-le"
    return "utf-16-be" if not any(even) and all(odd) else ""


def has_only_carriage_returns(start: bytes) -> bool:
    """Whether lines end as on the first Macintosh: with a carriage return alone."""
    return b"\r" in start and b"\n" not in start


def utf8_chunks(path: Path) -> Iterator[bytes]:
    """The content with its UTF-16 made UTF-8; other bytes as they stand."""
    encoding = wide_encoding(head(path))
    if not encoding:
        yield from chunks(path)
        return
    decoder = codecs.getincrementaldecoder(encoding)(BY_LINE)
    for chunk in chunks(path):
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def is_regular(path: Path) -> bool:
    """Whether DuckDB cuts the file into its lines as it stands: UTF-8, one kind of line end, no odd quote or control.

    Reads to the end even where the answer is known: a truncated archive must be found now, as OSError or EOFError.
    """
    regular = is_gzipped(path) == path.name.lower().endswith(".gz")
    scan = _Scan()
    for chunk in chunks(path):
        regular = regular and scan.is_regular(chunk)
    return regular and scan.is_regular_at_the_end()


class _Scan:
    """What a first pass remembers of a file from one chunk to the next."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.returns = self.pairs = self.feeds = 0
        self.quotes = 0
        self.ends_with_return = False

    def is_regular(self, chunk: bytes) -> bool:
        """Whether nothing in the chunk needs mending."""
        if any(byte in chunk for byte in CONTROLS) or (len(chunk) == CHUNK and b"\n" not in chunk):
            return False
        try:
            self.decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        self.feeds += chunk.count(b"\n")
        if b"\r" in chunk or self.ends_with_return:
            self.returns += chunk.count(b"\r")
            self.pairs += chunk.count(b"\r\n") + (self.ends_with_return and chunk.startswith(b"\n"))
        self.ends_with_return = chunk.endswith(b"\r")
        return self._quotes_are_closed(chunk)

    def _quotes_are_closed(self, chunk: bytes) -> bool:
        """Whether each line has an even number of quotes."""
        if b'"' not in chunk and not self.quotes:
            return True
        letters = np.frombuffer(chunk, np.uint8)
        quotes, ends = np.flatnonzero(letters == ord('"')), np.flatnonzero(letters == ord("\n"))
        before = self.quotes + np.searchsorted(quotes, ends)
        self.quotes = (self.quotes + len(quotes)) % 2
        return not (before % 2).any()

    def is_regular_at_the_end(self) -> bool:
        """Whether the file ends within no letter and no quote, all its lines in one way."""
        same_ends = self.returns == 0 or self.returns == self.pairs == self.feeds
        return same_ends and not self.quotes and not self.decoder.getstate()[0]


def blocks(content: Iterable[bytes]) -> Iterator[bytes]:
    """The content cut after line feeds, in bounded memory: a line that is too long keeps its first characters only."""
    rest, is_too_long = b"", False
    for chunk in content:
        start = 0
        if is_too_long:
            start = chunk.find(b"\n")
            if start < 0:
                continue
            is_too_long = False
        cut = chunk.rfind(b"\n") + 1
        if cut > start:
            yield rest + chunk[start:cut]
            rest, start = b"", cut
        rest += chunk[start:]
        if len(rest) > LONGEST_LINE:
            rest, is_too_long = rest[:KEPT_OF_TOO_LONG] + UNREADABLE.encode(), True
    if rest:
        yield rest
