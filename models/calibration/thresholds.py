"""From the risks of a period to alerts, by a policy. No label is needed: calibrated risks say what to expect."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.alerts import BETA, HIGH, MODERATE, NO_ALERT, AlertPolicy, Thresholds
from models.rows.inputs import Probabilities

# How often each firm counts: 0 leaves it out.
Counts = NDArray[np.float64]
Alerts = NDArray[np.str_]
# What sums of shares may be off by.
ROUNDING = 1e-9


def thresholds(
    policy: AlertPolicy, rows: pd.DataFrame, probability: Probabilities, counts: Counts | None = None
) -> Thresholds:
    """The thresholds that the policy gives at a period, from the calibrated risks of its firms.

    rows: the firms, with their departement where the policy counts firms per département.
    counts: 1 for each firm by default. Without any firm, nobody can be on alert.
    """
    counts = np.ones(len(probability)) if counts is None else counts
    order = np.argsort(-probability, kind="stable")
    risk, firms = probability[order], np.cumsum(counts[order])
    failures = np.cumsum(counts[order] * risk)
    if not len(firms) or not firms[-1]:
        return Thresholds(1.0, 1.0, policy)
    mean = failures[-1] / firms[-1]
    capacity = policy.firms_per_departement
    highest, lowest = (
        0.0 if capacity else _above_the_first(share * firms[-1], risk, firms)
        for share in (policy.high_share, policy.moderate_share)
    )
    high = min(max(_best_expected(risk, firms, failures), policy.high_lift * mean, highest), 1.0)
    moderate = min(max(policy.moderate_lift * mean, lowest), high)
    places = _by_departement(rows, probability, counts, capacity) if capacity else {}
    return Thresholds(float(high), float(moderate), policy, places)


def _best_expected(risk: Probabilities, firms: Counts, failures: Counts) -> float:
    """The risk from which alerts have the largest expected F-beta score (Ye, Chai, Lee, Chieu, ICML 2012).

    risk: from the largest on; firms, failures: how many there are, and are expected, from there on.
    """
    return float(risk[(failures / (firms + BETA**2 * failures[-1])).argmax()])


def _above_the_first(most: float, risk: Probabilities, firms: Counts) -> float:
    """The smallest threshold that at most so many firms reach: firms of equal risk are on one side of it."""
    first_left_out = int(np.searchsorted(firms, most + ROUNDING))
    return 0.0 if first_left_out == len(risk) else float(np.nextafter(risk[first_left_out], np.inf))


def _by_departement(rows: pd.DataFrame, probability: Probabilities, counts: Counts, capacity: int) -> dict[str, float]:
    found = {}
    for place, members in _places(rows).groupby(_places(rows)).indices.items():
        order = members[np.argsort(-probability[members], kind="stable")]
        found[str(place)] = _above_the_first(capacity, probability[order], np.cumsum(counts[order]))
    return found


def _places(rows: pd.DataFrame) -> pd.Series:
    """The département of each firm; blank where it is not known: these firms then are a group of their own."""
    return rows["departement"].astype("object").fillna("").astype("str").reset_index(drop=True)


def least(cut: Thresholds, rows: pd.DataFrame) -> Probabilities:
    """The probability from which each firm is on alert."""
    return np.asarray(np.maximum(cut.moderate, _bars(cut, rows)), np.float64)


def _bars(cut: Thresholds, rows: pd.DataFrame) -> Probabilities:
    if not cut.by_departement:
        return np.zeros(len(rows))
    return np.asarray(_places(rows).map(cut.by_departement).fillna(0.0), np.float64)


def alerts(cut: Thresholds, rows: pd.DataFrame, probability: Probabilities) -> Alerts:
    """The level of alert of each firm; a threshold is reached by its own value."""
    bars = _bars(cut, rows)
    levels = [probability >= np.maximum(level, bars) for level in (cut.high, cut.moderate)]
    return np.select(levels, [HIGH, MODERATE], NO_ALERT)


def alerts_by_period(policy: AlertPolicy, rows: pd.DataFrame, probability: Probabilities) -> Alerts:
    """The level of alert of each row, by the thresholds of its own period; rows: as for `thresholds`, with period."""
    return alerting(policy, rows)(probability, np.ones(len(rows)))


def alerting(policy: AlertPolicy, rows: pd.DataFrame) -> Callable[[Probabilities, Counts], Alerts]:
    """The same for many draws of firms: gives the levels from risks and from how often each row counts."""
    keys = rows[rows.columns.intersection(["period", "departement"])]
    periods = [(places, keys.iloc[places]) for places in keys.groupby("period").indices.values()]

    def levels(probability: Probabilities, counts: Counts) -> Alerts:
        found = np.full(len(rows), NO_ALERT, dtype="U8")
        for places, own in periods:
            cut = thresholds(policy, own, probability[places], counts[places])
            found[places] = alerts(cut, own, probability[places])
        return found

    return levels


def flagged(levels: Alerts) -> dict[str, NDArray[np.bool_]]:
    """Which rows are on alert: at HIGH, and at MODERATE, which holds the high ones too."""
    return {HIGH: levels == HIGH, MODERATE: levels != NO_ALERT}
