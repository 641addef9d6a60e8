"""From a margin in log-odds to a probability: four shapes, each non-decreasing, each plain numbers that JSON holds."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit, log_expit, logit

from models.rows.inputs import Margins, Probabilities

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
    """A calibration whose log-odds are moved by `offset`, for another base rate: see `models.calibration.base_rate`."""

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
