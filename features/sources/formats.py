"""Cell readers: the text of a cell as a typed value, null where the text is not what the partner promised.

A text that is not blank and is read as null is a reject; `expects` gives the reason that is shown. A blank cell is no
reject: its value is unknown.

Cells come without blanks around them. Nearly all are in the one form that partners agreed on, which each reader tries
first: what it takes to read the other forms is then worked out for the few other cells only.
"""

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from features.days import months_after

# Blanks, tabs and no-break spaces (U+00A0, U+202F): some files separate thousands with them.
BLANKS = r"[\s\x{00A0}\x{202F}]"
# The month with which an URSSAF period begins, by its last two digits: the quarter, and the month in it (0: all).
FIRST_MONTHS = {
    "62": "01",
    **{
        f"{quarter}{within}": f"{3 * quarter - 2 + max(within - 1, 0):02d}"
        for quarter in range(1, 5)
        for within in range(4)
    },
}
# The whole part of a number, of at most 15 digits.
WHOLE = "0*[0-9]{1,15}"
ENGLISH_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(frozen=True)
class Reader:
    """How a cell is read, and what its text should be."""

    expects: str
    read: Callable[[ir.StringValue], ir.Value]

    def __call__(self, text: ir.StringValue) -> ir.Value:
        """The typed value, null where the text is not what was expected."""
        return self.read(text)


def reader(expects: str) -> Callable[[Callable[[ir.StringValue], ir.Value]], Reader]:
    """Declare a function as a cell reader."""
    return lambda read: Reader(expects, read)


def only_if(value: ir.Value, condition: ir.BooleanValue) -> ir.Value:
    """The value where the condition holds, else null."""
    return condition.ifelse(value, ibis.null(value.type()))


def bare(cell: ir.StringValue) -> ir.StringValue:
    """The cell without blanks around it, null where nothing is left. Few have any: the others don't pay for it."""
    # A blank comes before every letter and digit, and nothing at all before that.
    has_blanks = (cell < "!") | (cell.right(1) < "!")
    return has_blanks.ifelse(cell.strip().nullif(""), cell)


def _digits(text: ir.StringValue, length: int) -> ir.StringValue:
    """Digits without blanks, padded with zeros, which spreadsheets drop. At least half of the digits must be there."""
    joined = text.re_replace(BLANKS, "")
    mended = only_if(joined.lpad(length, "0"), joined.re_search(f"^[0-9]{{{(length + 1) // 2},{length}}}$"))
    return text.re_search(f"^[0-9]{{{length}}}$").ifelse(text, mended)


@reader("any text")
def text(cell: ir.StringValue) -> ir.StringValue:
    """The text as it stands."""
    return cell


@reader("a SIREN of 9 digits")
def siren(cell: ir.StringValue) -> ir.StringValue:
    """A legal unit's number, padded to 9 digits with zeros."""
    return _digits(cell, 9)


@reader("a SIRET of 14 digits, or a provisional one")
def siret(cell: ir.StringValue) -> ir.StringValue:
    """An establishment's number, left-padded to 14 digits.

    A provisional one has letters among its last five characters: its first nine digits name the firm all the same.
    """
    joined = cell.upper().re_replace(BLANKS, "")
    is_provisional = joined.re_search("^[0-9]{5,9}[0-9A-Z]{5}$") & joined.re_search("[A-Z]")
    provisional = only_if(joined.lpad(14, "0"), is_provisional)
    mended = ibis.coalesce(_digits(cell, 14), provisional)
    return cell.re_search("^[0-9]{14}$").ifelse(cell, mended)


@reader("an account number")
def account(cell: ir.StringValue) -> ir.StringValue:
    """An URSSAF account's number, without the leading zeros that some files lose."""
    return cell.startswith("0").ifelse(cell.re_replace("^0+(.)", r"\1"), cell)


@reader("an establishment number (NIC) of 5 digits")
def nic(cell: ir.StringValue) -> ir.StringValue:
    """The last 5 digits of a SIRET, padded with zeros."""
    return only_if(cell.lpad(5, "0"), cell.re_search("^[0-9]{1,5}$"))


def luhn_is_valid(number: ir.StringValue, length: int) -> ir.BooleanValue:
    """Whether a number of `length` digits carries a valid Luhn key (ISO/IEC 7812)."""
    total = ibis.literal(0)
    for place in range(length):
        digit = number.substr(place, 1).cast("int64")
        if (length - place) % 2 == 0:
            digit = digit * 2 - (digit >= 5).ifelse(9, 0)
        total = total + digit
    return total % 10 == 0


def _number(cell: ir.StringValue) -> ir.FloatingValue:
    # Decimal numbers only: "nan" and "inf" are rejected, and what is no quantity of a firm, such as 1e99.
    joined = cell.re_replace(BLANKS, "").replace(",", ".")
    is_number = joined.re_search(rf"^[+-]?({WHOLE}(\.[0-9]*)?|\.[0-9]+)([eE](-[0-9]{{1,2}}|[+]?0?[0-9]|[+]?1[0-5]))?$")
    is_plain = cell.re_search(rf"^-?{WHOLE}(\.[0-9]+)?$")
    return is_plain.ifelse(cell.try_cast("float64"), only_if(joined.try_cast("float64"), is_number))


