"""The defects of real files: lost zeros, odd blanks, decimal commas, repeated lines, lines that can't be read."""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.cells import Texts, choose

ONE_BAD_LINE_IN: Final = 700
MOST_BAD_LINES: Final = 60
ONE_TWIN_IN: Final = 600
NO_BREAK_SPACE: Final = "\u00a0"


def some(rng: np.random.Generator, texts: Texts, share: float, changed: Any) -> Texts:
    """The texts; a random share of them is replaced by `changed` (one text, or the text at the same place)."""
    return choose(rng.random(len(texts)) < share, changed, texts)


def zeros_lost(rng: np.random.Generator, identifiers: Texts, share: float = 0.05) -> Texts:
    """Identifiers; a random share has lost its leading zeros, as in a spreadsheet."""
    return some(rng, identifiers, share, pc.utf8_ltrim(identifiers, "0"))


def thousands_apart(rng: np.random.Generator, numbers: Texts, share: float = 0.3) -> Texts:
    """Whole numbers; a random share of those with 4 to 6 digits is written 1 234, with a blank or no-break space."""
    pattern = r"^(\d{1,3})(\d{3})$"
    plain = pc.replace_substring_regex(numbers, pattern, r"\1 \2")
    hard = pc.replace_substring_regex(numbers, pattern, rf"\1{NO_BREAK_SPACE}\2")
    return some(rng, some(rng, numbers, share, plain), share, hard)


def commas(numbers: Texts) -> Texts:
    """Numbers with a decimal comma instead of a point."""
    return pc.replace_substring(numbers, ".", ",")


def misread(texts: Texts) -> Texts:
    """Texts in UTF-8 decoded as Latin-1: é becomes Ã©."""
    distinct = pc.dictionary_encode(texts)
    wrong = [None if t is None else t.encode().decode("latin-1") for t in distinct.dictionary.to_pylist()]
    return pa.array(wrong, pa.string()).take(distinct.indices)


def spoiled(rng: np.random.Generator, table: Any, identifier: str, day: str = "", bad_day: str = "") -> Any:
    """The table with a few bad lines (letters in the identifier, an impossible date) and a few repeated lines."""
    count = min(table.num_rows // ONE_BAD_LINE_IN, MOST_BAD_LINES)
    rows = rng.choice(table.num_rows, count, replace=False)
    lettered, misdated = np.array_split(rows, 2)
    table = _with_cells(table, identifier, lettered, "A12B45C78")
    if day:
        table = _with_cells(table, day, misdated, bad_day)
    return _with_twins(rng, table)


def _with_cells(table: Any, column: str, rows: np.ndarray[Any, Any], text: str) -> Any:
    chosen = np.zeros(table.num_rows, bool)
    chosen[rows] = True
    cells = table[column].combine_chunks()
    sample = cells[0].as_py() if len(cells) else None
    wrong = f'"{text}"' if sample is not None and sample.startswith('"') else text
    return table.set_column(table.column_names.index(column), column, choose(chosen, wrong, cells))


def _with_twins(rng: np.random.Generator, table: Any) -> Any:
    twins = rng.choice(table.num_rows, table.num_rows // ONE_TWIN_IN, replace=False)
    order = np.sort(np.concatenate([np.arange(table.num_rows), twins]))
    return table.take(pa.array(order)) if len(twins) else table
