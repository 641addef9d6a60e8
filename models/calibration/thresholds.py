"""The thresholds of alerts: those that maximise F0.5 (`high`) and F2 (`moderate`) on the validation rows."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from models.alerts import HIGH, MODERATE, Thresholds
from models.rows.inputs import Labels

BETAS = {HIGH: 0.5, MODERATE: 2.0}


def choose_thresholds(probability: NDArray[np.float64], labels: Labels) -> Thresholds:
    """`high` favours precision (F0.5), `moderate` recall (F2); moderate <= high."""
    high, moderate = (_best(probability, labels, BETAS[level]) for level in (HIGH, MODERATE))
    return Thresholds(high, min(moderate, high))


def _best(probability: NDArray[np.float64], labels: Labels, beta: float) -> float:
    """The threshold with the largest F-beta score (van Rijsbergen, 1979)."""
    precision, recall, thresholds = precision_recall_curve(labels, probability)
    weighted = beta**2 * precision + recall
    score = np.divide((1 + beta**2) * precision * recall, weighted, out=np.zeros_like(weighted), where=weighted > 0)
    return float(thresholds[score[:-1].argmax()])