@reader("a number")
def number(cell: ir.StringValue) -> ir.FloatingValue:
    """A decimal number with a point or a comma; thousands can be separated by blanks."""
    return _number(cell)


@reader("a number of 0 or more")
def count(cell: ir.StringValue) -> ir.FloatingValue:
    """A quantity that can't be negative: persons, hours, firms."""
    value = _number(cell)
    return only_if(value, value >= 0)


@reader("a whole number")
def integer(cell: ir.StringValue) -> ir.IntegerValue:
    """A whole number."""
    joined = cell.re_replace(BLANKS, "")
    return only_if(joined.try_cast("int64"), joined.re_search("^-?[0-9]{1,18}$"))


@reader("an amount in euro cents")
def cents(cell: ir.StringValue) -> ir.FloatingValue:
    """Euros from a count of euro cents."""
    return _number(cell) / 100


@reader("a percentage")
def percentage(cell: ir.StringValue) -> ir.FloatingValue:
    """A percentage as a share, limited to the range from 0 to 1."""
    return (_number(cell) / 100).clip(0, 1)


def _date(year: ir.StringValue, month: ir.StringValue, day: ir.StringValue) -> ir.DateValue:
    return (year + "-" + month + "-" + day).try_cast("date")


def _plausible(day: ir.DateValue) -> ir.DateValue:
    return only_if(day, day.between(ibis.date(1800, 1, 1), ibis.date(2199, 12, 31)))


def day_or(cell: ir.StringValue, otherwise: ir.DateValue) -> ir.DateValue:
    """A date in digits, see `day`; else another one."""
    is_iso = cell.re_search(r"^\d{4}-\d{2}-\d{2}$")
    timed = only_if(cell.left(10), cell.re_search(r"^\d{4}-\d{2}-\d{2}[T ].*$")).try_cast("date")
    parts = cell.split("/")
    last = parts[2]
    year = (last.length() == 2).ifelse(ibis.literal("20") + last, last)
    french = only_if(_date(year, parts[1], parts[0]), cell.re_search(r"^\d{1,2}/\d{1,2}/(\d{2}|\d{4})$"))
    month = only_if(_date(parts[1], parts[0], ibis.literal("01")), cell.re_search(r"^\d{1,2}/\d{4}$"))
    return is_iso.ifelse(cell.try_cast("date"), ibis.coalesce(timed, french, month, otherwise))


@reader("a date as YYYY-MM-DD or DD/MM/YYYY")
def day(cell: ir.StringValue) -> ir.DateValue:
    """A calendar date: ISO (a time of day is dropped), DD/MM/YYYY, DD/MM/YY (this century) or a month MM/YYYY."""
    return _plausible(day_or(cell, ibis.null("date")))


@reader("an URSSAF date as (A)AAMMJJ, the year minus 1900")
def urssaf_date(cell: ir.StringValue) -> ir.DateValue:
    """`1160318` is 2016-03-18, `990612` is 1999-06-12."""
    padded = only_if(cell.lpad(7, "0"), cell.re_search(r"^\d{5,7}$"))
    year = (padded.left(3).cast("int64") + 1900).cast("string")
    return _plausible(_date(year, padded.substr(3, 2), padded.substr(5, 2)))


@reader("a date as 26MAY2014")
def english_date(cell: ir.StringValue) -> ir.DateValue:
    """Day, English month of three letters in any case, year."""
    upper = cell.upper()
    shaped = only_if(upper.lpad(9, "0"), upper.re_search(r"^\d{1,2}[A-Z]{3}\d{4}$"))
    number_of = shaped.substr(2, 3).cases(*((name, f"{n:02d}") for n, name in enumerate(ENGLISH_MONTHS, 1)))
    return _plausible(_date(shaped.right(4), number_of, shaped.left(2)))


def _urssaf_code(cell: ir.StringValue) -> ir.StringValue:
    """`YYYYQM`, the century added where it was left out (below 50: 20YY)."""
    # Each step names the one before it once: the query would double with every other mention.
    padded = cell.re_replace(r"^(\d{3})$", r"0\1")
    full = padded.re_replace(r"^([0-4]\d{3})$", r"20\1").re_replace(r"^([5-9]\d{3})$", r"19\1")
    shape = r"^(1[89]|2[01])\d{2}([1-4][0-3]|62)$"
    return cell.re_search(shape).ifelse(cell, only_if(full, full.re_search(shape)))


@reader("an URSSAF period as YYYYQM or YYQM")
def urssaf_period(cell: ir.StringValue) -> ir.DateValue:
    """The first day of the period: `201631` is July 2016, M = 0 the whole quarter, `62` the whole year."""
    code = _urssaf_code(cell)
    return (code.left(4) + "-" + ibis.map(FIRST_MONTHS)[code.right(2)] + "-01").try_cast("date")


@reader("an URSSAF period as YYYYQM or YYQM")
def urssaf_period_end(cell: ir.StringValue) -> ir.DateValue:
    """The first day after the period."""
    code = _urssaf_code(cell)
    start = urssaf_period(cell)
    quarter_or_month = (code.right(1) == "0").ifelse(months_after(start, 3), months_after(start, 1))
    return (code.right(2) == "62").ifelse(months_after(start, 12), quarter_or_month)
