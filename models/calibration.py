"""From a margin in log-odds to a probability (Platt, Advances in Large Margin Classifiers, 1999)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from features.errors import InputError
from models.dataset import Labels

Margins = NDArray[np.float64]
UNPENALISED = 1e6


@dataclass(frozen=True)
class Platt:
    """probability = 1 / (1 + exp(-(slope x margin + intercept)))."""

    slope: float
    intercept: float

    def probability(self, margins: Margins) -> NDArray[np.float64]:
        """The calibrated probability of each margin."""
        return np.asarray(expit(self.slope * margins + self.intercept), np.float64)


def fit_platt(margins: Margins, labels: Labels) -> Platt:
    """The calibration of held-out margins.

    Raises InputError where only one kind of label was seen, or the margins order firms the wrong way round.
    """
    if len(np.unique(labels)) < 2:
        raise InputError("The validation periods hold no failure, or only failures: nothing to calibrate on.")
    fitted = LogisticRegression(C=UNPENALISED).fit(margins.reshape(-1, 1), labels)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        raise InputError(
            "On the validation periods, firms scored as safer failed more often: this model has learnt nothing that "
            "holds. Train on more firms or more periods."
        )
    return Platt(slope, intercept)
