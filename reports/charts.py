"""From records to SVG: pure functions, no style attribute, every chart with its title and description.

Colours are classes of the page's style sheet. Numbers are tested on what `scale` and `points` return, without pixels.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 14, 26
Words = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """A named line or stack of bars; None where unknown. style: its class in the style sheet."""

    name: str
    values: tuple[float | None, ...]
    style: str


@dataclass(frozen=True)
class Line:
    """A level drawn across a chart."""

    name: str
    value: float


def scale(value: float, low: float, high: float, start: float, end: float) -> float:
    """The position of a value between `start` and `end`, as it lies between low and high; `start` if they are equal."""
    return start if high == low else start + (value - low) / (high - low) * (end - start)


def top_of(values: Sequence[float | None]) -> float:
    """Where the axis ends: a round number at or above all values."""
    largest = max((value for value in values if value is not None), default=0.0)
    if largest <= 0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(largest))
    return next(n * step for n in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if n * step >= largest)


def bottom_of(values: Sequence[float | None], top: float) -> float:
    """Where the axis starts: at 0, or half or all of `top` below it, to hold the smallest value."""
    smallest = min((value for value in values if value is not None), default=0.0)
    return next(-share * top for share in (0.0, 0.5, 1.0) if smallest >= -share * top)


def points(series: Series, low: float, top: float) -> list[tuple[float, float] | None]:
    """Where each value of a line stands in the chart."""
    last = max(len(series.values) - 1, 1)
    return [
        None
        if value is None
        else (
            round(scale(n, 0, last, LEFT, WIDTH - RIGHT), 1),
            round(scale(value, low, top, HEIGHT - BOTTOM, TOP), 1),
        )
        for n, value in enumerate(series.values)
    ]


def line_chart(
    title: str,
    description: str,
    days: Sequence[date],
    series: Sequence[Series],
    words: Words,
    lines: Sequence[Line] = (),
    told: Words | None = None,
) -> str:
    """Lines over months, interrupted where nothing is known; a single month is a dot.

    words: of a value at the axis; told: of the value that is read at a month, the same if None.
    """
    values = [value for one in series for value in one.values if value is not None] + [line.value for line in lines]
    top = top_of([abs(value) for value in values])
    low = bottom_of(values, top)
    drawn = _axes(days, low, top, words)
    for line in lines:
        y = round(scale(line.value, low, top, HEIGHT - BOTTOM, TOP), 1)
        drawn.append(f'<line class="threshold" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text class="note" x="{WIDTH - RIGHT}" y="{y - 4}" text-anchor="end">{escape(line.name)}</text>')
    for one in series:
        for run in _runs(points(one, low, top)):
            drawn += drawn_line(run, one.style)
    drawn += _readings(days, series, told or words, [_around(n, len(days)) for n in range(len(days))])
    return svg(title, description, drawn, HEIGHT)


def bar_chart(title: str, description: str, days: Sequence[date], stacks: Sequence[Series], words: Words) -> str:
    """Bars by month, stacked in the order given."""
    count = len(days)
    totals = [sum(one.values[n] or 0 for one in stacks) for n in range(count)]
    top, step = top_of(totals), (WIDTH - LEFT - RIGHT) / max(count, 1)
    drawn = _axes(days, 0, top, words)
    for n in range(count):
        y = float(HEIGHT - BOTTOM)
        for one in stacks:
            height = scale(one.values[n] or 0, 0, top, 0, HEIGHT - BOTTOM - TOP)
            y -= height
            x = LEFT + n * step + step * 0.1
            size = f'width="{step * 0.8:.1f}" height="{height:.1f}"'
            drawn.append(f'<rect class="bar {one.style}" x="{x:.1f}" y="{y:.1f}" {size}/>')
    drawn += _readings(days, stacks, words, [(LEFT + n * step, step) for n in range(count)])
    return svg(title, description, drawn, HEIGHT)


def effect_bar(change: float, largest: float) -> str:
    """The effect of a theme as a bar, to the right of the middle where it raises the risk; hidden from screen readers.

    largest: the size of the effect whose bar takes the whole half.
    """
    middle, end = 150.0, scale(change, -largest, largest, 0, 300)
    style = "raises" if change >= 0 else "lowers"
    bar = f'<rect class="{style}" x="{min(middle, end):.1f}" y="3" width="{abs(end - middle):.1f}" height="12"/>'
    axis = f'<line class="axis" x1="{middle}" x2="{middle}" y1="0" y2="18"/>'
    return f'<svg class="effect" viewBox="0 0 300 18" preserveAspectRatio="none" aria-hidden="true">{axis}{bar}</svg>'


def strip(value: float | None, quartiles: tuple[float, float, float], style: str = "") -> str:
    """A value (dot) against the middle half (bar) and the median (mark) of its sector; hidden from screen readers.

    style: the class of the dot.
    """
    low, median, high = quartiles
    ends = [low, high, *([] if value is None else [value])]
    span = max(ends) - min(ends) or 1.0
    first, last = min(ends) - 0.1 * span, max(ends) + 0.1 * span

    def at(what: float) -> float:
        return scale(what, first, last, 4, 156)

    drawn = f'<rect class="middle" x="{at(low):.1f}" y="6" width="{max(at(high) - at(low), 1):.1f}" height="8"/>'
    drawn += f'<line class="median" x1="{at(median):.1f}" x2="{at(median):.1f}" y1="3" y2="17"/>'
    if value is not None:
        drawn += f'<circle class="value {style}" cx="{at(value):.1f}" cy="10" r="4.5"/>'
    return f'<svg class="strip" viewBox="0 0 160 20" aria-hidden="true">{drawn}</svg>'


def share_bar(share: float, largest: float) -> str:
    """A share as a bar, beside others of which `largest` takes the whole width; hidden from screen readers."""
    bar = f'<rect class="bar first" width="{scale(share, 0, largest, 0, 100):.1f}" height="10"/>'
    return f'<svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{bar}</svg>'


def drawn_line(run: Sequence[tuple[float, float]], style: str) -> list[str]:
    """A line through these points, then a dot at each."""
    path = " ".join(f"{x},{y}" for x, y in run)
    dots = [f'<circle class="dot {style}" cx="{x}" cy="{y}" r="2.5"/>' for x, y in run]
    return [f'<polyline class="line {style}" points="{path}"/>', *dots]


def reading(x: float, width: float, y: float, height: float, told: str) -> str:
    """A strip with what it tells: browsers show it under the pointer, `charts.js` by keyboard too."""
    size = f'width="{width:.1f}" height="{height}"'
    return f'<rect class="reading" x="{x:.1f}" y="{y}" {size}><title>{escape(told)}</title></rect>'


def svg(title: str, description: str, drawn: Sequence[str], height: int) -> str:
    """A chart with its title and description."""
    head = f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label={quoteattr(title)}>'
    return f"{head}<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(drawn)}</svg>"


def _runs(places: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is None:
            runs.append([])
        else:
            runs[-1].append(place)
    return [run for run in runs if run]


def _around(n: int, count: int) -> tuple[float, float]:
    """Where the strip of a month of a line starts, and how wide it is: the months at both ends have half of one."""
    step = (WIDTH - LEFT - RIGHT) / max(count - 1, 1)
    start, end = LEFT + (n - 0.5) * step, LEFT + (n + 0.5) * step
    start, end = max(start, LEFT), min(end, WIDTH - RIGHT)
    return start, end - start


def _readings(
    days: Sequence[date], series: Sequence[Series], words: Words, places: Sequence[tuple[float, float]]
) -> list[str]:
    """A strip over each month with what it holds.

    places: where each starts, and how wide it is.
    """
    drawn = []
    for n, (day, (x, width)) in enumerate(zip(days, places, strict=True)):
        values = ((one.name, one.values[n]) for one in series)
        said = " · ".join(f"{name} {'–' if value is None else words(value)}" for name, value in values)
        drawn.append(reading(x, width, TOP, HEIGHT - BOTTOM - TOP, f"{day:%m/%Y} – {said}"))
    return drawn


def _axes(days: Sequence[date], low: float, top: float, words: Words) -> list[str]:
    drawn = []
    for value in (low, 0 if low else top / 2, top):
        y = round(scale(value, low, top, HEIGHT - BOTTOM, TOP), 1)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text class="note" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{escape(words(value))}</text>')
    last = max(len(days) - 1, 1)
    for n in sorted({0, len(days) // 2, len(days) - 1} if days else set()):
        x, anchor = scale(n, 0, last, LEFT, WIDTH - RIGHT), "start" if n == 0 else "end" if n == last else "middle"
        text = f"{days[n]:%m/%Y}"
        drawn.append(f'<text class="note" x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{anchor}">{text}</text>')
    return drawn
