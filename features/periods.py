"""A period is the first day of a month; a row of that period may use what was known on that day, nothing later."""

from datetime import date

from features.errors import InputError


def parse_period(text: str) -> date:
    """The first day of the month written as `YYYY-MM`.

    Raises InputError on anything else.
    """
    period = month_in(text)
    if period is None:
        raise InputError(f'"{text}" is not a month. Write it as YYYY-MM, for example 2024-01.')
    return period


def month_in(text: str) -> date | None:
    """The first day of the month written as `YYYY-MM`, None where the text is anything else, `24-02` included."""
    try:
        return date.fromisoformat(f"{text}-01") if len(text) == len("2024-01") else None
    except ValueError:
        return None


def add_months(period: date, months: int) -> date:
    """The period `months` later (earlier where negative)."""
    index = period.year * 12 + period.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def batch_month(batch: str) -> date:
    """The month in which a batch was delivered, from its name: YYMM or YYMM_suffix."""
    return date(2000 + int(batch[:2]), int(batch[2:4]), 1)


def due_on(batch: str, delivery_day: int) -> date:
    """The day on which a batch was to be delivered, from its name."""
    return batch_month(batch).replace(day=delivery_day)


def months_between(start: date, end: date) -> int:
    """The number of months from one period to another."""
    return (end.year - start.year) * 12 + end.month - start.month


def period_range(start: date, end: date) -> list[date]:
    """Every period from `start` to `end`, both included."""
    return [add_months(start, n) for n in range(months_between(start, end) + 1)]
