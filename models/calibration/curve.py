"""Risks at shorter horizons than the model's own, from the same margins: a calibration of its own for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from models.calibration.shapes import Calibration
from models.protocol import SHORTER_HORIZONS
from models.rows.inputs import Margins, Probabilities


@dataclass(frozen=True)
class ShorterHorizon:
    """How margins become risks at a horizon of so many months.

    first, last: the months that it was calibrated on, newer ones than those of a longer horizon, of which the outcomes
    are known later. rows, failures: in these months. calibration: None where too few firms failed.
    """

    months: int
    first: date
    last: date
    rows: int
    failures: int
    calibration: Calibration | None


def risks_by_horizon(
    curve: Sequence[ShorterHorizon], margins: Margins, probability: Probabilities
) -> dict[int, Probabilities]:
    """The risk at each of `SHORTER_HORIZONS`: never above that at a longer one, NaN where it was not calibrated.

    probability: at the model's own horizon, which stays as it is.
    """
    known = {one.months: one.calibration for one in curve}
    found, bound = {}, probability
    for months in sorted(SHORTER_HORIZONS, reverse=True):
        calibration = known.get(months)
        if calibration is None:
            found[months] = np.full(len(margins), np.nan)
        else:
            found[months] = bound = np.minimum(calibration.probability(margins), bound)
    return {months: found[months] for months in SHORTER_HORIZONS}
