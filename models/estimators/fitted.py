"""A fitted model: an estimator with the calibration that was fitted on later rows. All evaluations use it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd
from sklearn.base import ClassifierMixin

from models.calibration.choice import Chosen, choose_calibration
from models.calibration.shapes import shifted
from models.estimators.boosted_trees import BoostedTrees
from models.estimators.challengers import fit, margins_of
from models.estimators.soft_labels import course_of
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Input, Margins, Probabilities, Weights


@dataclass(frozen=True)
class FittedModel:
    """A fitted estimator, its calibration, and the seconds that the fit took."""

    estimator: ClassifierMixin
    inputs: tuple[Input, ...]
    chosen: Chosen
    fit_seconds: float

    def margins(self, rows: pd.DataFrame) -> Margins:
        """The log-odds of rows of the feature table, before calibration."""
        return margins_of(self.estimator, matrix(rows, self.inputs))

    def probability(self, rows: pd.DataFrame) -> Probabilities:
        """The calibrated probability of rows of the feature table."""
        return self.chosen.calibration.probability(self.margins(rows))


def fit_model(
    estimator: ClassifierMixin,
    inputs: Sequence[Input],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    weights: Weights | None = None,
    offset: float = 0.0,
) -> FittedModel:
    """Fit on labelled training rows; calibrate on later rows, `validation`.

    weights: of the training rows. offset: added to the log-odds of the calibration, for another failure rate.
    Raises InputError where the validation rows can't be calibrated on.
    """
    start = time.perf_counter()
    course = course_of(train) if isinstance(estimator, BoostedTrees) else None
    fitted = fit(estimator, matrix(train, inputs), labels_of(train), weights, course)
    seconds = time.perf_counter() - start
    margins, labels = margins_of(fitted, matrix(validation, inputs)), labels_of(validation)
    chosen = choose_calibration(margins, labels, validation)
    chosen = replace(chosen, calibration=shifted(chosen.calibration, offset))
    return FittedModel(fitted, tuple(inputs), chosen, seconds)
