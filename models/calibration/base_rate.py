"""How often firms fail now, from what is known now, and the offset in log-odds that older probabilities need for it."""

from dataclasses import dataclass
from datetime import date

import pandas as pd
from scipy.special import logit

from features.errors import InputError
from features.insolvency import IN_BONIS
from features.periods import add_months
from models.calibration.reliability import wilson_interval

LOOK_BACK_MONTHS = 12


@dataclass(frozen=True)
class FailureRate:
    """Share of the firms that enter a procedure within the horizon, with its 95 % interval."""

    firms: int
    failures: int
    rate: float
    low: float
    high: float


def known_failure_rate(states: pd.DataFrame, period: date, horizon: int) -> FailureRate:
    """The failure rate of the 12 months that end at `period`, converted to the horizon at a constant hazard.

    states: (siren, period, procedure_state) of the feature table, of at least the 13 periods that end at `period`.
    It counts the firms in bonis 12 months before, as known then, and those of them known to be in a procedure at some
    period since: nothing learnt later is used. As openings are known late, the last ones are missing, and some from
    before the 12 months are counted; with a steady failure rate the two cancel out.
    Raises InputError where no firm was in bonis, or none or all have failed.
    """
    start = pd.Timestamp(add_months(period, -LOOK_BACK_MONTHS))
    in_span = states["period"].between(start, pd.Timestamp(period))
    is_in_bonis = states["procedure_state"] == IN_BONIS
    cohort = states.loc[in_span & is_in_bonis & (states["period"] == start), "siren"]
    failed = states.loc[in_span & ~is_in_bonis, "siren"]
    firms, failures = len(cohort), int(cohort.isin(failed).sum())
    if failures in (0, firms):
        raise InputError(
            f"Of the {firms} firms in bonis at {start:%Y-%m}, {failures} are known to have failed by {period:%Y-%m}: "
            "no failure rate can be estimated. Keep the calibration as it is."
        )
    low, high = (_carried(share, horizon) for share in wilson_interval(failures, firms))
    return FailureRate(firms, failures, _carried(failures / firms, horizon), low, high)


def _carried(share: float, horizon: int) -> float:
    """The share that fails within the horizon, from the share that fails within 12 months."""
    return float(1 - (1 - share) ** (horizon / LOOK_BACK_MONTHS))


def offset_between(reference_rate: float, current_rate: float) -> float:
    """What to add to the log-odds of probabilities that were calibrated at one failure rate, for another one.

    Elkan, IJCAI 2001; Saerens, Latinne, Decaestecker, Neural Computation 2002. It is exact where failing firms, and
    surviving ones, look as before, and only their proportion has changed. Raises InputError on rates of 0 or 1.
    """
    for rate in (reference_rate, current_rate):
        if not 0 < rate < 1:
            raise InputError(f"A failure rate of {rate:g} has no log-odds: nothing can be calibrated to it.")
    return float(logit(current_rate) - logit(reference_rate))


def has_drifted(reference_rate: float, current: FailureRate) -> bool:
    """Whether the failure rate that a model was calibrated at is outside the interval of the current one."""
    return not current.low <= reference_rate <= current.high
