"""Texts and dates as people write them in French: wrongly decoded accents, HTML entities, months in letters."""

import html
import re
from datetime import date
from typing import Any, Final

import ibis
import ibis.expr.types as ir

from features.sources.formats import BLANKS, day_or, only_if

# In French, and in English, which some exports write.
MONTHS: Final = {
    **dict(zip(("janvier", "fevrier", "mars", "avril", "mai", "juin"), range(1, 7), strict=True)),
    **dict(zip(("juillet", "aout", "septembre", "octobre", "novembre", "decembre"), range(7, 13), strict=True)),
    **dict(zip(("january", "february", "march", "april", "may", "june"), range(1, 7), strict=True)),
    **dict(zip(("july", "august", "september", "october", "november", "december"), range(7, 13), strict=True)),
}
# No procedure in force is older; years such as 0009 or 5025 occur in the files.
FIRST_DAY, LAST_DAY = date(1950, 1, 1), date(2199, 12, 31)
# Plain letter -> the forms that are compared as this letter.
LETTERS: Final = {
    "a": "àâäÀÂÄ",
    "c": "çÇ",
    "e": "éèêëÉÈÊË",
    "i": "îïÎÏ",
    "o": "ôöÔÖ",
    "u": "ùûüÙÛÜ",
    "y": "ÿ",
    "oe": "œŒ",
    "ae": "æÆ",
    "'": "’‘",
    " ": "\u00a0\u202f",
    "-": "–—",
}


@ibis.udf.scalar.pyarrow(signature=(("string",), "string"))  # type: ignore[untyped-decorator]
def unescaped(cell: Any) -> Any:
    """Without HTML entities (`&eacute;`, `&#039;`), which some exports escape twice."""
    # Not at the top: the application's pages import the sources, and read no file.
    import pyarrow as pa

    return pa.array([html.unescape(html.unescape(text)) for text in cell.to_pylist()], pa.string())


def _misread(letters: str) -> str:
    """A pattern of the letters as they look where UTF-8 was decoded as Latin-1 or Windows-1252: é looks like Ã©."""
    wrong = {letter.encode().decode(code, "ignore") for letter in letters for code in ("latin-1", "cp1252")}
    # The last byte of à is decoded as a no-break space, which some exports turn into a plain one.
    wrong |= {text.replace("\u00a0", " ") for text in wrong if "à" in letters}
    return "|".join(sorted((re.escape(text) for text in wrong if len(text) > 1), reverse=True))


# Blanks around a text, and the punctuation with which it ends; \v is none of `BLANKS`.
ENDS: Final = r"^[ \v]+|[ .:;,]*[ \v]*$"
# What a misread letter begins with.
MISREAD: Final = "[ÃÅÂâ]"
ALONE: Final = {form: letter for letter, forms in LETTERS.items() if len(letter) == 1 for form in forms}
JOINED: Final = {form: letters for letters, forms in LETTERS.items() if len(letters) > 1 for form in forms}


def plain(cell: ir.StringValue) -> ir.StringValue:
    """The text as it is compared: decoding repaired, no accents, lower case, single blanks; null where blank."""
    meant = cell.re_search(r"[^\x00-\x7F]").ifelse(_unaccented(cell), cell)
    return meant.lower().re_replace(f"{BLANKS}+", " ").re_replace(ENDS, "").nullif("")


def _unaccented(cell: ir.StringValue) -> ir.StringValue:
    # Repair the decoding first: Ü looks like Ãœ, and œ alone is one of the letters below. Few texts need it.
    meant = cell.re_search(MISREAD).ifelse(_repaired(cell), cell).translate("".join(ALONE), "".join(ALONE.values()))
    for form, letters in JOINED.items():
        meant = meant.replace(form, letters)
    return meant


def _repaired(cell: ir.StringValue) -> ir.StringValue:
    for letter, accented in LETTERS.items():
        cell = cell.re_replace(_misread(accented), letter)
    return cell


def prose(cell: ir.StringValue) -> ir.StringValue:
    """A text that people wrote, in plain words; HTML entities are read as the letters that they stand for."""
    # Few texts hold entities: the others don't pay for them.
    return plain(cell.contains("&").ifelse(unescaped(cell), cell))


def french_day(cell: ir.StringValue) -> ir.DateValue:
    """A date as ISO, DD/MM/YYYY or in prose (10 décembre 2009, 6 may 2011); null where its year is impossible."""
    shape = rf"^(?:[a-z]+ )?([0-9]{{1,2}})(?:er)? ({'|'.join(MONTHS)}) ([0-9]{{4}})$"
    text = plain(cell)
    # A map names the text once, CASE once for each month: it took DuckDB half a second to plan.
    month = ibis.map(MONTHS)[text.re_extract(shape, 2)].cast("string")
    prose = text.re_extract(shape, 3) + "-" + month + "-" + text.re_extract(shape, 1)
    found = day_or(cell, prose.try_cast("date"))
    return only_if(found, found.between(FIRST_DAY, LAST_DAY))
