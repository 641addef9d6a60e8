"""Texts for logs, reports of runs and messages, in which no firm may be named."""

import re
from typing import Final

HIDDEN: Final = "…"
# The number of a firm or of an establishment, wherever it stands; not the digits of an identifier of our own.
NUMBER: Final = re.compile(r"(?<![0-9a-f])\d{3}\s?\d{3}\s?\d{3}(?:\s?\d{5})?(?![0-9a-f])")


def without_numbers(text: str) -> str:
    """A text in which the numbers of firms and establishments can't be read."""
    return NUMBER.sub(HIDDEN, text)
