"""Which shape of calibration holds on months later than those it was fitted on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, log_loss

from features.errors import InputError
from models.calibration.fitting import fit_beta, fit_isotonic, fit_platt, fit_venn_abers
from models.calibration.reliability import expected_calibration_error, reliability
from models.calibration.shapes import Calibration, Platt, Shape, kind_of
from models.rows.inputs import Labels, Margins

# From the simplest to the freest.
FITS: tuple[Callable[[Margins, Labels], Shape], ...] = (fit_platt, fit_beta, fit_isotonic, fit_venn_abers)
# The margin as it is, for comparison.
UNCALIBRATED = Platt(1.0, 0.0)


@dataclass(frozen=True)
class Chosen:
    """The calibration fitted on the whole window, and how each kind did on the later part of it.

    table: records of kind, brier, log_loss, expected_calibration_error, is_chosen; empty where nothing was measured.
    """

    calibration: Shape
    table: tuple[dict[str, Any], ...]


def choose_calibration(margins: Margins, labels: Labels, rows: pd.DataFrame) -> Chosen:
    """The simplest kind whose log-loss on the later half of the periods is within one standard error of the best.

    rows: their siren and period. Each kind is fitted on the earlier half; the chosen one again on all rows. Platt's
    where nothing can be measured: a single period, or a half that nothing can be fitted or judged on. Raises
    InputError as `fit_platt`. The rule of one standard error: Breiman et al., 1984; the simplest are smooth, and let
    each part of an explanation change the risk.
    """
    is_early = _is_early(rows["period"])
    later = margins[~is_early], labels[~is_early]
    try:
        fitted = [fit(margins[is_early], labels[is_early]) for fit in FITS]
    except InputError:
        fitted = []
    if not fitted or len(np.unique(later[1])) < 2:
        return Chosen(fit_platt(margins, labels), ())
    losses = [_losses(calibration.probability(later[0]), later[1]) for calibration in fitted]
    least = min(losses, key=np.mean)
    firms = rows["siren"].to_numpy(str)[~is_early]
    best = next(place for place, loss in enumerate(losses) if is_as_good(loss - least, firms))
    table = [{**_measured(calibration, *later), "is_chosen": place == best} for place, calibration in enumerate(fitted)]
    reference = {**_measured(UNCALIBRATED, *later), "kind": "uncalibrated", "is_chosen": False}
    return Chosen(FITS[best](margins, labels), (reference, *table))


def _losses(probability: NDArray[np.float64], labels: Labels) -> NDArray[np.float64]:
    """The log-loss of each row; certainty is cut as scikit-learn cuts it."""
    tiny = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(np.where(labels == 1, probability, 1 - probability), tiny, 1.0)), np.float64)


def is_as_good(more: NDArray[np.float64], firms: NDArray[np.str_]) -> bool:
    """Whether losses larger by `more` are so by one standard error at most; the rows of a firm are not independent."""
    _, firm = np.unique(firms, return_inverse=True)
    error = np.sqrt((np.bincount(firm, more - more.mean()) ** 2).sum()) / len(more)
    return bool(more.mean() <= error)


def _is_early(periods: pd.Series) -> NDArray[np.bool_]:
    """Whether each row is of the first half of the periods, the middle one counted in."""
    known = np.sort(periods.unique())
    return np.asarray(periods <= known[(len(known) - 1) // 2], bool)


def _measured(calibration: Calibration, margins: Margins, labels: Labels) -> dict[str, Any]:
    probability = calibration.probability(margins)
    return {
        "kind": kind_of(calibration),
        "brier": float(brier_score_loss(labels, probability)),
        "log_loss": float(log_loss(labels, probability)),
        "expected_calibration_error": expected_calibration_error(reliability(probability, labels)),
    }
