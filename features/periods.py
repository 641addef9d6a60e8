"""Months, delivery days, and the period from which a record counts.

A period is the first day of a month; a row of that period may use what was known on that day, not later.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

from features.errors import InputError


def parse_period(text: str) -> date:
    """`YYYY-MM` as the first day of that month.

    Raises InputError on anything else.
    """
    try:
        year, month = (int(part) for part in text.split("-"))
        return date(year, month, 1)
    except ValueError:
        raise InputError(f'"{text}" is not a month. Write it as YYYY-MM, for example 2024-01.') from None


def add_months(period: date, months: int) -> date:
    """The period `months` later (earlier where negative)."""
    index = period.year * 12 + period.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def months_between(start: date, end: date) -> int:
    """Whole months from one period to another."""
    return (end.year - start.year) * 12 + end.month - start.month


def period_range(start: date, end: date) -> list[date]:
    """Every period from `start` to `end`, both included."""
    return [add_months(start, n) for n in range(months_between(start, end) + 1)]


def months_after(day: ir.DateValue, months: int) -> ir.DateValue:
    """The same day `months` later, the last day of the month where it has no such day."""
    return _plus(day, ibis.interval(months=months))


def days_after(day: ir.DateValue, days: int) -> ir.DateValue:
    """The day `days` later."""
    return _plus(day, ibis.interval(days=days))


def _plus(day: ir.DateValue, interval: ir.IntervalScalar) -> ir.DateValue:
    # DuckDB makes a timestamp of date + interval, where Ibis believes in a date and would drop the cast.
    return (day.cast("timestamp") + interval).cast("date")


def first_of_month(day: ir.DateValue) -> ir.DateValue:
    """The period that holds a day."""
    return day.cast("timestamp").truncate("M").cast("date")


def first_delivery(day: ir.DateValue, delivery_day: int) -> ir.DateValue:
    """The first monthly delivery on or after a day."""
    month = first_of_month(day)
    on_time = day.day() <= delivery_day
    delivered_in = on_time.ifelse(month, months_after(month, 1))
    return days_after(delivered_in, delivery_day - 1)


def first_period(known_at: ir.DateValue) -> ir.DateValue:
    """The first period on or after a day: from there on, what was known on that day counts."""
    month = first_of_month(known_at)
    return (known_at == month).ifelse(month, months_after(month, 1))


def months_since(day: ir.DateValue, period: ir.DateValue) -> ir.IntegerValue:
    """Whole calendar months from the month of a day to a period."""
    return (period.year() - day.year()) * 12 + period.month() - day.month()
