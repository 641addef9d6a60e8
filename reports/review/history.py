"""A firm's past as charts, each with its figures as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby

from features.insolvency import END
from reports import charts as drawing
from reports.charts import Series
from reports.review.data import Row
from reports.review.past import RATIOS
from reports.review.wording import known
from reports.review.words import Words


@dataclass(frozen=True)
class Chart:
    """A chart, and its figures as a table."""

    title: str
    svg: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    # Name and colour of each series; empty where there is only one.
    legend: Sequence[tuple[str, str]] = ()


def charts(rows: Sequence[Row], words: Words) -> list[Chart]:
    """A chart for each figure that the rows hold: figures that the user may not see are not in them."""
    if not rows:
        return []
    found = []
    days = [row["period"] for row in rows]
    if "headcount" in rows[0]:
        names = [("headcount", words.say("Headcount"), "first")]
        if "short_time_fte" in rows[0]:
            names.append(("short_time_fte", words.say("On short-time work, in full-time equivalents"), "second"))
        found.append(_lines(words.say("Headcount and short-time work"), names, rows, days, words))
    if "debt" in rows[0]:
        found.append(_debts(rows, days, words))
        names = [("contribution_monthly", words.say("Monthly contributions"), "first")]
        found.append(_lines(words.say("Contributions due each month, in euros"), names, rows, days, words))
    if "paydex" in rows[0]:
        names = [("paydex", words.say("Days late"), "first")]
        found.append(_lines(words.say("Delay in paying suppliers, in days"), names, rows, days, words))
    return found


def _values(rows: Sequence[Row], name: str) -> tuple[float | None, ...]:
    return tuple(known(row[name]) for row in rows)


def _lines(
    title: str, names: Sequence[tuple[str, str, str]], rows: Sequence[Row], days: Sequence[date], words: Words
) -> Chart:
    series = [Series(label, _values(rows, name), style) for name, label, style in names]
    svg = drawing.line_chart(title, _span(days, words), days, series, lambda v: words.number(v, 1))
    return Chart(
        title, svg, (words.say("Month"), *(one.name for one in series)), _table(series, days, words), _legend(series)
    )


def ratio_charts(rows: Sequence[Row], words: Words) -> list[Chart]:
    """The firm's ratios with the medians of its division: one chart per ratio of which the user may see a value."""
    days = [row["period"] for row in rows]
    found = []
    for name in RATIOS:
        own = Series(words.say("This firm"), tuple(row[name] for row in rows), "first")
        sector = Series(words.say("Median of its sector"), tuple(row["sector"].get(name) for row in rows), "median")
        lines = [one for one in (own, sector) if any(value is not None for value in one.values)]
        if own not in lines:
            continue
        title = words.label(name)
        svg = drawing.line_chart(title, _span(days, words), days, lines, partial(words.value, name))
        table = [(words.month(day), *(words.value(name, one.values[n]) for one in lines)) for n, day in enumerate(days)]
        head = (words.say("Month"), *(one.name for one in lines))
        found.append(Chart(title, svg, head, table[::-1], _legend(lines)))
    return found


def _debts(rows: Sequence[Row], days: Sequence[date], words: Words) -> Chart:
    employee, total = _values(rows, "debt_employee"), _values(rows, "debt")
    employer = tuple(None if t is None else t - (e or 0) for t, e in zip(total, employee, strict=True))
    stacks = [
        Series(words.say("Employee share"), employee, "second"),
        Series(words.say("Employer share"), employer, "first"),
    ]
    title = words.say("Social debt, in euros")
    svg = drawing.bar_chart(title, _span(days, words), days, stacks, lambda v: words.number(v, 1))
    return Chart(
        title, svg, (words.say("Month"), *(one.name for one in stacks)), _table(stacks, days, words), _legend(stacks)
    )


def _legend(series: Sequence[Series]) -> list[tuple[str, str]]:
    return [(one.name, one.style) for one in series] if len(series) > 1 else []


def _table(series: Sequence[Series], days: Sequence[date], words: Words) -> list[tuple[str, ...]]:
    rows = [(words.month(day), *(words.number(one.values[n], 1) for one in series)) for n, day in enumerate(days)]
    return rows[::-1]


def _span(days: Sequence[date], words: Words) -> str:
    return words.say(
        "From {first} to {last}; the table below holds the figures.",
        first=words.month(days[0]),
        last=words.month(days[-1]),
    )


def judgement_days(rows: Sequence[Row]) -> list[Row]:
    """What was decided each day, newest first: on, known_at, decisions of (action, stage), is_end.

    rows: as `reports.review.past.judgements`. Ends beside another decision are its consequence; alone, they are one.
    """
    found = []
    for day, group in groupby(rows, key=lambda row: row["effective_on"]):
        events = list(group)
        decided = [row for row in events if row["stage"] != END]
        decisions = dict.fromkeys((row["action"], row["stage"]) for row in decided) or [("", END)]
        first = min(row["known_at"] for row in decided or events)
        found.append({"on": day, "known_at": first, "decisions": list(decisions), "is_end": not decided})
    return found
