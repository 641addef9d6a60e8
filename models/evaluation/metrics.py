"""How good probabilities are on rows that the model never saw."""

import math
import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, confusion_matrix, log_loss, roc_auc_score

from features.errors import InputError
from models.alerts import HIGH, MODERATE, AlertPolicy
from models.calibration.thresholds import Alerts, alerts_by_period, flagged
from models.estimators.fitted import FittedModel
from models.evaluation.records import CutFigures, Figures, TimedFigures
from models.rows.dataset import labels_of
from models.rows.inputs import Labels

TOP_SHARE = 0.01


def evaluate(probability: NDArray[np.float64], labels: Labels, alerts: Alerts) -> Figures:
    """The metrics of the probabilities of labelled rows, and of the alerts that they gave.

    Raises InputError where the rows hold only one kind of label.
    """
    if len(np.unique(labels)) < 2:
        raise InputError("The test periods hold no failure, or only failures: a model can't be evaluated on them.")
    count = math.ceil(TOP_SHARE * len(labels))
    top = np.zeros(len(labels), bool)
    top[np.argsort(-probability, kind="stable")[:count]] = True
    return Figures(
        rows=len(labels),
        failures=int(labels.sum()),
        auc=float(roc_auc_score(labels, probability)),
        average_precision=float(average_precision_score(labels, probability)),
        brier=float(brier_score_loss(labels, probability)),
        log_loss=float(log_loss(labels, probability)),
        mean_probability=float(probability.mean()),
        high=_at(flagged(alerts)[HIGH], labels),
        moderate=_at(flagged(alerts)[MODERATE], labels),
        top_1_percent=_at(top, labels),
    )


def evaluate_model(model: FittedModel, test: pd.DataFrame, policy: AlertPolicy) -> TimedFigures:
    """The metrics of a model on labelled rows of the feature table; raises as `evaluate`."""
    start = time.perf_counter()
    probability = model.probability(test)
    seconds = (time.perf_counter() - start) * 100_000 / len(test)
    figures = evaluate(probability, labels_of(test), alerts_by_period(policy, test, probability))
    return TimedFigures(**vars(figures), fit_seconds=model.fit_seconds, score_seconds_100k=seconds)


def _at(is_flagged: NDArray[np.bool_], labels: Labels) -> CutFigures:
    (tn, fp), (fn, tp) = confusion_matrix(labels, is_flagged, labels=[0, 1])
    return CutFigures(
        precision=float(tp / max(tp + fp, 1)),
        recall=float(tp / max(tp + fn, 1)),
        true_negatives=int(tn),
        false_positives=int(fp),
        false_negatives=int(fn),
        true_positives=int(tp),
    )
