"""Labels that know how a firm went on: a failure soon is seen, what comes after it is told by the firm's later state.

Whether a firm fails within 18 months is mostly chance: a label tells little of its risk. What its records said STEP
months later tells more. So a row's label is 1 where the firm fails within STEP months, else the risk that a model gives
to its state STEP months later, over the months that are left. That model has learnt in the same way, down to one of
STEP months, whose labels are seen. This is learning by temporal differences (Sutton, Machine Learning 3, 1988).
`benchmarks/known_truth.py` tells what it is worth.
"""

from collections.abc import Callable
from typing import Any, Final

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from models.estimators.boosted_trees import BoostedTrees
from models.evaluation.outcomes import fails_within
from models.rows.dataset import matrix
from models.rows.inputs import Labels, Matrix, Probabilities, Weights

STEP: Final = 6
# Trees of the models within, and of the last one: it ranks better with more than are best for labels of 0 and 1.
WITHIN, LAST = 150, 200


class SoftBoostedTrees(BoostedTrees):
    """The same trees, of labels between 0 and 1."""

    def _parameters(self, seed: int) -> dict[str, Any]:
        return {**super()._parameters(seed), "objective": "cross_entropy"}

    def soft(self, x: Matrix, labels: Probabilities, weights: Weights | None = None) -> lgb.Booster:
        """The booster of rows x inputs and a label, 0 to 1, of each."""
        rows = lgb.Dataset(x, labels, weight=weights, **self._columns())
        return lgb.train(self._parameters(self.seed), rows, self.n_estimators)


def soft_labels(
    rows: pd.DataFrame,
    horizon: int,
    fails: Callable[[int], Labels],
    learn: Callable[[Probabilities], Probabilities],
) -> Probabilities:
    """The label, 0 to 1, of each row at the horizon.

    rows: (siren, period) of months whose horizon is over, in any order. fails: which of them fail within so many
    months. learn: from labels of all rows, the risk that a model gives to each of them. A row whose firm has none STEP
    months later, as it is out of business, or of scope, or the horizon of that month is not over, keeps its own label.
    """
    later, soon = _places_later(rows), fails(STEP) == 1
    reach = horizon % STEP or STEP
    labels = fails(reach).astype(np.float64)
    while reach < horizon:
        risk, reach = learn(labels), reach + STEP
        labels = np.where(~soon & (later >= 0), risk[later], fails(reach))
    return labels


def soft_trees(
    estimator: BoostedTrees, rows: pd.DataFrame, weights: Weights, openings: pd.DataFrame, horizon: int
) -> lgb.Booster:
    """The estimator's recipe on soft labels of training rows, whose horizon is over."""
    x = matrix(rows, estimator.inputs)

    def trees(labels: Probabilities, count: int) -> lgb.Booster:
        return SoftBoostedTrees(**{**estimator.get_params(), "n_estimators": count}).soft(x, labels, weights)

    def learn(labels: Probabilities) -> Probabilities:
        return np.asarray(expit(trees(labels, WITHIN).predict(x, raw_score=True)), np.float64)

    return trees(soft_labels(rows, horizon, lambda months: fails_within(rows, openings, months), learn), LAST)


def _places_later(rows: pd.DataFrame) -> NDArray[np.int64]:
    """The place of the same firm's row STEP months later, -1 where there is none."""
    then = rows["period"] + pd.DateOffset(months=STEP)
    places = pd.MultiIndex.from_arrays([rows["siren"], rows["period"]])
    return np.asarray(places.get_indexer(pd.MultiIndex.from_arrays([rows["siren"], then])), np.int64)
