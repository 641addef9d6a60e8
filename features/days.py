"""Dates in tables: months later, delivery days, and the period from which a record counts."""

import ibis
import ibis.expr.types as ir


def months_after(day: ir.DateValue, months: int) -> ir.DateValue:
    """The same day `months` later, the last day of the month where it has no such day."""
    return _plus(day, ibis.interval(months=months))


def days_after(day: ir.DateValue, days: int) -> ir.DateValue:
    """The day `days` later."""
    return _plus(day, ibis.interval(days=days))


def _plus(day: ir.DateValue, interval: ir.IntervalScalar) -> ir.DateValue:
    # DuckDB returns a timestamp for date + interval; Ibis takes it for a date and would drop a single cast to date.
    return (day.cast("timestamp") + interval).cast("date")


def first_of_month(day: ir.DateValue) -> ir.DateValue:
    """The first day of the month of a day."""
    return day.cast("timestamp").truncate("M").cast("date")


def first_delivery(day: ir.DateValue, delivery_day: int) -> ir.DateValue:
    """The first monthly delivery on or after a day."""
    month = first_of_month(day)
    on_time = day.day() <= delivery_day
    delivered_in = on_time.ifelse(month, months_after(month, 1))
    return days_after(delivered_in, delivery_day - 1)


def first_period(known_at: ir.DateValue) -> ir.DateValue:
    """The first period on or after a day: what was known on that day counts from this period on."""
    month = first_of_month(known_at)
    return (known_at == month).ifelse(month, months_after(month, 1))


def month_number(day: ir.DateValue) -> ir.IntegerValue:
    """The month of a day, as a count of months: the next month is one more."""
    return day.year() * 12 + day.month()


def months_since(day: ir.DateValue, period: ir.DateValue) -> ir.IntegerValue:
    """The number of months from the month of a day to a period."""
    return month_number(period) - month_number(day)
