"""Columns added to a matrix: the number of unknown values of each row, and ratios of informative pairs of quantities.

Ratios of ratios are an idea of Zieba, Tomczak and Tomczak (Expert Systems with Applications 58, 2016), who draw their
synthetic features at random. These are chosen by gain, are few, and each has a name in the explanation. They are chosen
on the rows given to `fit`, which are training rows only.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from features.catalog import CATEGORY
from models.estimators.boosted_trees import boosted_trees
from models.protocol import Hyperparameters
from models.rows.inputs import Input, Labels, Matrix

Pair = tuple[int, int]
UNKNOWN_COUNT = "unknown_count"
# A ratio with the same value for a larger share of one kind of firm shows how accounts were compiled, not how it does.
LARGEST_CONSTANT_SHARE = 0.05
DIGITS = 3


class Augmentation(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Adds the number of unknown values of each row, and the ratios with the largest gain.

    paired: how many inputs, the most informative ones, are tried in pairs; ratios: how many pairs are kept;
    min_child_samples: of the booster that ranks inputs and pairs. `pairs_` and `inputs_`, once fitted: the pairs kept,
    and the inputs followed by the added columns, which have no monotone constraint.
    """

    def __init__(  # noqa: D107  # see the class
        self, inputs: Sequence[Input], paired: int = 64, ratios: int = 60, min_child_samples: int = 10, seed: int = 0
    ) -> None:
        self.inputs = inputs
        self.paired = paired
        self.ratios = ratios
        self.min_child_samples = min_child_samples
        self.seed = seed

    def fit(self, X: Matrix, y: Labels) -> Self:  # noqa: N803  # scikit-learn's name
        """Choose the pairs by their gain in a booster that has the inputs too."""
        quantities = [n for n, column in enumerate(self.inputs) if column.unit != CATEGORY]
        telling = quantities
        if len(quantities) > self.paired:
            telling = _first(self._gains(X, y), quantities, self.paired)
        pairs = [pair for pair in combinations(telling, 2) if not _is_quirk(ratio(X, pair), y)]
        gains = self._gains(np.column_stack([X, *(ratio(X, pair) for pair in pairs)]), y)[X.shape[1] :]
        self.pairs_ = [pairs[place] for place in np.argsort(-gains, kind="stable")[: self.ratios]]
        self.inputs_ = (
            *self.inputs,
            Input(UNKNOWN_COUNT, "profile", "columns", 0, UNKNOWN_COUNT),
            *(self._input(pair) for pair in self.pairs_),
        )
        return self

    def transform(self, X: Matrix) -> Matrix:  # noqa: N803
        """Rows x `inputs_`."""
        unknown = np.isnan(X).sum(axis=1, dtype=np.float32)
        return np.column_stack([X, unknown, *(ratio(X, pair) for pair in self.pairs_)])

    def _gains(self, x: Matrix, y: Labels) -> NDArray[np.float64]:
        search = Hyperparameters(
            200, 0.08, 8, self.min_child_samples, colsample_bytree=0.1, reg_lambda=self.min_child_samples / 10
        )
        ranking = boosted_trees((), self.seed, search).fit(x, y)
        return np.asarray(ranking.booster_.feature_importance("gain"), np.float64)

    def _input(self, pair: Pair) -> Input:
        above, below = (self.inputs[place] for place in pair)
        return Input(f"{above.name}_over_{below.name}", above.theme, "ratio", 0, above.root)


def ratio(x: Matrix, pair: Pair) -> NDArray[np.float32]:
    """The first column divided by the second; NaN where either is unknown or the second is 0."""
    above, below = x[:, pair[0]], x[:, pair[1]]
    with np.errstate(over="ignore"):
        result = np.divide(above, below, out=np.full(len(x), np.nan, np.float32), where=below != 0)
    return np.where(np.isfinite(result), result, np.float32(np.nan))


def _is_quirk(values: NDArray[np.float32], y: Labels) -> bool:
    return max(constant_share(values[y == kind]) for kind in (0, 1)) > LARGEST_CONSTANT_SHARE


def constant_share(values: NDArray[np.float32]) -> float:
    """The share of the known values that equal the commonest one, to three digits; 1 where none is known."""
    known = values[~np.isnan(values)].astype(np.float64)
    if not len(known):
        return 1.0
    size = np.floor(np.log10(np.abs(known), where=known != 0, out=np.zeros(len(known))))
    unit = 10.0 ** (size - DIGITS + 1)
    _, counts = np.unique((np.rint(known / unit) * unit).astype(np.float32), return_counts=True)
    return float(counts.max() / len(known))


def _first(gains: NDArray[np.float64], places: Sequence[int], count: int) -> list[int]:
    return sorted(sorted(places, key=lambda place: -gains[place])[:count])
