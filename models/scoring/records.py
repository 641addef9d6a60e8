"""What scoring says of firms, as plain records: the reports read them without loading LightGBM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.alerts import Thresholds
from models.protocol import SHORTER_HORIZONS

if TYPE_CHECKING:
    import pandas as pd

# The part of a movement that comes from no feature: from another model, or from data that were revised since.
REVISION = "revision"


def risk_at(months: int) -> str:
    """The column of the risk at a shorter horizon than the model's own."""
    return f"probability_{months}m"


SHORTER_RISKS: Final = tuple(map(risk_at, SHORTER_HORIZONS))


@dataclass(frozen=True)
class Scores:
    """The firms of one period; scores: see `models.scoring.scoring.score`.

    contributions: siren, period, base (value), one column per input, in log-odds. thresholds: those of the alerts.
    """

    scores: pd.DataFrame
    contributions: pd.DataFrame
    thresholds: Thresholds


@dataclass(frozen=True)
class Counterfactual:
    """A combination of actions that takes a firm off the list.

    actions: all taken in full but the last, of which only `share` (0-1) is taken. changes: by feature, (from, to).
    probability: the calibrated one after them.
    """

    siren: str
    actions: tuple[str, ...]
    share: float
    changes: dict[str, tuple[float, float]]
    probability: float


def decisive(parts: pd.Series, share: float = 0.8, most: int = 3) -> pd.Series:
    """The largest parts in the direction of one firm's movement, until they cover `share` of it; `most` at most."""
    total = parts.sum()
    same = parts[np.sign(parts) == np.sign(total)].abs().sort_values(ascending=False, kind="stable")
    enough = int((same.cumsum() < share * abs(total)).sum()) + 1
    chosen: pd.Series = parts[same.index[: min(enough, most)]]
    return chosen
