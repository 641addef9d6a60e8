"""What monitoring finds, as plain records: reports read them without loading what computes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from features.sources import SOURCES

Level = Literal["warning", "stop"]
STOP: Final[Level] = "stop"
WARNING: Final[Level] = "warning"
Values = Mapping[str, str | int | float]
TITLES: Final = {source.name: source.title for source in SOURCES}


@dataclass(frozen=True)
class Finding:
    """Something to look at. subject: a feature, a source, a département..., or "firms", "alerts", "score", "model".

    message: in English, with the names of its values in braces; a name in `_share` is a share (0-1), one in `_count` an
    integer. limit: the name of the `Limits` that was reached.
    """

    level: Level
    subject: str
    message: str
    values: Values
    limit: str = ""

    @property
    def sentence(self) -> str:
        """The message in English, with its subject before it."""
        said = {name: _plain(name, value) for name, value in self.values.items()}
        return f"{TITLES.get(self.subject, self.subject)}: {self.message.format(**said)}"


def _plain(name: str, value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.0%}" if name.endswith("_share") else f"{value:,.0f}" if name.endswith("_count") else f"{value:.2f}"


@dataclass(frozen=True)
class Moves:
    """How many firms moved between two lists; none of them is named.

    since: the period of the earlier list. came_in: firms on alert now and not then; new_in_scope: those of them that
    were not on the earlier list at all. went_out: firms on alert then and not now; out_of_scope: those of them that are
    on the list no more. up: from moderate to high. down: from high to moderate. stayed: at the same alert.
    """

    since: date
    came_in: int
    new_in_scope: int
    went_out: int
    out_of_scope: int
    up: int
    down: int
    stayed: int
