"""Whether probabilities keep their word: of firms given 10 %, do 10 % fail?"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from models.rows.inputs import Labels, Probabilities

LEVEL = 0.95


def reliability(probability: Probabilities, labels: Labels, bins: int = 10) -> list[dict[str, Any]]:
    """The points of a reliability diagram, from the safest firms to the riskiest, as many rows in each.

    A record: rows, failures, mean_probability, observed_rate, low and high (Wilson, 95 %, as if rows were independent:
    months of one firm are not, so the truth is wider). Equal probabilities share a bin, which may leave fewer bins.
    """
    if not len(probability):
        return []
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf")
    bin_of = np.searchsorted(np.unique(edges), probability, "left")
    return [_point(probability[bin_of == number], labels[bin_of == number]) for number in np.unique(bin_of)]


def _point(probability: Probabilities, labels: Labels) -> dict[str, Any]:
    rows, failures = len(labels), int(labels.sum())
    low, high = wilson_interval(failures, rows)
    return {
        "rows": rows,
        "failures": failures,
        "mean_probability": float(probability.mean()),
        "observed_rate": failures / rows,
        "low": low,
        "high": high,
    }


def expected_calibration_error(points: Sequence[dict[str, Any]]) -> float:
    """Mean gap between what was predicted and what was observed, over the rows of `reliability`'s points.

    Naeini, Cooper, Hauskrecht, AAAI 2015.
    """
    rows = sum(point["rows"] for point in points)
    gaps = (point["rows"] * abs(point["mean_probability"] - point["observed_rate"]) for point in points)
    return float(sum(gaps) / rows)


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """Where the rate behind `successes` of `trials` lies, at 95 % (Wilson, JASA 1927)."""
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    share, spread = successes / trials, z**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * np.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
