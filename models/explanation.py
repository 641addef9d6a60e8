"""Exact contributions (TreeSHAP, Lundberg et al. 2018), in log-odds: base + their sum is the margin, on every row."""

from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.dataset import Matrix

TOLERANCE = 1e-6


class NotAdditiveError(RuntimeError):
    """Contributions don't add up to the margin: nothing may be published."""


@dataclass(frozen=True)
class Explained:
    """margin: a row; contributions: rows x inputs; base: the mean margin of the training rows."""

    margin: NDArray[np.float64]
    contributions: NDArray[np.float64]
    base: float


def margins(booster: lgb.Booster, x: Matrix) -> NDArray[np.float64]:
    """The log-odds of each row, before calibration."""
    return np.asarray(booster.predict(x, raw_score=True), np.float64)


def explain(booster: lgb.Booster, x: Matrix) -> Explained:
    """The margin of each row and what each input adds to it.

    Raises NotAdditiveError where they differ by more than TOLERANCE.
    """
    margin = margins(booster, x)
    parts = np.asarray(booster.predict(x, pred_contrib=True), np.float64).reshape(len(x), -1)
    gap = np.abs(parts.sum(axis=1) - margin).max(initial=0)
    if gap > TOLERANCE:
        raise NotAdditiveError(f"The contributions differ from the margin by {gap:.2g}, more than {TOLERANCE:.0e}.")
    return Explained(margin, parts[:, :-1], float(parts[0, -1]) if len(parts) else 0.0)
