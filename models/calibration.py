"""From a margin in log-odds to a probability: four shapes, each non-decreasing, each plain numbers that JSON holds."""

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logit
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from features.errors import InputError
from models.dataset import Labels

with np.errstate():  # The library turns numpy's warnings off for the whole process.
    from venn_abers import VennAbers as VennAbersPredictor

Margins = NDArray[np.float64]
Probabilities = NDArray[np.float64]
UNPENALISED = 1e6
# A probability of exactly 0 or 1 has no log-odds, and no failure or survival is impossible.
SMALLEST = 1e-6
# Margins that agree to the hundredth of a log-odd are one to Venn-Abers: bounds what is stored, and fits in no time.
DECIMALS = 2
# Enough to tell firms of one step apart, too little for anyone to read.
TIE_BREAK = 1e-9


@dataclass(frozen=True)
class Platt:
    """Log-odds = slope x margin + intercept (Platt, Advances in Large Margin Classifiers, 1999)."""

    slope: float
    intercept: float

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        return np.asarray(expit(self.slope * margins + self.intercept), np.float64)


@dataclass(frozen=True)
class Beta:
    """Log-odds = below x ln(s) - above x ln(1 - s) + intercept, s = 1 / (1 + exp(-margin)).

    Platt's with a slope of its own at each end (Kull, Silva Filho, Flach, AISTATS 2017).
    """

    below: float
    above: float
    intercept: float

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        odds = self.below * log_expit(margins) - self.above * log_expit(-margins) + self.intercept
        return np.asarray(expit(odds), np.float64)


@dataclass(frozen=True)
class Isotonic:
    """Straight lines between (margin, probability) points (Zadrozny, Elkan, KDD 2002)."""

    margins: tuple[float, ...]
    probabilities: tuple[float, ...]

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin."""
        return _in_order(np.interp(margins, self.margins, self.probabilities), margins)


@dataclass(frozen=True)
class VennAbers:
    """Two isotonic fits, the firm itself counted as surviving (`low`) and as failing (`high`): steps in the margin.

    Vovk, Petej, Fedorova, NeurIPS 2015. `low` rises to the value n + 1 on reaching `low_from` n, `high` on passing it.
    """

    low_from: tuple[float, ...]
    low: tuple[float, ...]
    high_from: tuple[float, ...]
    high: tuple[float, ...]

    def interval(self, margins: Margins) -> tuple[Probabilities, Probabilities]:
        """Between which probabilities each firm's own lies: wide where few firms like it were seen."""
        rounded = np.round(margins, DECIMALS)
        low = np.asarray(self.low)[np.searchsorted(self.low_from, rounded, "right")]
        high = np.asarray(self.high)[np.searchsorted(self.high_from, rounded, "left")]
        return low, high

    def probability(self, margins: Margins) -> Probabilities:
        """The one probability that loses least, in log-loss, whichever end of the interval holds."""
        low, high = self.interval(margins)
        return _in_order(high / (1 - low + high), margins)


def _in_order(probability: Probabilities, margins: Margins) -> Probabilities:
    """Those probabilities, firms of one step in the order of their margins: a list must not lose it."""
    return np.asarray((1 - TIE_BREAK) * probability + TIE_BREAK * expit(margins), np.float64)


Shape = Platt | Beta | Isotonic | VennAbers


@dataclass(frozen=True)
class Shifted:
    """A calibration whose log-odds are moved by `offset`, for another base rate: see `models.base_rate`."""

    calibration: Shape
    offset: float

    def probability(self, margins: Margins) -> Probabilities:
        """The calibrated probability of each margin at that base rate."""
        return with_offset(self.calibration.probability(margins), self.offset)


Calibration = Shape | Shifted
KINDS: dict[str, type[Shape]] = {"platt": Platt, "beta": Beta, "isotonic": Isotonic, "venn_abers": VennAbers}
SHIFTED = "shifted"


def shifted(calibration: Calibration, offset: float) -> Shifted:
    """That calibration moved by `offset` log-odds from where it was fitted, an earlier shift undone."""
    return Shifted(calibration.calibration if isinstance(calibration, Shifted) else calibration, offset)


def with_offset(probability: Probabilities, offset: float) -> Probabilities:
    """Probabilities moved by an offset in log-odds; certainties stay certain."""
    return np.asarray(expit(logit(probability) + offset), np.float64)


