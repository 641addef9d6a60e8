"""The risk of a firm as one picture: how it moved up to a list, then within how many months from that list on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from xml.sax.saxutils import escape

from reports.charts import BOTTOM, LEFT, RIGHT, WIDTH, Line, Words, drawn_line, reading, scale, svg, top_of

HEIGHT, TOP = 260, 34
# Where the past ends and what is foretold starts.
NOW = 372


@dataclass(frozen=True)
class RiskPicture:
    """What is drawn, and in words what a reader is told of each point.

    past: day of each list -> risk, oldest first, the last is that of the list that is shown; ahead: within how many
    months -> risk, the longest last. interval: of the longest one, None where it is not known. levels: from which risks
    on there is an alert. captions: of the past, and of what is ahead.
    """

    past: Mapping[date, float]
    ahead: Mapping[int, float]
    interval: tuple[float, float] | None
    levels: Sequence[Line]
    told_past: Sequence[str]
    told_ahead: Sequence[str]
    captions: tuple[str, str]


def risk_drawing(title: str, description: str, picture: RiskPicture, words: Words) -> str:
    """The picture as SVG. words: of a risk at the axis."""
    risks = [*picture.past.values(), *picture.ahead.values(), *(line.value for line in picture.levels)]
    top = top_of([*risks, *(picture.interval or ())])
    drawn = [*_frame(picture, top, words), *_past(picture, top), *_ahead(picture, top), *_notes(picture, top)]
    return svg(title, description, [*drawn, *_readings(picture)], HEIGHT)


def height_of(risk: float, top: float) -> float:
    """Where a risk stands, from the top."""
    return round(scale(risk, 0, top, HEIGHT - BOTTOM, TOP), 1)


def places_of_past(count: int) -> list[float]:
    """Where each list stands, from the left: the last one where the past ends."""
    return [round(scale(n, 1 - max(count, 2), 0, LEFT, NOW), 1) for n in range(1 - count, 1)]


def place_ahead(months: float, longest: int) -> float:
    """Where a horizon stands, from the left."""
    return round(scale(months, 0, longest, NOW, WIDTH - RIGHT), 1)


def _frame(picture: RiskPicture, top: float, words: Words) -> list[str]:
    drawn = []
    for value in (0, top / 2, top):
        y = height_of(value, top)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(_note(LEFT - 6, y + 4, words(value), "end"))
    heights = [height_of(level.value, top) for level in picture.levels]
    drawn += [f'<line class="threshold" x1="{LEFT}" x2="{NOW}" y1="{y}" y2="{y}"/>' for y in heights]
    return [*drawn, f'<line class="now-line" x1="{NOW}" x2="{NOW}" y1="{TOP - 8}" y2="{HEIGHT - BOTTOM}"/>']


def _notes(picture: RiskPicture, top: float) -> list[str]:
    """The words over what is drawn."""
    days, longest, below = list(picture.past), max(picture.ahead), HEIGHT - 8
    drawn = [_note(LEFT + 4, height_of(one.value, top) - 4, one.name, "start") for one in picture.levels]
    drawn += [_note(NOW - 6, 14, picture.captions[0], "end"), _note(NOW + 6, 14, picture.captions[1], "start")]
    drawn += [_note(LEFT, below, f"{day:%m/%Y}", "start") for day in days[:-1][:1]]
    drawn.append(_note(NOW + 12, below, f"{days[-1]:%m/%Y}", "end"))
    return [*drawn, *(_note(place_ahead(one, longest), below, str(one), "middle") for one in picture.ahead)]


def _past(picture: RiskPicture, top: float) -> list[str]:
    risks = list(picture.past.values())
    return drawn_line(
        [(x, height_of(risk, top)) for x, risk in zip(places_of_past(len(risks)), risks, strict=True)], "first"
    )


def _ahead(picture: RiskPicture, top: float) -> list[str]:
    """The band of the interval, then the curve from no risk at all today on."""
    longest = max(picture.ahead)
    drawn = []
    if picture.interval:
        low, high = (height_of(end, top) for end in picture.interval)
        size = f'width="{WIDTH - RIGHT - NOW}" height="{max(low - high, 1):.1f}"'
        drawn.append(f'<rect class="band" x="{NOW}" y="{high}" {size}/>')
    points = [(place_ahead(months, longest), height_of(risk, top)) for months, risk in picture.ahead.items()]
    line, _, *dots = drawn_line([(float(NOW), height_of(0, top)), *points], "second")
    return [*drawn, line, *dots]


def _readings(picture: RiskPicture) -> list[str]:
    places, longest = places_of_past(len(picture.past)), max(picture.ahead)
    edges = [LEFT, *((a + b) / 2 for a, b in pairwise(places)), NOW]
    ahead = [place_ahead(months, longest) for months in picture.ahead]
    edges += [*((a + b) / 2 for a, b in pairwise(ahead)), WIDTH - RIGHT]
    strips = zip(edges, edges[1:], [*picture.told_past, *picture.told_ahead], strict=False)
    return [reading(start, end - start, TOP, HEIGHT - BOTTOM - TOP, told) for start, end, told in strips]


def _note(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text class="note" x="{x}" y="{y}" text-anchor="{anchor}">{escape(text)}</text>'
