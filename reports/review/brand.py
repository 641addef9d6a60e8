"""The logo of the administration that runs the application: an image that runs nothing and fetches nothing."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from features.errors import InputError

LARGEST: Final = 500_000
SVG: Final = "image/svg+xml"
# First bytes of a file -> what it is.
_STARTS: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
# What runs or fetches in a drawing; animations can write addresses into it.
_ACTIVE: Final = frozenset({"script", "foreignobject", "iframe", "image", "use", "animate", "set", "handler", "style"})
# Entities and style sheets from elsewhere are declared before the drawing.
_DECLARED: Final = re.compile(rb"<!(doctype|entity)|<\?xml-stylesheet", re.IGNORECASE)


@dataclass(frozen=True)
class Logo:
    """An image. kind: its media type."""

    content: bytes
    kind: str


def read_logo(path: Path | None) -> Logo | None:
    """The logo of a file; None where none is set.

    Raises InputError where it can't be read, is too large, or is no image that can be shown safely.
    """
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:
        raise InputError(f"The logo {path} can't be read. Correct WEAKSIGNALS_REVIEW_LOGO.") from None
    if len(content) > LARGEST:
        raise InputError(f"The logo {path} is larger than {LARGEST // 1000} kB. Make it smaller.")
    kind = next((kind for start, kind in _STARTS.items() if content.startswith(start)), "")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        kind = "image/webp"
    if not kind:
        _check_drawing(path, content)
    return Logo(content, kind or SVG)


def _check_drawing(path: Path, content: bytes) -> None:
    """Raise InputError on what is no SVG, or one that may run or fetch something."""
    refused = InputError(
        f"The logo {path} is no PNG, JPEG, GIF, WebP or plain SVG image. An SVG may hold no script, style, link, image "
        "or declaration: draw shapes and text only."
    )
    if _DECLARED.search(content):
        raise refused
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - without declarations there are no entities
    except (ElementTree.ParseError, ValueError, LookupError):
        raise refused from None
    elements = list(root.iter())
    names = {_bare(one.tag) for one in elements if isinstance(one.tag, str)}
    attributes = [(_bare(name), value) for one in elements for name, value in one.attrib.items()]
    active = any(
        name.startswith("on") or name in ("href", "style") or re.search(r"url\(\s*['\"]?[^#'\"]", value, re.IGNORECASE)
        for name, value in attributes
    )
    if _bare(root.tag) != "svg" or names & _ACTIVE or active:
        raise refused


def _bare(name: str) -> str:
    return name.rsplit("}", 1)[-1].lower()
