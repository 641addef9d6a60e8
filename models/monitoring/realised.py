"""What became of the firms of past lists, while their months are still running.

A firm is followed even after it left the perimeter or closed: it fails only if a procedure opens, as for the label
(closing without a procedure is a competing event, not censoring). The only censoring is the end of what is observed;
lists of different ages are put together by the Kaplan-Meier estimator.

A list whose horizon is not over is projected on one assumption: its failures are spread over the months of the horizon
like those of the test rows at the same level of alert.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from features.insolvency import IN_BONIS
from features.periods import add_months, months_between
from models.alerts import ALERTS

CONFIDENCE = 0.95
ALL = "all"
LEVELS = (*ALERTS, ALL)
# An opening is known two months later at most: the list may hold firms that failed in the two months before it.
UNKNOWN_MONTHS = 2
# Alert level -> share of the horizon's failures that came within 1, 2, ... months.
Shapes = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Incidence:
    """Share of firms that failed within 1, 2, ... months, with its interval; NaN past the last month observed."""

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


@dataclass(frozen=True)
class Realised:
    """What became so far of the firms at one alert level of a past list.

    months: observed since the list. probability: the mean one. expected: the failures so far if probabilities were
    right; ratio: observed / expected failures. precision, low, high: the share that fails within the horizon, projected
    from the failures so far, with its 95 % interval.
    expected, ratio, precision, low, high are None where the model recorded no shape, or expects no failure so early.
    """

    level: str
    months: int
    firms: int
    failures: int
    expected: float | None
    probability: float
    precision: float | None
    low: float | None
    high: float | None
    ratio: float | None


@dataclass(frozen=True)
class PastList:
    """A published list: siren, probability, alert of its firms; shapes: None where its model recorded none."""

    period: date
    model_id: str
    firms: pd.DataFrame
    shapes: Shapes | None


@dataclass(frozen=True)
class Useful:
    """Agents' verdicts on the firms at an alert level: how many found the alert useful; Wilson's 95 % interval."""

    level: str
    verdicts: int
    useful: int
    low: float
    high: float


def incidence(months: NDArray[np.int64], failed: NDArray[np.bool_], horizon: int) -> Incidence:
    """1 - survival by Kaplan and Meier (1958), with Greenwood's variance (1926) on the log-log scale.

    months: for each firm, until it failed or was last observed; 1 or more. Where no firm or all have failed, the
    interval is the exact one for that number of firms (Clopper and Pearson, 1934).
    """
    steps = np.arange(1, horizon + 1)
    at_risk = (months[:, None] >= steps).sum(axis=0).astype(float)
    failures = ((months[:, None] == steps) & failed[:, None]).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.cumprod(1 - failures / at_risk)
        # With nobody left at risk: all have failed, which stays so, or nothing is known from then on.
        survival[at_risk == 0] = 0 if 0 in survival else np.nan
        greenwood = np.cumsum(failures / (at_risk * (at_risk - failures)))
        spread = norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt(greenwood) / np.abs(np.log(survival))
        low, high = 1 - survival ** np.exp(-spread), 1 - survival ** np.exp(spread)
    # The largest failure rate of n firms at which none fails with a probability of 2.5 %, and the reverse.
    rarest = ((1 - CONFIDENCE) / 2) ** (1 / np.maximum(at_risk, 1))
    low = np.select([survival == 1, survival == 0], [0.0, rarest], low)
    high = np.select([survival == 1, survival == 0], [1 - rarest, 1.0], high)
    return Incidence(1 - survival, low, high)


def followed(firms: pd.DataFrame, openings: pd.DataFrame, period: date, observed_until: date) -> pd.DataFrame:
    """The firms in bonis at the period, with the `months` for which they were followed and whether they `failed`.

    firms: siren and, where it is known, state; openings: siren, opened_on. Month n holds the openings of (period +
    n - 1 months, period + n months]. A firm that had failed just before, which the list could not know, is left out: it
    has no label either.
    """
    opened_on = pd.to_datetime(openings["opened_on"])
    month = (opened_on.dt.year - period.year) * 12 + opened_on.dt.month - period.month + (opened_on.dt.day > 1)
    dated = openings.assign(month=month)[opened_on <= pd.Timestamp(observed_until)]
    already = dated.loc[dated["month"].between(1 - UNKNOWN_MONTHS, 0), "siren"]
    first = dated[dated["month"] >= 1].groupby("siren")["month"].min()
    kept = firms[~firms["siren"].isin(already)]
    if "state" in kept:
        kept = kept[kept["state"] == IN_BONIS]
    until = kept["siren"].map(first)
    observed = months_between(period, observed_until)
    return kept.assign(months=until.fillna(observed).astype("int64"), failed=until.notna())


def shapes(
    rows: pd.DataFrame, alerts: NDArray[np.str_], openings: pd.DataFrame, observed_until: date, horizon: int
) -> dict[str, list[float]]:
    """By alert level, the share of the failures within the horizon that came within 1, 2, ... months.

    rows: (siren, period), labelled, that the model was not trained on; alerts: of each. A level without failures has no
    shape.
    """
    parts = [
        followed(part, openings, pd.Timestamp(str(period)).date(), observed_until)
        for period, part in rows[["siren", "period"]].assign(alert=alerts).groupby("period")
    ]
    every = pd.concat(parts)
    found = {}
    for level in LEVELS:
        own = every if level == ALL else every[every["alert"] == level]
        share = incidence(own["months"].to_numpy(), own["failed"].to_numpy(), horizon).share
        if share[-1] > 0:
            found[level] = (share / share[-1]).tolist()
    return found


def realised(past: PastList, openings: pd.DataFrame, observed_until: date, horizon: int) -> tuple[Realised, ...]:
    """What became of each alert level of a past list; empty where not a month of it was observed yet."""
    months = min(months_between(past.period, observed_until), horizon)
    if months < 1:
        return ()
    firms = followed(past.firms, openings, past.period, min(observed_until, add_months(past.period, horizon)))
    groups = {level: firms if level == ALL else firms[firms["alert"] == level] for level in LEVELS}
    return tuple(
        _realised(level, group, months, (past.shapes or {}).get(level), horizon)
        for level, group in groups.items()
        if len(group)
    )


def _realised(level: str, firms: pd.DataFrame, months: int, shape: Sequence[float] | None, horizon: int) -> Realised:
    curve = incidence(firms["months"].to_numpy(), firms["failed"].to_numpy(), horizon)
    at, probability, failures = months - 1, float(firms["probability"].mean()), int(firms["failed"].sum())
    so_far = 1.0 if months == horizon else shape[at] if shape else 0.0
    if not so_far:
        return Realised(level, months, len(firms), failures, None, probability, None, None, None, None)
    precision, low, high = (min(float(part[at]) / so_far, 1.0) for part in (curve.share, curve.low, curve.high))
    expected = len(firms) * probability * so_far
    return Realised(
        level, months, len(firms), failures, expected, probability, precision, low, high, failures / expected
    )


def together(
    lists: Sequence[PastList], openings: pd.DataFrame, observed_until: date, horizon: int
) -> dict[str, list[float | None]]:
    """By alert level, the incidence after 1, 2, ... months over all lists together; None past the last month observed.

    The same firms are on several lists, so that no interval is given.
    """
    old_enough = [past for past in lists if months_between(past.period, observed_until) >= 1]
    if not old_enough:
        return {}
    firms = pd.concat([followed(past.firms, openings, past.period, observed_until) for past in old_enough])
    curves = {}
    for level in ALERTS:
        own = firms[firms["alert"] == level]
        if len(own):
            share = incidence(own["months"].to_numpy(), own["failed"].to_numpy(), horizon).share
            curves[level] = [None if np.isnan(value) else float(value) for value in share]
    return curves


def useful(verdicts: pd.DataFrame, lists: Sequence[PastList]) -> tuple[Useful, ...]:
    """By alert level, the share of the verdicts that found the alert useful.

    verdicts: siren, list (YYYY-MM), is_useful; verdicts on a list that no longer exists are left out.
    """
    alerts = [past.firms[["siren", "alert"]].assign(list=f"{past.period:%Y-%m}") for past in lists]
    if verdicts.empty or not alerts:
        return ()
    joined = verdicts.merge(pd.concat(alerts), on=["siren", "list"])
    found = []
    for level in ALERTS:
        own = joined.loc[joined["alert"] == level, "is_useful"].astype(bool)
        if len(own):
            interval = binomtest(int(own.sum()), len(own)).proportion_ci(CONFIDENCE, "wilson")
            found.append(Useful(level, len(own), int(own.sum()), float(interval.low), float(interval.high)))
    return tuple(found)
