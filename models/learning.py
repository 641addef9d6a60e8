"""Learning from rows: an estimator, calibrated and cut into alerts on later rows. What every protocol repeats."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from models.boosted_trees import Margins
from models.calibration import Probabilities
from models.calibration_choice import Chosen, choose_calibration
from models.dataset import Input, labels_of, matrix
from models.estimators import fit, margins_of
from models.evaluation import Metrics, evaluate
from models.thresholds import Thresholds, choose_thresholds

Weights = NDArray[np.float32]


@dataclass(frozen=True)
class Learnt:
    """A fitted estimator, its calibration and thresholds, and the seconds that it took to fit."""

    estimator: ClassifierMixin
    inputs: tuple[Input, ...]
    chosen: Chosen
    thresholds: Thresholds
    fit_seconds: float

    def margins(self, rows: pd.DataFrame) -> Margins:
        """The log-odds of rows of the feature table, before calibration."""
        return margins_of(self.estimator, matrix(rows, self.inputs))

    def probability(self, rows: pd.DataFrame) -> Probabilities:
        """The calibrated probability of rows of the feature table."""
        return self.chosen.calibration.probability(self.margins(rows))


def learn(
    estimator: ClassifierMixin,
    inputs: Sequence[Input],
    train: pd.DataFrame,
    validation: pd.DataFrame,
    weights: Weights | None = None,
) -> Learnt:
    """Fit on labelled training rows; calibrate and choose thresholds on later ones that the fit never saw."""
    start = time.perf_counter()
    fitted = fit(estimator, matrix(train, inputs), labels_of(train), weights)
    seconds = time.perf_counter() - start
    margins, labels = margins_of(fitted, matrix(validation, inputs)), labels_of(validation)
    chosen = choose_calibration(margins, labels, validation)
    thresholds = choose_thresholds(chosen.calibration.probability(margins), labels)
    return Learnt(fitted, tuple(inputs), chosen, thresholds, seconds)


def judged(learnt: Learnt, test: pd.DataFrame) -> Metrics:
    """The metrics of `evaluate` on labelled rows, with the seconds to fit and to score 100,000 rows."""
    start = time.perf_counter()
    probability = learnt.probability(test)
    seconds = (time.perf_counter() - start) * 100_000 / len(test)
    metrics = evaluate(probability, labels_of(test), learnt.thresholds)
    return {**metrics, "fit_seconds": learnt.fit_seconds, "score_seconds_100k": seconds}
