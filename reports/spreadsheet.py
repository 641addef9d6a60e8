"""Tables as workbooks (XLSX)."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan
from typing import Any, Final

import numpy as np
import xlsxwriter

from reports.cells import safe
from reports.list_columns import ListColumn

DAY: Final = "yyyy-mm-dd"


@dataclass(frozen=True)
class About:
    """The second sheet of a workbook. lines: the cells of each; widths: of its columns."""

    title: str
    lines: Sequence[Sequence[str]]
    widths: Sequence[int]


def workbook(
    title: str,
    columns: Sequence[ListColumn],
    heads: Sequence[str],
    rows: Sequence[Iterable[Any]],
    about: About,
    notice: str = "",
    made_on: datetime | None = None,
    head_style: Mapping[str, Any] | None = None,
) -> bytes:
    """A workbook: typed columns under a frozen header with filters, and a sheet about them.

    heads: the titles of the columns. rows: the cells of each row: text, number, date, boolean, or None for no value.
    notice: printed above each page. made_on: the day written into the file; today if None.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    if made_on is not None:
        book.set_properties({"created": made_on})
    sheet, bold = book.add_worksheet(title), book.add_format({"bold": True, **(head_style or {})})
    day, literal = book.add_format({"num_format": DAY}), book.add_format({"quote_prefix": True})
    styles = {
        style: book.add_format({"num_format": style})
        for style in dict.fromkeys(column.format.in_workbook for column in columns)
        if style
    }
    for place, (column, head) in enumerate(zip(columns, heads, strict=True)):
        style = column.format.in_workbook
        sheet.set_column(place, place, column.width, styles[style] if style else None)
        sheet.write_string(0, place, head, bold)
    for line, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            _write(sheet, line, place, cell, day, literal)
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    if notice:
        sheet.set_header("&C" + notice)
    _write_about(book, about, bold, literal)
    book.close()
    return out.getvalue()


def _write(sheet: Any, line: int, place: int, cell: Any, day: Any, literal: Any) -> None:
    if isinstance(cell, str):
        _write_text(sheet, line, place, cell, literal)
    elif isinstance(cell, bool | np.bool_):
        sheet.write_boolean(line, place, bool(cell))
    elif cell is None or (isinstance(cell, float) and isnan(cell)):
        return
    elif isinstance(cell, date):
        sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001 - a day
    else:
        sheet.write_number(line, place, float(cell))


def _write_text(sheet: Any, line: int, place: int, text: str, literal: Any, style: Any = None) -> None:
    """Text, marked as such where it looks like a formula: it stays text when someone edits the cell."""
    sheet.write_string(line, place, text, style if safe(text) == text else literal)


def _write_about(book: Any, about: About, bold: Any, literal: Any) -> None:
    sheet = book.add_worksheet(about.title)
    for place, width in enumerate(about.widths):
        sheet.set_column(place, place, width)
    for line, cells in enumerate(about.lines):
        for place, text in enumerate(cells):
            is_head = place == 0 and len(cells) > 1
            _write_text(sheet, line, place, text, literal, bold if is_head else None)
