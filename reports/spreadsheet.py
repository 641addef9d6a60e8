"""Tables as workbooks (XLSX), and text that no spreadsheet takes for a formula."""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import isnan
from typing import Any, Final

import numpy as np
import xlsxwriter

from reports.list_columns import ListColumn

DAY: Final = "yyyy-mm-dd"
# What a spreadsheet reads as a formula (OWASP, CSV injection), wherever a cell may begin: French spreadsheets split at
# semicolons, others at commas or tabs, and heed no quote in the middle of a cell.
_FORMULA: Final = re.compile(r"^(?=[\t\r])|(?<![^;,\t\r\n])(?=[=+@-])")


def safe(cell: Any) -> Any:
    """A cell for a CSV file: before each place where a text could start a formula, an apostrophe."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


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
    day = book.add_format({"num_format": DAY})
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
            _write(sheet, line, place, cell, day)
    sheet.freeze_panes(1, 3)
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    if notice:
        sheet.set_header("&C" + notice)
    _write_about(book, about, bold)
    book.close()
    return out.getvalue()


def _write(sheet: Any, line: int, place: int, cell: Any, day: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(line, place, cell)
    elif isinstance(cell, bool | np.bool_):
        sheet.write_boolean(line, place, bool(cell))
    elif cell is None or (isinstance(cell, float) and isnan(cell)):
        return
    elif isinstance(cell, date):
        sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), day)  # noqa: DTZ001 - a day
    else:
        sheet.write_number(line, place, float(cell))


def _write_about(book: Any, about: About, bold: Any) -> None:
    sheet = book.add_worksheet(about.title)
    for place, width in enumerate(about.widths):
        sheet.set_column(place, place, width)
    for line, cells in enumerate(about.lines):
        for place, text in enumerate(cells):
            is_head = place == 0 and len(cells) > 1
            sheet.write_string(line, place, text, bold if is_head else None)