def kind_of(calibration: Calibration) -> str:
    """The name of its shape."""
    return next((name for name, shape in KINDS.items() if isinstance(calibration, shape)), SHIFTED)


def to_json(calibration: Calibration) -> dict[str, Any]:
    """Its kind and its numbers, for `calibration_from` to read back."""
    if isinstance(calibration, Shifted):
        return {"kind": SHIFTED, "offset": calibration.offset, "calibration": to_json(calibration.calibration)}
    return {"kind": kind_of(calibration), **asdict(calibration)}


def calibration_from(content: dict[str, Any]) -> Calibration:
    """The calibration that `to_json` wrote.

    Raises KeyError or TypeError where it did not.
    """
    if content["kind"] == SHIFTED:
        return shifted(calibration_from(content["calibration"]), content["offset"])
    numbers: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in content.items() if name != "kind"
    }
    return KINDS[content["kind"]](**numbers)


def fit_platt(margins: Margins, labels: Labels) -> Platt:
    """Platt's calibration of held-out margins.

    Raises InputError where only one kind of label was seen, or the margins order firms the wrong way round.
    """
    _refuse_one_kind(labels)
    fitted = LogisticRegression(C=UNPENALISED).fit(margins.reshape(-1, 1), labels)
    slope, intercept = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:
        raise InputError(_LEARNT_NOTHING)
    return Platt(slope, intercept)


def fit_beta(margins: Margins, labels: Labels) -> Beta:
    """Beta calibration of held-out margins, both slopes kept at 0 or above; raises as `fit_platt`."""
    _refuse_one_kind(labels)
    x = np.column_stack([log_expit(margins), -log_expit(-margins), np.ones(len(margins))])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = x @ weights
        return float(-log_expit(np.where(labels, odds, -odds)).mean()), x.T @ (expit(odds) - labels) / len(labels)

    fitted = minimize(loss, (1, 1, 0), jac=True, method="L-BFGS-B", bounds=((0, None), (0, None), (None, None)))
    below, above, intercept = (float(weight) for weight in fitted.x)
    if below == above == 0:
        raise InputError(_LEARNT_NOTHING)
    return Beta(below, above, intercept)


def fit_isotonic(margins: Margins, labels: Labels) -> Isotonic:
    """Isotonic calibration of held-out margins; raises as `fit_platt`, where all firms would share one level."""
    _refuse_one_kind(labels)
    fitted = IsotonicRegression(y_min=SMALLEST, y_max=1 - SMALLEST, out_of_bounds="clip").fit(margins, labels)
    points, levels = fitted.X_thresholds_, fitted.y_thresholds_
    if levels[0] == levels[-1]:
        raise InputError(_LEARNT_NOTHING)
    return Isotonic(tuple(points.tolist()), tuple(levels.tolist()))


def fit_venn_abers(margins: Margins, labels: Labels) -> VennAbers:
    """Venn-Abers predictor of held-out margins; raises InputError where only one kind of label was seen."""
    _refuse_one_kind(labels)
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        # The slope of a step without rows, which the library skips.
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        scores = np.column_stack([margins, margins])
        fitted = VennAbersPredictor().fit(scores, labels.astype(np.float64), precision=DECIMALS)
    low_from, low = _steps(fitted.c, fitted.p0[:, 1])
    high_from, high = _steps(fitted.c, fitted.p1[:, 1])
    return VennAbers(low_from, low, high_from, high)


def _steps(points: NDArray[np.float64], levels: NDArray[np.float64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Where a step function, `levels[0]` before the first point, rises; and its levels."""
    levels = np.maximum.accumulate(levels)  # Undoes what rounding errors took.
    changes = np.flatnonzero(np.diff(levels) > 0)
    return tuple(points[changes].tolist()), (float(levels[0]), *levels[changes + 1].tolist())


_LEARNT_NOTHING = (
    "On the validation periods, firms scored as safer failed more often: this model has learnt nothing that "
    "holds. Train on more firms or more periods."
)


def _refuse_one_kind(labels: Labels) -> None:
    if len(np.unique(labels)) < 2:
        raise InputError("The validation periods hold no failure, or only failures: nothing to calibrate on.")
