"""Text files as partners deliver them, with their delimiter, encoding, line end, byte-order mark, compression."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ROWS_PER_CHUNK = 200_000
FASTEST = 1


@dataclass(frozen=True)
class Layout:
    """How a partner writes a file."""

    name: str
    delimiter: str = ";"
    encoding: str = "utf-8"
    line_end: str = "\n"
    byte_order_mark: bool = False
    quoted_header: bool = False


def write_file(folder: Path, layout: Layout, table: Any, has_head: bool = True) -> None:
    """Write a table of texts, nulls as empty cells; gzipped without a time stamp where the name ends in `.gz`.

    has_head: its first line names the columns; not where it goes on what another table began.
    """
    with _opened(folder / layout.name) as out:
        if has_head:
            header = [f'"{name}"' if layout.quoted_header else name for name in table.column_names]
            text = layout.delimiter.join(header) + layout.line_end
            out.write((("\ufeff" if layout.byte_order_mark else "") + text).encode(layout.encoding))
        for batch in table.to_batches(max_chunksize=ROWS_PER_CHUNK):
            content = _lines(batch.columns, layout)
            out.write(content if layout.encoding == "utf-8" else content.decode().encode(layout.encoding))


def _lines(columns: list[Any], layout: Layout) -> bytes:
    """The rows as bytes, taken directly from the buffer of an Arrow array of lines."""
    lines = pc.binary_join_element_wise(*columns, layout.delimiter, null_handling="replace", null_replacement="")
    ended = pc.binary_join_element_wise(lines, pa.scalar(layout.line_end), "")
    offsets = np.frombuffer(ended.buffers()[1], np.int32, len(ended) + 1, ended.offset * 4)
    return cast(bytes, ended.buffers()[2].to_pybytes()[offsets[0] : offsets[-1]])


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=FASTEST) as zipped:
            yield cast(BinaryIO, zipped)
