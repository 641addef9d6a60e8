"""From a probability to an alert: thresholds that maximise F0.5 (`high`) and F2 (`moderate`) on validation."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from models.alerts import HIGH, MODERATE, Thresholds
from models.rows.inputs import Labels

BETAS = {HIGH: 0.5, MODERATE: 2.0}


def choose_thresholds(probability: NDArray[np.float64], labels: Labels) -> Thresholds:
    """The thresholds that serve precision first and recall first."""
    high, moderate = (_best(probability, labels, BETAS[level]) for level in (HIGH, MODERATE))
    return Thresholds(high, min(moderate, high))


def _best(probability: NDArray[np.float64], labels: Labels, beta: float) -> float:
    """The threshold of the largest F-beta (van Rijsbergen, 1979)."""
    precision, recall, thresholds = precision_recall_curve(labels, probability)
    weighted = beta**2 * precision + recall
    score = np.divide((1 + beta**2) * precision * recall, weighted, out=np.zeros_like(weighted), where=weighted > 0)
    return float(thresholds[score[:-1].argmax()])
