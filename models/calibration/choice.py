"""Which kind of calibration does best on months later than those it was fitted on."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss

from features.errors import InputError
from models.calibration.fitting import FITS, fit_platt
from models.calibration.reliability import CalibrationScore, expected_calibration_error, reliability
from models.calibration.shapes import Calibration, Platt
from models.rows.inputs import Labels, Margins

# The margin taken as log-odds as it is, for comparison.
UNCALIBRATED = Platt(1.0, 0.0)


@dataclass(frozen=True)
class Chosen:
    """The calibration fitted on all validation rows; scores: of each kind, empty where none could be measured."""

    calibration: Calibration
    scores: tuple[CalibrationScore, ...]


def choose_calibration(margins: Margins, labels: Labels, rows: pd.DataFrame) -> Chosen:
    """The simplest kind whose log-loss is within one standard error of the best (Breiman et al., 1984).

    rows: (siren, period) of each margin. Each kind is fitted on the earlier half of the periods and measured on the
    later half; the chosen one is fitted again on all rows. Platt's is taken where nothing can be measured: with a
    single period, or where a half holds only one kind of label. Raises InputError as `fit_platt` does.

    The simplest kinds are smooth: with them, every contribution of an explanation moves the probability.
    """
    is_early = _is_early(rows["period"])
    later = margins[~is_early], labels[~is_early]
    try:
        fitted = [fit(margins[is_early], labels[is_early], None) for fit in FITS.values()]
    except InputError:
        fitted = []
    if not fitted or len(np.unique(later[1])) < 2:
        return Chosen(fit_platt(margins, labels), ())
    losses = [_losses(calibration.probability(later[0]), later[1]) for calibration in fitted]
    least = min(losses, key=np.mean)
    firms = rows["siren"].to_numpy(str)[~is_early]
    best = next(place for place, loss in enumerate(losses) if is_as_good(loss - least, firms))
    scores = [_score(calibration, *later, is_chosen=place == best) for place, calibration in enumerate(fitted)]
    uncalibrated = replace(_score(UNCALIBRATED, *later, is_chosen=False), kind="uncalibrated")
    return Chosen(FITS[fitted[best].kind](margins, labels, None), (uncalibrated, *scores))


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


def _score(calibration: Calibration, margins: Margins, labels: Labels, is_chosen: bool) -> CalibrationScore:
    probability = calibration.probability(margins)
    return CalibrationScore(
        calibration.kind,
        float(brier_score_loss(labels, probability)),
        float(log_loss(labels, probability)),
        expected_calibration_error(reliability(probability, labels)),
        is_chosen,
    )
