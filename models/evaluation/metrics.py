"""How good probabilities are on rows that the model never saw."""

import math
import time

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, confusion_matrix, log_loss, roc_auc_score

from features.errors import InputError
from models.alerts import HIGH, MODERATE, Thresholds
from models.estimators.fitted import Learnt
from models.evaluation.records import Metrics
from models.rows.dataset import labels_of
from models.rows.inputs import Labels

TOP_SHARE = 0.01


def evaluate(probability: NDArray[np.float64], labels: Labels, thresholds: Thresholds) -> Metrics:
    """AUC, average precision, Brier score, log-loss; precision, recall and confusion at both thresholds and top 1 %.

    Raises InputError where the rows hold only one kind of label.
    """
    if len(np.unique(labels)) < 2:
        raise InputError("The test periods hold no failure, or only failures: a model can't be judged on them.")
    count = math.ceil(TOP_SHARE * len(labels))
    top = np.zeros(len(labels), bool)
    top[np.argsort(-probability, kind="stable")[:count]] = True
    return {
        "rows": len(labels),
        "failures": int(labels.sum()),
        "auc": float(roc_auc_score(labels, probability)),
        "average_precision": float(average_precision_score(labels, probability)),
        "brier": float(brier_score_loss(labels, probability)),
        "log_loss": float(log_loss(labels, probability)),
        "mean_probability": float(probability.mean()),
        HIGH: _at(probability >= thresholds.high, labels, thresholds.high),
        MODERATE: _at(probability >= thresholds.moderate, labels, thresholds.moderate),
        "top_1_percent": _at(top, labels, float(probability[top].min())),
    }


def judged(learnt: Learnt, test: pd.DataFrame) -> Metrics:
    """The metrics of `evaluate` on labelled rows, with the seconds to fit and to score 100,000 rows."""
    start = time.perf_counter()
    probability = learnt.probability(test)
    seconds = (time.perf_counter() - start) * 100_000 / len(test)
    metrics = evaluate(probability, labels_of(test), learnt.thresholds)
    return {**metrics, "fit_seconds": learnt.fit_seconds, "score_seconds_100k": seconds}


def _at(flagged: NDArray[np.bool_], labels: Labels, threshold: float) -> Metrics:
    (tn, fp), (fn, tp) = confusion_matrix(labels, flagged, labels=[0, 1])
    return {
        "threshold": threshold,
        "precision": float(tp / max(tp + fp, 1)),
        "recall": float(tp / max(tp + fn, 1)),
        "true_negatives": int(tn),
        "false_positives": int(fp),
        "false_negatives": int(fn),
        "true_positives": int(tp),
    }
