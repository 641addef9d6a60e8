"""From a margin to a probability: four shapes, each non-decreasing, each a record of plain numbers.

`kind` names the shape where a calibration is stored.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, log_expit, logit

from models.rows.inputs import Margins, Probabilities

# The smallest probability that is given: 0 and 1 have no log-odds, and no firm is certain to fail or to survive.
SMALLEST = 1e-6
# Enough to order the firms that share a step, and too little to be seen in a printed probability.
TIE_BREAK = 1e-9
# Of the trees that learn the risk itself: what a risk of 1 is worth in log-odds, about as between 5 % and 40 %.
PER_RISK = 8.0
# Log-odds further out are of no firm; between them, Newton's method starts from the nearest of so many.
FURTHEST, STARTS, NEWTON_STEPS = 50.0, 10_001, 4


def agreed(margins: Margins, per_risk: float = PER_RISK) -> Margins:
    """The log-odds z at which both kinds of trees would give each margin.

    One kind gives log-odds, the other `per_risk` times the risk beyond one half; the margin is their mean. Where both
    mean the same risk, 2 x margin = z + per_risk x (1 / (1 + exp(-z)) - 1 / 2), which rises with z.
    """
    starts = np.linspace(-FURTHEST, FURTHEST, STARTS)
    odds = np.interp(2 * margins, starts + per_risk * (expit(starts) - 0.5), starts)
    for _ in range(NEWTON_STEPS):
        risk = expit(odds)
        odds = odds - (odds + per_risk * (risk - 0.5) - 2 * margins) / (1 + per_risk * risk * (1 - risk))
    return np.asarray(odds, np.float64)


@dataclass(frozen=True)
class Platt:
    """Log-odds = slope x margin + intercept (Platt, Advances in Large Margin Classifiers, 1999)."""

    slope: float
    intercept: float
    kind: Literal["platt"] = "platt"

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        return np.asarray(expit(self.slope * margins + self.intercept), np.float64)


@dataclass(frozen=True)
class PlattOfBoth:
    """Log-odds = slope x z + intercept, z as `agreed` gives: Platt's, of trees of which half learn the risk itself."""

    slope: float
    intercept: float
    per_risk: float = PER_RISK
    kind: Literal["platt_of_both"] = "platt_of_both"

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        return np.asarray(expit(self.slope * agreed(margins, self.per_risk) + self.intercept), np.float64)


@dataclass(frozen=True)
class Beta:
    """Log-odds = below x ln(s) - above x ln(1 - s) + intercept, s = 1 / (1 + exp(-margin)).

    Like Platt's, but with one slope for small margins and another for large ones (Kull, Silva Filho, Flach, AISTATS
    2017).
    """

    below: float
    above: float
    intercept: float
    kind: Literal["beta"] = "beta"

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        odds = self.below * log_expit(margins) - self.above * log_expit(-margins) + self.intercept
        return np.asarray(expit(odds), np.float64)


@dataclass(frozen=True)
class Isotonic:
    """Straight lines between the points (margins[n], probabilities[n]) (Zadrozny, Elkan, KDD 2002)."""

    margins: tuple[float, ...]
    probabilities: tuple[float, ...]
    kind: Literal["isotonic"] = "isotonic"

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        return _in_order(np.interp(margins, self.margins, self.probabilities), margins)


def _in_order(probability: Probabilities, margins: Margins) -> Probabilities:
    """The probabilities, made to rise very slightly within a step, so that a list keeps the order of the margins."""
    return np.asarray((1 - TIE_BREAK) * probability + TIE_BREAK * expit(margins), np.float64)


Shape = Platt | PlattOfBoth | Beta | Isotonic


@dataclass(frozen=True)
class Shifted:
    """A calibration with `offset` added to its log-odds, for another base rate: see `models.calibration.base_rate`."""

    calibration: Shape
    offset: float
    kind: Literal["shifted"] = "shifted"

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin at that base rate."""
        return with_offset(self.calibration.probability(margins), self.offset)


Calibration = Shape | Shifted


def shifted(calibration: Calibration, offset: float) -> Shifted:
    """The calibration as it was fitted, with `offset` added to its log-odds; an earlier offset is replaced."""
    return Shifted(calibration.calibration if isinstance(calibration, Shifted) else calibration, offset)


def with_offset(probability: Probabilities, offset: float | Margins) -> Probabilities:
    """The probabilities with an offset, or one for each, added to their log-odds; 0 and 1 stay 0 and 1."""
    return np.asarray(expit(logit(probability) + offset), np.float64)
