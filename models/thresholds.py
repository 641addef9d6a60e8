"""From a probability to an alert: thresholds that maximise F0.5 (`high`) and F2 (`moderate`) on validation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve

from models.dataset import Labels

HIGH, MODERATE, NO_ALERT = "high", "moderate", "none"
ALERTS = (HIGH, MODERATE, NO_ALERT)
BETAS = {HIGH: 0.5, MODERATE: 2.0}


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which a firm is on alert; moderate <= high."""

    high: float
    moderate: float

    def alerts(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """The alert of each probability."""
        return np.select([probability >= self.high, probability >= self.moderate], [HIGH, MODERATE], NO_ALERT)


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
