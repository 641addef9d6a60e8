"""The levels of alert, and the probabilities from which a firm is at each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HIGH, MODERATE, NO_ALERT = "high", "moderate", "none"
ALERTS = (HIGH, MODERATE, NO_ALERT)


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which a firm is on alert; moderate <= high."""

    high: float
    moderate: float

    def alerts(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """The alert of each probability."""
        return np.select([probability >= self.high, probability >= self.moderate], [HIGH, MODERATE], NO_ALERT)
