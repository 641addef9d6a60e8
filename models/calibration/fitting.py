"""How each kind of calibration is fitted to held-out margins (log-odds) and labels."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from features.errors import InputError
from models.calibration.shapes import SMALLEST, Beta, Isotonic, Platt, PlattOfBoth, Shape, agreed
from models.rows.inputs import Labels, Margins, Probabilities

# How often each row counts; once where nothing is said.
Counts = NDArray[np.float64]
# scikit-learn's inverse penalty: so large that there is practically none.
UNPENALISED = 1e6


class UnskilledError(InputError):
    """The model has learnt nothing that holds later."""


def fit_platt(margins: Margins, labels: Labels, counts: Counts | None = None) -> Platt:
    """Platt's calibration of held-out margins.

    Raises InputError where there is only one kind of label, UnskilledError where riskier margins have fewer failures.
    """
    _refuse_one_kind(labels)
    fitted = _logistic(margins, labels, counts)
    if fitted.slope <= 0:
        raise UnskilledError(_LEARNT_NOTHING)
    return fitted


def _logistic(odds: Margins, labels: Labels, counts: Counts | None = None) -> Platt:
    fitted = LogisticRegression(C=UNPENALISED).fit(odds.reshape(-1, 1), labels, counts)
    return Platt(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def calibration_slope(probability: Probabilities, labels: Labels) -> float:
    """The slope of the labels' log-odds on those of the probabilities (Cox, Biometrika 1958).

    Below 1, probabilities are too far apart; 0 where they say nothing. The labels must be of both kinds.
    """
    return _logistic(logit(probability.clip(SMALLEST, 1 - SMALLEST)), labels).slope


def fit_platt_of_both(margins: Margins, labels: Labels, counts: Counts | None = None) -> PlattOfBoth:
    """Platt's calibration of what both kinds of trees agree on; raises as `fit_platt` does."""
    fitted = fit_platt(agreed(margins), labels, counts)
    return PlattOfBoth(fitted.slope, fitted.intercept)


def fit_beta(margins: Margins, labels: Labels, counts: Counts | None = None) -> Beta:
    """Beta calibration of held-out margins, with both slopes at 0 or above; raises as `fit_platt` does."""
    _refuse_one_kind(labels)
    x = np.column_stack([log_expit(margins), -log_expit(-margins), np.ones(len(margins))])
    share = np.full(len(labels), 1 / len(labels)) if counts is None else counts / counts.sum()

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = x @ weights
        loss = -log_expit(np.where(labels, odds, -odds)) @ share
        return float(loss), x.T @ ((expit(odds) - labels) * share)

    fitted = minimize(loss, (1, 1, 0), jac=True, method="L-BFGS-B", bounds=((0, None), (0, None), (None, None)))
    below, above, intercept = (float(weight) for weight in fitted.x)
    if below == above == 0:
        raise UnskilledError(_LEARNT_NOTHING)
    return Beta(below, above, intercept)


def fit_isotonic(margins: Margins, labels: Labels, counts: Counts | None = None) -> Isotonic:
    """Isotonic calibration of held-out margins; raises as `fit_platt` does."""
    _refuse_one_kind(labels)
    unfitted = IsotonicRegression(y_min=SMALLEST, y_max=1 - SMALLEST, out_of_bounds="clip")
    fitted = unfitted.fit(margins, labels, counts)
    points, levels = fitted.X_thresholds_, fitted.y_thresholds_
    if levels[0] == levels[-1]:
        raise UnskilledError(_LEARNT_NOTHING)
    return Isotonic(tuple(points.tolist()), tuple(levels.tolist()))


_LEARNT_NOTHING = (
    "On the validation periods, the firms that the model finds safer failed more often, or as often: it has learnt "
    "nothing that holds later"
)


def _refuse_one_kind(labels: Labels) -> None:
    if len(np.unique(labels)) < 2:
        raise InputError("The validation periods hold no failure, or only failures: nothing to calibrate on.")


# By the kind of shape, from the simplest to the freest.
Fit = Callable[[Margins, Labels, Counts | None], Shape]
FITS: Final[Mapping[str, Fit]] = {
    "platt_of_both": fit_platt_of_both,
    "platt": fit_platt,
    "beta": fit_beta,
    "isotonic": fit_isotonic,
}
