"""Matplotlib's SVG made small, and without any style that a strict page would refuse."""

import re
from typing import Final

HEAD: Final = re.compile(r"^.*?(?=<svg )", re.DOTALL)
DROPPED: Final = re.compile(r'<metadata>.*?</metadata>|<style type="text/css">.*?</style>', re.DOTALL)
STYLE: Final = re.compile(r' style="([^"]*)"')
NAME: Final = re.compile(r' id="([^"]+)"')
# Tenths of a point are finer than a screen; numbers below 1 are scales.
NUMBER: Final = re.compile(r"(?<![\w#.-])-?[1-9]\d*\.\d{2,}(?![\w.])")


def lean(svg: str) -> str:
    """The same picture: styles as attributes, short names, coordinates to a tenth of a point, no metadata."""
    svg = DROPPED.sub("", HEAD.sub("", svg))
    svg = svg.replace("<svg ", '<svg stroke-linejoin="round" stroke-linecap="butt" ', 1)
    svg = STYLE.sub(lambda found: _attributes(found[1]), svg).replace("xlink:href", "href")
    svg = NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), svg)
    return re.sub(r">\s+<", "><", _short_names(svg))


def _attributes(style: str) -> str:
    """Of `fill: none; stroke: #000`, the attributes that say the same."""
    pairs = (part.split(":", 1) for part in style.split(";") if part.strip())
    return "".join(f' {name.strip()}="{value.strip()}"' for name, value in pairs)


def _short_names(svg: str) -> str:
    """Names of a letter and a number for what is drawn again; none for the rest."""
    declared = dict.fromkeys(NAME.findall(svg))
    names = {name: f"n{number}" for number, name in enumerate(declared) if f"#{name}" in svg}
    svg = NAME.sub(lambda found: f' id="{names[found[1]]}"' if found[1] in names else "", svg)
    return re.sub(r"#([\w.-]+)", lambda found: f"#{names.get(found[1], found[1])}", svg)
