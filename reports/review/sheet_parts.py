"""What the sheet of a firm is drawn with: text in any script of its fonts, and small charts."""

import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from arabic_reshaper import reshape
from bidi import get_display
from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String
from reportlab.lib import colors
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from reports.charts import bottom_of, scale, top_of

FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
# Tried in this order for what the font of a text lacks: other scripts, then Chinese, Korean, Japanese, traditional
# Chinese. Each takes half a second to load, and is loaded once it is needed.
FALLBACK: Final = (FONT, *(f"KurintoSans{script}-Rg" for script in ("", "SC", "KR", "JP", "TC")))
INK, SOFT, GRID = colors.HexColor("#000091"), colors.HexColor("#444444"), colors.HexColor("#d0d0da")
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 244, 78, 46, 12, 66
RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})


def _font_file(name: str) -> Path:
    """A font as a package ships it: DejaVu of matplotlib, which is found without being loaded, Kurinto of Weblate."""
    is_ours = name.startswith("DejaVu")
    package, folder = ("matplotlib", "mpl-data/fonts") if is_ours else ("weblate_fonts", "static/weblate_fonts/kurinto")
    found = find_spec(package)
    assert found is not None  # noqa: S101 - a dependency of ours
    assert found.origin is not None  # noqa: S101
    return Path(found.origin).parent / folder / "ttf" / f"{name}.ttf"


@cache
def _signs(font: str) -> frozenset[int]:
    """The signs that a font draws; from then on it can be drawn with."""
    pdfmetrics.registerFont(TTFont(font, str(_font_file(font))))
    return frozenset(pdfmetrics.getFont(font).face.charToGlyph)


for _name in (FONT, BOLD):
    _signs(_name)

BODY = ParagraphStyle("body", fontName=FONT, fontSize=8.5, leading=11.5)
SMALL = ParagraphStyle("small", BODY, fontSize=7.5, leading=10, textColor=SOFT)
TITLE = ParagraphStyle("title", BODY, fontName=BOLD, fontSize=15, leading=19)
HEAD = ParagraphStyle("head", BODY, fontName=BOLD, fontSize=10.5, leading=14, spaceBefore=5, spaceAfter=2)
WARNING = ParagraphStyle("warning", BODY, fontName=BOLD, textColor=colors.HexColor("#b34000"))


def font_of(sign: str, font: str) -> str:
    """The first font that draws a sign, empty where none does."""
    fonts = dict.fromkeys((font, *FALLBACK))
    return font if sign.isspace() else next((name for name in fonts if ord(sign) in _signs(name)), "")


def drawable(text: str, font: str = FONT) -> str:
    """A text as it is drawn from the left: Arabic letters joined, what is read from the right reversed.

    A sign that no font draws is told by its number in Unicode, never left out.
    """
    whole = unicodedata.normalize("NFC", text)
    if not RIGHT_TO_LEFT.isdisjoint(map(unicodedata.bidirectional, whole)):
        whole = get_display(reshape(whole), base_dir="L")
    return "".join(sign if font_of(sign, font) else f"[U+{ord(sign):04X}]" for sign in whole)


def text(said: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph; each sign in the first font that draws it."""
    own = style.fontName
    runs = groupby(drawable(said, own), lambda sign: font_of(sign, own))
    told = ((font, escape("".join(signs))) for font, signs in runs)
    marked = (run if font == own else f"<font name={quoteattr(font)}>{run}</font>" for font, run in told)
    return Paragraph("".join(marked), style)


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
