"""What the tables of a build tell of each other, as plain records: `features.checks` works them out."""

from dataclasses import dataclass
from datetime import date
from typing import Final

UNKNOWN_FIRMS: Final = "unknown_firms"
DATED_LATER: Final = "dated_later"
REPEATED_KEYS: Final = "repeated_keys"
YEARLY_SUM: Final = "yearly_sum"
FAILURES: Final = "failures"
# Checks whose figure is a multiple of an earlier one: too little is as wrong as too much.
RATIOS: Final = (YEARLY_SUM, FAILURES)


@dataclass(frozen=True)
class Checked:
    """A figure by which tables are checked against each other.

    value: a share (0-1), or a multiple of what there was before. month: of what was summed, None elsewhere.
    """

    check: str
    source: str
    value: float
    month: date | None = None
