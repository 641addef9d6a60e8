"""Text that no spreadsheet takes for a formula: the one way in which tables are written as CSV."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, Final

from reports.language import Language

# What a spreadsheet reads as a formula (OWASP, CSV injection), full-width and small forms among them.
_SIGNS: Final = "=+\\-@＝＋－＠﹦﹢﹣﹫"
# Wherever a cell may begin: French spreadsheets split at semicolons, others at commas or tabs, heeding no quote in the
# middle of a cell, and quotes before the sign are lost on the way. A blank before it makes it text.
_ANY_SIGN: Final = re.compile(rf"[\t\r\n{_SIGNS}]")
_FORMULA: Final = re.compile(rf'^(?=[\t\r\n])|(?:^|(?<=[;,\t\r\n]))(?="*[{_SIGNS}])')


def safe(cell: Any) -> Any:
    """A cell for a table: before each place where a text could start a formula, an apostrophe."""
    if not isinstance(cell, str) or isinstance(cell, _Written) or not _ANY_SIGN.search(cell):
        return cell
    return _FORMULA.sub("'", cell)


def csv_text(
    head: Sequence[str],
    rows: Iterable[Iterable[Any]],
    separator: str = ",",
    line_end: str = "\n",
    quoting: Any = csv.QUOTE_MINIMAL,
) -> str:
    """A table as CSV, its head too without a formula. rows: the cells of each: text, numbers, or None for no value."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writerows(map(safe, row) for row in chain((head,), rows))
    return out.getvalue()


# Of files that people open in a spreadsheet: without it, accents are lost.
MARK: Final = "\ufeff"
SPREADSHEET: Final = "text/csv; charset=utf-8"


def spreadsheet_csv(head: Sequence[str], rows: Iterable[Iterable[Any]], language: Language) -> bytes:
    """A table as CSV for people: as the spreadsheets of a language split it and read its numbers and days.

    French ones expect semicolons, a decimal comma and days as 31/12/2024. For programs, there is `csv_text`.
    """
    is_french = language.code == "fr"
    written = (map(_french, row) for row in rows) if is_french else rows
    return (MARK + csv_text(head, written, ";" if is_french else ",", "\r\n")).encode()


class _Written(str):
    """A number as text: its minus sign starts no formula."""

    __slots__ = ()


def _french(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return _Written(repr(cell).replace(".", ",").removesuffix(",0"))
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) and not isinstance(cell, datetime) else cell
