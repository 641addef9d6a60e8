"""How each kind of calibration is fitted to held-out margins (log-odds) and labels."""

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from features.errors import InputError
from models.calibration.shapes import DECIMALS, SMALLEST, Beta, Isotonic, Platt, VennAbers
from models.rows.inputs import Labels, Margins, Probabilities

with np.errstate():  # When imported, the library would turn off numpy's warnings for the whole process.
    from venn_abers import VennAbers as VennAbersPredictor

# scikit-learn's inverse penalty: so large that there is practically none.
UNPENALISED = 1e6


class UnskilledError(InputError):
    """The model has learnt nothing that holds later."""


def fit_platt(margins: Margins, labels: Labels) -> Platt:
    """Platt's calibration of held-out margins.

    Raises InputError where there is only one kind of label, UnskilledError where riskier margins have fewer failures.
    """
    _refuse_one_kind(labels)
    fitted = _logistic(margins, labels)
    if fitted.slope <= 0:
        raise UnskilledError(_LEARNT_NOTHING)
    return fitted


def _logistic(odds: Margins, labels: Labels) -> Platt:
    fitted = LogisticRegression(C=UNPENALISED).fit(odds.reshape(-1, 1), labels)
    return Platt(float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def calibration_slope(probability: Probabilities, labels: Labels) -> float:
    """The slope of the labels' log-odds on those of the probabilities (Cox, Biometrika 1958).

    Below 1, probabilities are too far apart; 0 where they say nothing. The labels must be of both kinds.
    """
    return _logistic(logit(probability.clip(SMALLEST, 1 - SMALLEST)), labels).slope


def fit_beta(margins: Margins, labels: Labels) -> Beta:
    """Beta calibration of held-out margins, with both slopes at 0 or above; raises as `fit_platt` does."""
    _refuse_one_kind(labels)
    x = np.column_stack([log_expit(margins), -log_expit(-margins), np.ones(len(margins))])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = x @ weights
        return float(-log_expit(np.where(labels, odds, -odds)).mean()), x.T @ (expit(odds) - labels) / len(labels)

    fitted = minimize(loss, (1, 1, 0), jac=True, method="L-BFGS-B", bounds=((0, None), (0, None), (None, None)))
    below, above, intercept = (float(weight) for weight in fitted.x)
    if below == above == 0:
        raise UnskilledError(_LEARNT_NOTHING)
    return Beta(below, above, intercept)


def fit_isotonic(margins: Margins, labels: Labels) -> Isotonic:
    """Isotonic calibration of held-out margins; raises as `fit_platt` does."""
    _refuse_one_kind(labels)
    fitted = IsotonicRegression(y_min=SMALLEST, y_max=1 - SMALLEST, out_of_bounds="clip").fit(margins, labels)
    points, levels = fitted.X_thresholds_, fitted.y_thresholds_
    if levels[0] == levels[-1]:
        raise UnskilledError(_LEARNT_NOTHING)
    return Isotonic(tuple(points.tolist()), tuple(levels.tolist()))


def fit_venn_abers(margins: Margins, labels: Labels) -> VennAbers:
    """Venn-Abers predictor of held-out margins; raises InputError where there is only one kind of label."""
    _refuse_one_kind(labels)
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        # The library warns of the slope of steps without rows, which it then skips.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        scores = np.column_stack([margins, margins])
        fitted = VennAbersPredictor().fit(scores, labels.astype(np.float64), precision=DECIMALS)
    low_from, low = _steps(fitted.c, fitted.p0[:, 1])
    high_from, high = _steps(fitted.c, fitted.p1[:, 1])
    return VennAbers(low_from, low, high_from, high)


def _steps(points: NDArray[np.float64], levels: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The points at which a step function rises, and its levels, the first one before the first point."""
    levels = np.maximum.accumulate(levels)  # Rounding errors make it fall by a tiny step here and there.
    changes = np.flatnonzero(np.diff(levels) > 0)
    return tuple(points[changes].tolist()), (float(levels[0]), *levels[changes + 1].tolist())


_LEARNT_NOTHING = (
    "On the validation periods, the firms that the model finds safer failed more often, or as often: it has learnt "
    "nothing that holds later"
)


def _refuse_one_kind(labels: Labels) -> None:
    if len(np.unique(labels)) < 2:
        raise InputError("The validation periods hold no failure, or only failures: nothing to calibrate on.")
