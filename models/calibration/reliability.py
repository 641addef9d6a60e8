"""Whether probabilities come true: of the firms given 10 %, do 10 % fail?"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from models.rows.inputs import Labels, Probabilities

LEVEL = 0.95


@dataclass(frozen=True)
class ReliabilityPoint:
    """A point of a reliability diagram: rows of similar probability; low, high: 95 % interval of the observed rate.

    risk_low, risk_high: the ends that were given of the rows' mean risk; None where none were.
    """

    rows: int
    failures: int
    mean_probability: float
    observed_rate: float
    low: float
    high: float
    risk_low: float | None = None
    risk_high: float | None = None

    @property
    def is_held(self) -> bool | None:
        """Whether the observed rate is between those ends."""
        if self.risk_low is None or self.risk_high is None:
            return None
        return self.risk_low <= self.observed_rate <= self.risk_high


@dataclass(frozen=True)
class CalibrationScore:
    """How a kind of calibration did on rows later than those it was fitted on; log_loss in nats."""

    kind: str
    brier: float
    log_loss: float
    expected_calibration_error: float
    is_chosen: bool


def reliability(
    probability: Probabilities,
    labels: Labels,
    bins: int = 10,
    ends: tuple[Probabilities, Probabilities] | None = None,
) -> tuple[ReliabilityPoint, ...]:
    """The points of a reliability diagram, from the safest firms to the riskiest, with as many rows in each.

    Equal probabilities are in the same bin, so that there may be fewer bins. The intervals are Wilson's, which take the
    rows for independent; the months of a firm are not, so that the true intervals are wider.
    ends: of the interval of each row's risk.
    """
    if not len(probability):
        return ()
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
    bin_of = np.searchsorted(np.unique(edges), probability, "left")
    return tuple(
        _point(probability[own], labels[own], [float(end[own].mean()) for end in ends or ()])
        for own in (bin_of == number for number in np.unique(bin_of))
    )


def _point(probability: Probabilities, labels: Labels, ends: Sequence[float]) -> ReliabilityPoint:
    rows, failures = len(labels), int(labels.sum())
    low, high = wilson_interval(failures, rows)
    return ReliabilityPoint(rows, failures, float(probability.mean()), failures / rows, low, high, *ends)


def expected_calibration_error(points: Sequence[ReliabilityPoint]) -> float:
    """Mean absolute difference between the mean probability and the observed rate of each point, weighted by rows.

    Naeini, Cooper, Hauskrecht, AAAI 2015.
    """
    rows = sum(point.rows for point in points)
    gaps = (point.rows * abs(point.mean_probability - point.observed_rate) for point in points)
    return float(sum(gaps) / rows)


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """The 95 % interval of the rate behind `successes` of `trials` (Wilson, JASA 1927)."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, spread = successes / trials, z**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
