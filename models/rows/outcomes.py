"""What became of firms after each period, by the true openings. It looks ahead: for labels and evaluation only."""

from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Days = NDArray[np.datetime64]
# Where agents told of no help: see `is_helped`.
NO_HELP: Final = pd.DataFrame({"siren": pd.Series(dtype="str"), "helped_on": pd.Series(dtype="datetime64[s]")})


def next_opening(rows: pd.DataFrame, openings: pd.DataFrame) -> Days:
    """The first day after each row's period on which a procedure of its firm opened, NaT where none is known.

    rows: (siren, period), in any order; openings: as `models.rows.dataset.read_openings` gives.
    """
    return _next(rows, openings["siren"], openings["opened_on"], is_same_day=False)


def is_helped(rows: pd.DataFrame, help_days: pd.DataFrame, openings: pd.DataFrame, until: Days) -> NDArray[np.bool_]:
    """Whether agents helped each row's firm, from its period to the day `until`, before any procedure opened.

    help_days: (siren, helped_on), one row per help. Later help could not have averted the procedure.
    """
    helped = _next(rows, help_days["siren"], help_days["helped_on"], is_same_day=True)
    opened = _next(rows, openings["siren"], openings["opened_on"], is_same_day=True)
    # A comparison with NaT, that there was no such day, is false.
    return (helped <= until) & ~(helped >= opened)


def _next(rows: pd.DataFrame, sirens: pd.Series, days: pd.Series, is_same_day: bool) -> Days:
    """The first of its firm's days after each row's period, or on it; NaT where there is none."""
    left = pd.DataFrame({"siren": _text(rows["siren"]), "period": _days(rows["period"]), "row": range(len(rows))})
    right = pd.DataFrame({"siren": _text(sirens), "day": _days(days)})
    joined = pd.merge_asof(
        left.sort_values("period"),
        right.sort_values("day"),
        left_on="period",
        right_on="day",
        by="siren",
        direction="forward",
        allow_exact_matches=is_same_day,
    )
    return joined.sort_values("row")["day"].to_numpy("datetime64[s]")


def fails_within(rows: pd.DataFrame, openings: pd.DataFrame, months: int) -> NDArray[np.int8]:
    """Whether a procedure of each row's firm opens in (period, period + months]: the label at another horizon."""
    return (next_opening(rows, openings) <= months_later(rows["period"], months)).astype(np.int8)


def lasted(rows: pd.DataFrame, openings: pd.DataFrame, horizon: int) -> NDArray[np.int64]:
    """The fewest months within which a procedure of each row's firm opens, see `fails_within`; else the horizon."""
    opened, start = next_opening(rows, openings), _days(rows["period"])
    is_in_month = (opened > opened.astype("datetime64[M]")).astype(np.int64)
    months = np.where(np.isnat(opened), horizon, whole_months(start, opened) + is_in_month)
    return np.minimum(months, horizon)


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
