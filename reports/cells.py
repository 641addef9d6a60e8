"""Text that no spreadsheet takes for a formula: the one way in which tables are written as CSV."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

# What a spreadsheet reads as a formula (OWASP, CSV injection), full-width and small forms among them.
_SIGNS: Final = "=+\\-@＝＋－＠﹦﹢﹣﹫"
# Wherever a cell may begin: French spreadsheets split at semicolons, others at commas or tabs, heeding no quote in the
# middle of a cell, and quotes before the sign are lost on the way. A blank before it makes it text.
_FORMULA: Final = re.compile(rf'^(?=[\t\r\n])|(?:^|(?<=[;,\t\r\n]))(?="*[{_SIGNS}])')


def safe(cell: Any) -> Any:
    """A cell for a table: before each place where a text could start a formula, an apostrophe."""
    return _FORMULA.sub("'", cell) if isinstance(cell, str) else cell


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
    writer.writerows([safe(cell) for cell in row] for row in (head, *rows))
    return out.getvalue()
