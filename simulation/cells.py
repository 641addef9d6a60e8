"""Cells as the partners write them: arrays of numbers and dates turned into Arrow arrays of text."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Texts = Any  # a pyarrow string array: pyarrow ships no types
Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]
Days = NDArray[np.datetime64]

ENGLISH_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
FRENCH_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def iso(day: date) -> str:
    """2016-03-18."""
    return day.isoformat()


def urssaf(day: date) -> str:
    """(A)AAMMJJ, the year minus 1900: 1160318."""
    return f"{day.year - 1900}{day:%m%d}"


def english(day: date) -> str:
    """26MAY2014."""
    return f"{day.day:02d}{ENGLISH_MONTHS[day.month - 1]}{day.year}"


def french(day: date) -> str:
    """18/03/2016."""
    return f"{day:%d/%m/%Y}"


def prose(day: date) -> str:
    """18 mars 2016, 1er mars 2016."""
    return f"{'1er' if day.day == 1 else day.day} {FRENCH_MONTHS[day.month - 1]} {day.year}"


def days(values: Days, style: Callable[[date], str] = iso) -> Texts:
    """Dates in a partner's style, null for NaT. Each distinct day is formatted only once: rows are many, days few."""
    distinct, places = np.unique(values.astype("datetime64[D]"), return_inverse=True)
    formatted = pa.array([None if day is None else style(day) for day in distinct.tolist()], pa.string())
    return formatted.take(pa.array(places.ravel()))


def period_codes(first: np.datetime64, months: int) -> tuple[Texts, Texts, Texts]:
    """URSSAF periods of each month from `first`: the month (201631), its quarter (201630), its year (201662)."""
    dates = [day.item() for day in first + np.arange(months)]
    month = [f"{d.year}{(d.month - 1) // 3 + 1}{(d.month - 1) % 3 + 1}" for d in dates]
    return pa.array(month), pa.array([f"{code[:-1]}0" for code in month]), pa.array([f"{d.year}62" for d in dates])


def whole(values: NDArray[Any]) -> Texts:
    """Whole numbers; null where not finite."""
    number = np.asarray(values, np.float64)
    known = np.isfinite(number)
    return pa.array(np.where(known, number, 0).round().astype(np.int64), mask=~known).cast(pa.string())


def decimal(values: NDArray[Any], places: int = 2) -> Texts:
    """Numbers with `places` decimals after a point; null where not finite."""
    number = np.asarray(values, np.float64)
    known = np.isfinite(number)
    units = np.abs(np.where(known, number, 0) * 10**places).round().astype(np.int64)
    sign = choose((number < 0) & (units > 0), "-", "")
    fraction = padded(units % 10**places, places)
    return pc.if_else(
        pa.array(known), joined(sign, whole(units // 10**places), ".", fraction), pa.scalar(None, pa.string())
    )


def padded(values: NDArray[Any], width: int) -> Texts:
    """Identifiers: whole numbers padded with zeros on the left."""
    return pc.utf8_lpad(pa.array(values).cast(pa.string()), width, "0")


def joined(*parts: Any) -> Texts:
    """Texts joined without a separator; a null part counts as an empty one."""
    return pc.binary_join_element_wise(
        *(pa.scalar(part) if isinstance(part, str) else part for part in parts),
        "",
        null_handling="replace",
        null_replacement="",
    )


def choose(condition: Flags, then: Any, otherwise: Any) -> Texts:
    """`then` where the condition holds, else `otherwise` (each an array or one text); None gives null."""
    sides = (
        pa.scalar(side, pa.string()) if side is None or isinstance(side, str) else side for side in (then, otherwise)
    )
    return pc.if_else(pa.array(condition), *sides)


def of(texts: Any, places: NDArray[Any]) -> Texts:
    """The texts at those places."""
    table = texts if isinstance(texts, pa.Array) else pa.array(texts, pa.string())
    return table.take(pa.array(places))


def quoted(texts: Texts) -> Texts:
    """Texts between double quotes; double quotes inside are doubled."""
    return joined('"', pc.replace_substring(pc.fill_null(texts, ""), '"', '""'), '"')
