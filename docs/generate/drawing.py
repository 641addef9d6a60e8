"""Rectangles and words as SVG: plain, legible on white and on dark pages, the same bytes for the same input."""

from collections.abc import Iterable
from html import escape

STYLE = "font-family:system-ui,sans-serif;font-size:14px;fill:#1c1c1c"


def drawn(width: int, height: int, name: str, title: str, parts: Iterable[str]) -> str:
    """A picture; its title is read out to whoever can't see it."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'aria-labelledby="{name}-title" style="{STYLE}">',
            f'<title id="{name}-title">{escape(title)}</title>',
            rect(0, 0, width, height, "#ffffff", "#ffffff"),
            *parts,
            "</svg>\n",
        ]
    )


def rect(x: int, y: int, width: int, height: int, fill: str, stroke: str = "#999999", more: str = "") -> str:
    """A rectangle with rounded corners."""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}" stroke="{stroke}"{more}/>'


def text(x: int, y: int, words: str, style: str = "") -> str:
    """Words on a line."""
    return f'<text x="{x}" y="{y}" style="{style}">{escape(words)}</text>'
