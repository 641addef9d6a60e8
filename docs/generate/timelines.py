"""Two drawings of time for the concept pages, from the rules that the pipeline runs on."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import ibis

from docs.generate.drawing import drawn, rect, text
from features.days import first_period
from features.periods import add_months, months_between, period_range
from features.sources.source import After, next_delivery
from models.rows.split import Split, out_of_time

LEFT, SPAN, HEIGHT = 20, 860, 34
DELIVERY_DAY, HORIZON = 25, 18
PARTS = {"train": ("training", "#dff0e0"), "validation": ("validation", "#fbeed5"), "test": ("test", "#dbe7f6")}


def embargo() -> str:
    """The periods of a split on a line, the months from which nothing is learnt between them."""
    periods = period_range(date(2019, 1, 1), date(2023, 6, 1))
    split = out_of_time(periods, HORIZON, validation_months=6, test_months=6)
    title = f"Training months, an embargo of {HORIZON} months, then validation months and test months"
    return drawn(900, 110, "embargo", title, _split(periods, split))


def _split(periods: list[date], split: Split) -> Iterator[str]:
    def x(period: date) -> int:
        return LEFT + SPAN * months_between(periods[0], period) // len(periods)

    def bar(first: date, last: date, label: str, colour: str) -> Iterator[str]:
        start, end = x(first), x(add_months(last, 1))
        yield rect(start, 20, end - start, HEIGHT, colour)
        yield text((start + end) // 2, 42, label, "text-anchor:middle")
        yield text(start, 74, f"{first:%Y-%m}", "font-size:12px")

    for name, (label, colour) in PARTS.items():
        part = getattr(split, name)
        yield from bar(part[0], part[-1], label, colour)
    yield from bar(add_months(split.train[-1], 1), add_months(split.validation[0], -1), "embargo", "#eeeeee")
    yield text(LEFT, 98, "The last training label ends where validation begins.", "font-size:13px")


def known_at() -> str:
    """A debt booked and paid, when each is known, and from which period on it counts."""
    booked = {"booked": date(2024, 1, 10), "paid back": date(2024, 3, 10)}
    rule = After("treated_on", next_delivery)
    records = ibis.memtable({"event": list(booked), "treated_on": list(booked.values())})
    known = rule.known_at(records, DELIVERY_DAY)
    rows = records.select("event", on="treated_on", known=known, counts=first_period(known)).to_pyarrow()
    title = "A debt is booked, known at the next delivery, and counts from the next first of a month"
    return drawn(900, 140, "known-at", title, _events(rows.sort_by("on").to_pylist()))


def _events(rows: list[dict[str, Any]]) -> Iterator[str]:
    first = date(2024, 1, 1)

    def x(day: date) -> int:
        return LEFT + SPAN * (day - first).days // 118

    for period in period_range(first, date(2024, 4, 1)):
        yield rect(x(period), 16, 1, 90, "#dddddd", "#dddddd")
        yield text(x(period) - 4, 126, f"1 {period:%B}", "font-size:12px")
    for row in rows:
        steps = (
            (row["on"], f"{row['event']} on {row['on'].day} {row['on']:%B}", "#f0a860"),
            (row["known"], f"known on {row['known'].day} {row['known']:%B}", "#7cb87f"),
            (row["counts"], f"counts from {row['counts'].day} {row['counts']:%B} on", "#6f9bd1"),
        )
        for place, (day, words, colour) in enumerate(steps):
            yield rect(x(day) - 5, 20 + 28 * place, 10, 10, colour)
            yield text(x(day) + 10, 30 + 28 * place, words, "font-size:12px")
