"""Exact contributions (TreeSHAP, Lundberg et al. 2018), in log-odds: base value + their sum = margin, on every row."""

from dataclasses import dataclass
from functools import lru_cache

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.explanation.tree_shap import Contributions, contributions_of
from models.rows.inputs import Matrix

TOLERANCE = 1e-6


class NotAdditiveError(RuntimeError):
    """Contributions don't add up to the margin: nothing may be published."""


@dataclass(frozen=True)
class Explained:
    """margin: one per row; contributions: rows x inputs; base: the mean margin of the training rows, one for all."""

    margin: NDArray[np.float64]
    contributions: NDArray[np.float64]
    base: float


@dataclass(frozen=True)
class Explainer:
    """A booster and its tables, made once and used for many calls."""

    booster: lgb.Booster
    tables: Contributions

    def explain(self, x: Matrix) -> Explained:
        """The margin of each row and what each input adds to it.

        Raises NotAdditiveError where they differ by more than TOLERANCE.
        """
        margin, parts = margins(self.booster, x), self.tables.of(x)
        gap = np.abs(self.tables.base + parts.sum(axis=1) - margin).max(initial=0)
        if not gap <= TOLERANCE:
            raise NotAdditiveError(f"The contributions differ from the margin by {gap:.2g}, more than {TOLERANCE:.0e}.")
        return Explained(margin, parts, self.tables.base)


@lru_cache(maxsize=16)
def booster_of(text: str) -> lgb.Booster:
    """LightGBM's model, read from its own text."""
    return lgb.Booster(model_str=text)


@lru_cache(maxsize=8)
def explainer(booster: lgb.Booster) -> Explainer:
    """Make the tables of a booster.

    Raises InputError where its margin is not a plain sum over trees.
    """
    return Explainer(booster, contributions_of(booster.model_to_string()))


def margins(booster: lgb.Booster, x: Matrix) -> NDArray[np.float64]:
    """The log-odds of each row, before calibration."""
    return np.asarray(booster.predict(x, raw_score=True), np.float64)


def explain(booster: lgb.Booster, x: Matrix) -> Explained:
    """The margin of each row and what each input adds to it.

    Raises NotAdditiveError where they differ by more than TOLERANCE.
    """
    return explainer(booster).explain(x)
