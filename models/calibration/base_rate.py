"""How often firms fail over the years, and the offset in log-odds that sets a calibration to that rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from features.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Counts = NDArray[np.float64]
# Failure rates come back to their mean: `benchmarks/base_rate.py` measured shorter and longer windows, and others.
LEVEL_MONTHS = 60


@dataclass(frozen=True)
class BaseRate:
    """The share of the firms in no procedure that fail within the horizon, over the months from `first` to `last`.

    rate: in all of these months together: probabilities are calibrated at it. lowest, highest: of a single month.
    at_calibration: in the months that the calibration was fitted on. drift: how far a later month may be from `rate`,
    as a standard deviation in log-odds.
    """

    first: date
    last: date
    rate: float
    lowest: float
    highest: float
    at_calibration: float
    drift: float

    @property
    def offset(self) -> float:
        """What takes the calibration from the months that it was fitted on to the rate of all months."""
        return offset_between(self.at_calibration, self.rate)


def base_rate(counts: "pd.DataFrame", calibrated_on: Sequence[date], horizon: int) -> BaseRate:
    """The rate of the 60 months that end with the calibration.

    counts: (period, rows, failures) of labelled months, one row per month; later ones are not looked at.
    calibrated_on: the months of the calibration, in order. Raises InputError where nobody, or everybody, fails there.
    """
    months = counts[counts["period"] <= calibrated_on[-1]].sort_values("period").tail(LEVEL_MONTHS)
    own = months[months["period"].isin(calibrated_on)]
    shares = months["failures"] / months["rows"]
    rates = [float(part["failures"].sum() / part["rows"].sum()) for part in (months, own)]
    offset_between(*rates)
    return BaseRate(
        first=months["period"].iloc[0],
        last=months["period"].iloc[-1],
        rate=rates[0],
        lowest=float(shares.min()),
        highest=float(shares.max()),
        at_calibration=rates[1],
        drift=_drift(months["failures"].to_numpy(np.float64), months["rows"].to_numpy(np.float64), horizon),
    )


def _drift(failures: Counts, rows: Counts, horizon: int) -> float:
    """How far the rate of one more month may be from the mean of these: a prediction, not a description.

    Months whose horizons overlap tell the same: only as many count as horizons follow one another, two at least. What
    chance adds among few firms is left in: it would move a month to come as much.
    """
    failed, survived = failures + 0.5, rows - failures + 0.5  # So that a month without a failure has log-odds too.
    variance = float(np.log(failed / survived).var())
    apart = max(len(rows) / horizon, 2.0)
    return float(np.sqrt(variance * apart / (apart - 1) * (1 + 1 / apart)))


def offset_between(reference_rate: float, current_rate: float) -> float:
    """What to add to the log-odds of probabilities that were calibrated at one failure rate, for another one.

    Elkan, IJCAI 2001; Saerens, Latinne, Decaestecker, Neural Computation 2002. It is exact where failing firms, and
    surviving ones, look as before, and only their proportion has changed. Raises InputError on rates of 0 or 1.
    """
    for rate in (reference_rate, current_rate):
        if not 0 < rate < 1:
            raise InputError(f"A failure rate of {rate:g} has no log-odds: nothing can be calibrated to it.")
    return float(logit(current_rate) - logit(reference_rate))
