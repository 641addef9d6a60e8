"""The levels of alert, and the thresholds from which a firm is at each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HIGH, MODERATE, NO_ALERT = "high", "moderate", "none"
ALERTS = (HIGH, MODERATE, NO_ALERT)


@dataclass(frozen=True)
class Thresholds:
    """The probabilities from which a firm is on high or moderate alert; moderate <= high."""

    high: float
    moderate: float

    def alerts(self, probability: NDArray[np.float64]) -> NDArray[np.str_]:
        """The level of alert of each probability."""
        return np.select([probability >= self.high, probability >= self.moderate], [HIGH, MODERATE], NO_ALERT)
