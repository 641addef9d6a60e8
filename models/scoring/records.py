"""What is told of a firm beside its risk, as plain records: the reports read them without any library that learns."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.calibration.shapes import Calibration

# The part of a movement that is no feature's: of another model, or of data that were corrected since.
REVISION = "revision"


@dataclass(frozen=True)
class Scores:
    """scores: see `score`; contributions: siren, period, base, the inputs; calibration: of the probabilities."""

    scores: pd.DataFrame
    contributions: pd.DataFrame
    calibration: Calibration


@dataclass(frozen=True)
class Remedy:
    """actions: done in full but for the last, of which `share` is done; changes: feature -> (from, to)."""

    siren: str
    actions: tuple[str, ...]
    share: float
    changes: dict[str, tuple[float, float]]
    probability: float


def decisive(parts: pd.Series, share: float = 0.8, most: int = 3) -> pd.Series:
    """The largest parts of one firm's movement in its own direction, until they cover `share` of it; at most `most`."""
    total = parts.sum()
    same = parts[np.sign(parts) == np.sign(total)].abs().sort_values(ascending=False, kind="stable")
    enough = int((same.cumsum() < share * abs(total)).sum()) + 1
    chosen: pd.Series = parts[same.index[: min(enough, most)]]
    return chosen
