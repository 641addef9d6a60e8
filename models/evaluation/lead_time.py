"""How long before a firm failed was it first on alert?"""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.alerts import HIGH, MODERATE, Thresholds
from models.evaluation.outcomes import next_opening, whole_months

LOOK_BACK_MONTHS = 24


def lead_times(scored: pd.DataFrame, openings: pd.DataFrame, thresholds: Thresholds) -> dict[str, Any]:
    """For the firms that failed in the scored span, the months from their first alert to the opening.

    scored: (siren, period, probability) of firms not known to be in a procedure, at periods that the model learnt
    nothing of, the more the better: they need no label. openings: as `models.rows.dataset.read_openings` gives.
    A firm counts once, by its first opening after its first score, if that opening comes before a month has passed
    since the last scored period; only the scores of the 24 months before it are looked at. Months are whole: 0 is an
    alert less than a month ahead. A firm scored for less than 24 months may have been on alert earlier than is seen:
    `fully_observed` tells the same of the others only.
    """
    failures = _failures(scored, openings)
    full = failures[failures["is_fully_observed"]]
    return {
        "look_back_months": LOOK_BACK_MONTHS,
        "first_period": _month(scored["period"].min()),
        "last_period": _month(scored["period"].max()),
        "all": _at_both(failures, thresholds),
        "fully_observed": _at_both(full, thresholds),
    }


def _failures(scored: pd.DataFrame, openings: pd.DataFrame) -> pd.DataFrame:
    """(siren, months, probability, is_fully_observed): the scores before each failure, and how long before."""
    first = scored.groupby("siren")["period"].min().reset_index()
    first["opened_on"] = next_opening(first, openings)
    rows = scored.merge(first.dropna()[["siren", "opened_on"]], on="siren")
    months = whole_months(rows["period"].to_numpy("datetime64[s]"), rows["opened_on"].to_numpy("datetime64[s]"))
    last = pd.Timestamp(scored["period"].max())
    rows = rows.assign(months=months)[(rows["opened_on"] <= last + pd.DateOffset(months=1)) & (months >= 0)]
    rows["is_fully_observed"] = rows.groupby("siren")["months"].transform("max") >= LOOK_BACK_MONTHS
    return rows.loc[
        (rows["opened_on"] > rows["period"]) & (rows["months"] <= LOOK_BACK_MONTHS),
        ["siren", "months", "probability", "is_fully_observed"],
    ]


def _at_both(failures: pd.DataFrame, thresholds: Thresholds) -> dict[str, Any]:
    return {
        "firms": int(failures["siren"].nunique()),
        HIGH: _at(failures, thresholds.high),
        MODERATE: _at(failures, thresholds.moderate),
    }


def _at(failures: pd.DataFrame, threshold: float) -> dict[str, Any]:
    """never: firms never on alert; on_alert_at_last: firms on alert at the last score before the opening."""
    is_on_alert = failures["probability"] >= threshold
    alerted = failures[is_on_alert].groupby("siren")["months"].max().to_numpy(np.int64)
    is_last = failures["months"] == failures.groupby("siren")["months"].transform("min")
    firms = failures["siren"].nunique()
    return {
        "never": firms - len(alerted),
        "never_share": (firms - len(alerted)) / firms if firms else None,
        "on_alert_at_last": int((is_on_alert & is_last).sum()),
        "quartiles": _quartiles(alerted),
        "firms_by_months": np.bincount(alerted, minlength=LOOK_BACK_MONTHS + 1).tolist(),
    }


def _quartiles(months: NDArray[np.int64]) -> list[float] | None:
    return np.quantile(months, (0.25, 0.5, 0.75)).tolist() if len(months) else None


def _month(period: date | pd.Timestamp) -> str:
    return f"{period:%Y-%m}"
