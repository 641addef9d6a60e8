"""What became of firms after each scored period, by the true openings. It looks ahead: for evaluation only."""

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Days = NDArray[np.datetime64]


def next_opening(rows: pd.DataFrame, openings: pd.DataFrame) -> Days:
    """The first day after each row's period on which a procedure of its firm opened, NaT where none is known.

    rows: (siren, period), in any order; openings: as `models.rows.dataset.read_openings` gives.
    """
    left = pd.DataFrame({"siren": _text(rows["siren"]), "period": _days(rows["period"]), "row": range(len(rows))})
    right = pd.DataFrame({"siren": _text(openings["siren"]), "opened_on": _days(openings["opened_on"])})
    joined = pd.merge_asof(
        left.sort_values("period"),
        right.sort_values("opened_on"),
        left_on="period",
        right_on="opened_on",
        by="siren",
        direction="forward",
        allow_exact_matches=False,
    )
    return joined.sort_values("row")["opened_on"].to_numpy("datetime64[s]")


def fails_within(rows: pd.DataFrame, openings: pd.DataFrame, months: int) -> NDArray[np.int8]:
    """Whether a procedure of each row's firm opens in (period, period + months]: the label at another horizon."""
    return (next_opening(rows, openings) <= months_later(rows["period"], months)).astype(np.int8)


def is_over(rows: pd.DataFrame, months: int, observed_until: date) -> NDArray[np.bool_]:
    """Whether the sources hold all openings of the `months` after each row's period."""
    return months_later(rows["period"], months) <= np.datetime64(observed_until)


def months_later(period: pd.Series, months: int) -> Days:
    """The first day of the month that is `months` after each period."""
    return (_months(period) + np.timedelta64(months, "M")).astype("datetime64[s]")


def whole_months(start: Days, end: Days) -> NDArray[np.int64]:
    """Whole months from each start, a period, to each end, a day."""
    return np.asarray(end.astype("datetime64[M]") - start.astype("datetime64[M]"), np.int64)


def _text(siren: pd.Series) -> pd.Series:
    return siren.astype("str").reset_index(drop=True)


def _months(day: pd.Series) -> Days:
    return _days(day).astype("datetime64[M]")


def _days(day: pd.Series) -> Days:
    return pd.to_datetime(day).to_numpy("datetime64[s]")
