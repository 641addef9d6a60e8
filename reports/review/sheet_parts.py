"""What the sheet of a firm is drawn with: text in any script of its font, and small charts."""

import unicodedata
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from reports.charts import bottom_of, scale, top_of

FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
INK, SOFT, GRID = colors.HexColor("#000091"), colors.HexColor("#444444"), colors.HexColor("#d0d0da")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 244, 78, 46, 12, 66


def _font_file(name: str) -> Path:
    """A font of DejaVu as matplotlib ships it, which is found without being loaded."""
    found = find_spec("matplotlib")
    assert found is not None  # noqa: S101 - a dependency of ours
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"


for _name in (FONT, BOLD):
    pdfmetrics.registerFont(TTFont(_name, str(_font_file(_name))))
_DRAWN: Final = frozenset(pdfmetrics.getFont(FONT).face.charToGlyph)

BODY = ParagraphStyle("body", fontName=FONT, fontSize=8.5, leading=11.5)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=10, textColor=SOFT)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=15, leading=19)
HEAD = ParagraphStyle("head", BODY, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=5, spaceAfter=2)
WARNING = ParagraphStyle("warning", BODY, fontName=BOLD, textColor=colors.HexColor("#b34000"))


def drawable(text: str) -> str:
    """A text that the font can draw: a sign that it lacks is told by its number in Unicode, never left out."""
    whole = unicodedata.normalize("NFC", text)
    return "".join(sign if ord(sign) in _DRAWN or sign.isspace() else f"[U+{ord(sign):04X}]" for sign in whole)


def text(said: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph."""
    return Paragraph(escape(drawable(said)), style)


def small_chart(
    title: str, ends: tuple[str, str], values: Sequence[float | None], told: Callable[[float], str]
) -> Drawing:
    """A line over months, interrupted where nothing is known. ends: the first and the last month, in words."""
    found = [value for value in values if value is not None]
    top = top_of([abs(value) for value in found])
    low = bottom_of(found, top)
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(String(0, HEIGHT - 7, drawable(title), fontName=BOLD, fontSize=7.5))
    for value in (low, top):
        y = scale(value, low, top, BOTTOM, TOP - 4)
        drawing.add(Line(LEFT, y, WIDTH, y, strokeColor=GRID, strokeWidth=0.5))
        drawing.add(_label(LEFT - 4, y - 2, told(value), "end"))
    drawing.add(_label(LEFT, 1, ends[0], "start"))
    drawing.add(_label(WIDTH, 1, ends[1], "end"))
    for run in _runs(values):
        points = [
            (scale(n, 0, max(len(values) - 1, 1), LEFT, WIDTH), scale(v, low, top, BOTTOM, TOP - 4)) for n, v in run
        ]
        drawing.add(PolyLine([part for point in points for part in point], strokeColor=INK, strokeWidth=1.2))
        drawing.add(Circle(*points[-1], 1.6, fillColor=INK, strokeColor=INK))
    return drawing


def _label(x: float, y: float, said: str, anchor: str) -> String:
    return String(x, y, drawable(said), fontName=FONT, fontSize=6.5, fillColor=SOFT, textAnchor=anchor)


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    runs: list[list[tuple[int, float]]] = [[]]
    for n, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((n, value))
    return [run for run in runs if run]
