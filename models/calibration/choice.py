"""Which kind of calibration does best on later months, of other firms than those it was fitted on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss

from features.errors import InputError
from models.calibration.fitting import FITS, Fit, fit_platt_of_both
from models.calibration.reliability import CalibrationScore, expected_calibration_error, reliability
from models.calibration.shapes import Calibration, PlattOfBoth
from models.rows.inputs import Labels, Margins, Probabilities
from models.rows.split import is_to_choose_by

# What both kinds of trees agree on, as it is, for comparison.
UNCALIBRATED = PlattOfBoth(1.0, 0.0)


@dataclass(frozen=True)
class Chosen:
    """The calibration fitted on all validation rows; scores: of each kind, empty where none could be measured."""

    calibration: Calibration
    scores: tuple[CalibrationScore, ...]


def choose_calibration(margins: Margins, labels: Labels, rows: pd.DataFrame) -> Chosen:
    """The simplest kind whose log-loss is within one standard error of the best (Breiman et al., 1984).

    rows: (siren, period) of each margin. Each kind is fitted on the earlier half of the periods and measured on the
    later half of other firms: it fits one half of the firms for the other. A firm has nearly the same margin in all of
    its months, and the same future: a free shape would learn it by heart. The chosen one is fitted again on all rows.
    Platt's is taken where nothing can be measured: with a single period, or where a half holds only one kind of label.
    Raises InputError as `fit_platt_of_both` does.

    The simplest kinds are smooth: with them, every contribution of an explanation moves the probability.
    """
    is_early, is_first = _is_early(rows["period"]), is_to_choose_by(rows["siren"])
    later = labels[~is_early]
    try:
        found = {kind: _by_others(fit, margins, labels, is_early, is_first)[~is_early] for kind, fit in FITS.items()}
    except InputError:
        found = {}
    if not found or len(np.unique(later)) < 2:
        return Chosen(fit_platt_of_both(margins, labels), ())
    losses = {kind: _losses(probability, later) for kind, probability in found.items()}
    least = min(losses.values(), key=np.mean)
    firms = rows["siren"].to_numpy(str)[~is_early]
    best = next(kind for kind, loss in losses.items() if is_as_good(loss - least, firms))
    uncalibrated = _score("uncalibrated", UNCALIBRATED.probability(margins[~is_early]), later, is_chosen=False)
    scores = [_score(kind, probability, later, is_chosen=kind == best) for kind, probability in found.items()]
    return Chosen(FITS[best](margins, labels, None), (uncalibrated, *scores))


def _by_others(
    fit: Fit, margins: Margins, labels: Labels, is_early: NDArray[np.bool_], is_first: NDArray[np.bool_]
) -> Probabilities:
    """The probability of each row by the calibration of the early rows of the other half of the firms."""
    probability = np.empty(len(margins))
    for own in (is_first, ~is_first):
        others = is_early & ~own
        probability[own] = fit(margins[others], labels[others], None).probability(margins[own])
    return probability


def _losses(probability: NDArray[np.float64], labels: Labels) -> NDArray[np.float64]:
    """The log-loss of each row; a probability of 0 is raised to the smallest float step, as scikit-learn does."""
    tiny = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(np.where(labels == 1, probability, 1 - probability), tiny, 1.0)), np.float64)


def is_as_good(more: NDArray[np.float64], firms: NDArray[np.str_]) -> bool:
    """Whether the mean of `more`, the additional loss of each row, is at most one standard error.

    firms: the SIREN of each row; the rows of a firm are not independent, so the error is that of sums by firm.
    """
    _, firm = np.unique(firms, return_inverse=True)
    error = np.sqrt((np.bincount(firm, more - more.mean()) ** 2).sum()) / len(more)
    return bool(more.mean() <= error)


def _is_early(periods: pd.Series) -> NDArray[np.bool_]:
    """Whether each row is of the first half of the periods, which holds the middle one."""
    known = np.sort(periods.unique())
    return np.asarray(periods <= known[(len(known) - 1) // 2], bool)


def _score(kind: str, probability: Probabilities, labels: Labels, is_chosen: bool) -> CalibrationScore:
    return CalibrationScore(
        kind,
        float(brier_score_loss(labels, probability)),
        float(log_loss(labels, probability)),
        expected_calibration_error(reliability(probability, labels)),
        is_chosen,
    )
