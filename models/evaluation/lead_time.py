"""How long before a firm failed was it first on alert?"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.calibration.thresholds import flagged
from models.evaluation.records import FailedFirms, FirstAlerts, LeadTime
from models.evaluation.uncertainty import REPEATS, interval
from models.rows.outcomes import next_opening, whole_months

LOOK_BACK_MONTHS = 24


def lead_times(scored: pd.DataFrame, openings: pd.DataFrame) -> LeadTime:
    """For the firms that failed in the scored span, the months from their first alert to the opening.

    scored: (siren, period, alert) of firms not known to be in a procedure, at periods that the model was not
    trained on; the rows need no label, so that all such periods can be given.
    openings: (siren, opened_on), as `models.rows.dataset.read_openings` gives.
    A firm counts once, by its first opening after its first score, if it comes within a month of the last scored
    period. Only the scores of the 24 months before the opening count. Months are whole: 0 is an alert less than a month
    before. A firm scored for less than 24 months may have been on alert before it was scored; `fully_observed` holds
    the other firms only.
    """
    failures = _failures(scored, openings)
    full = failures[failures["is_fully_observed"]]
    first, last = (pd.Timestamp(period).date() for period in (scored["period"].min(), scored["period"].max()))
    return LeadTime(LOOK_BACK_MONTHS, first, last, _at_both(failures), _at_both(full))


def _failures(scored: pd.DataFrame, openings: pd.DataFrame) -> pd.DataFrame:
    """(siren, months, alert, is_fully_observed): the scores before each failure, and how many months before."""
    first = scored.groupby("siren")["period"].min().reset_index()
    first["opened_on"] = next_opening(first, openings)
    rows = scored.merge(first.dropna()[["siren", "opened_on"]], on="siren")
    months = whole_months(rows["period"].to_numpy("datetime64[s]"), rows["opened_on"].to_numpy("datetime64[s]"))
    last = pd.Timestamp(scored["period"].max())
    rows = rows.assign(months=months)[(rows["opened_on"] <= last + pd.DateOffset(months=1)) & (months >= 0)]
    rows["is_fully_observed"] = rows.groupby("siren")["months"].transform("max") >= LOOK_BACK_MONTHS
    return rows.loc[
        (rows["opened_on"] > rows["period"]) & (rows["months"] <= LOOK_BACK_MONTHS),
        ["siren", "months", "alert", "is_fully_observed"],
    ]


def _at_both(failures: pd.DataFrame) -> FailedFirms:
    high, moderate = (_at(failures, is_on_alert) for is_on_alert in flagged(failures["alert"].to_numpy(str)).values())
    return FailedFirms(int(failures["siren"].nunique()), high, moderate)


def _at(failures: pd.DataFrame, is_on_alert: NDArray[np.bool_]) -> FirstAlerts:
    alerted = failures[is_on_alert].groupby("siren")["months"].max().to_numpy(np.int64)
    is_last = failures["months"] == failures.groupby("siren")["months"].transform("min")
    firms = failures["siren"].nunique()
    return FirstAlerts(
        never=firms - len(alerted),
        never_share=(firms - len(alerted)) / firms if firms else None,
        on_alert_at_last=int((is_on_alert & is_last).sum()),
        quartiles=_quartiles(alerted),
        firms_by_months=tuple(np.bincount(alerted, minlength=LOOK_BACK_MONTHS + 1).tolist()),
        **_ends(alerted, firms),
    )


def _ends(alerted: NDArray[np.int64], firms: int) -> dict[str, tuple[float, float] | None]:
    """95 % intervals over firms drawn again; alerted: the months of those that were on alert, of so many firms."""
    if not firms:
        return {"never_ends": None, "median_ends": None}
    months = np.append(alerted, np.full(firms - len(alerted), np.nan))
    drawn = months[np.random.default_rng(0).integers(firms, size=(REPEATS, firms))]
    never = np.isnan(drawn)
    medians = np.nanmedian(drawn[~never.all(axis=1)], axis=1)
    return {"never_ends": interval(never.mean(axis=1)), "median_ends": interval(medians) if len(medians) else None}


def _quartiles(months: NDArray[np.int64]) -> tuple[float, float, float] | None:
    if not len(months):
        return None
    first, median, third = np.quantile(months, (0.25, 0.5, 0.75)).tolist()
    return first, median, third
