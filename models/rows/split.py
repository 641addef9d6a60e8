"""Which rows a model learns from, is tuned on and is judged on: out of time, with an embargo, and what others do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import InputError
from features.hashing import HASHES, MULTIPLIER
from features.periods import add_months


@dataclass(frozen=True)
class Split:
    """Periods to train on, to calibrate and choose thresholds on, and to judge on."""

    train: tuple[date, ...]
    validation: tuple[date, ...]
    test: tuple[date, ...]


def out_of_time(periods: Sequence[date], horizon: int, validation_months: int, test_months: int) -> Split:
    """Judge on the last labelled periods, tune on those before, train where labels were over before both.

    periods: labelled ones, in order. The embargo is the horizon: no training row's label tells of a month that a
    validation or test row predicts from. Raises InputError where too few periods are left to train on.
    """
    held_out = validation_months + test_months
    if len(periods) <= held_out:
        raise InputError(_too_short(len(periods), held_out, horizon))
    test = tuple(periods[-test_months:])
    validation = tuple(periods[-held_out:-test_months])
    train = tuple(period for period in periods if add_months(period, horizon) <= validation[0])
    if not train:
        raise InputError(_too_short(len(periods), held_out, horizon))
    return Split(train, validation, test)


def rolling_origins(
    periods: Sequence[date], horizon: int, validation_months: int, test_months: int, origins: int
) -> tuple[Split, ...]:
    """Walk-forward: the split of `out_of_time`, then those that end one test window earlier each, the newest first.

    No period is tested twice. Fewer than `origins` where the history is too short for all of them; raises InputError
    where it is too short for one.
    """
    splits = [out_of_time(periods, horizon, validation_months, test_months)]
    for number in range(1, origins):
        try:
            until = periods[: len(periods) - number * test_months]
            splits.append(out_of_time(until, horizon, validation_months, test_months))
        except InputError:
            break
    return tuple(splits)


def firm_hashes(siren: pd.Series) -> NDArray[np.int64]:
    """`features.hashing.firm_hash` of a column in memory: a whole number from 0 to HASHES - 1 for each SIREN."""
    return siren.to_numpy(str).astype(np.int64) * MULTIPLIER % HASHES


def is_test_firm(siren: pd.Series, share: float) -> NDArray[np.bool_]:
    """Whether each firm is among the `share` set aside: of the largest hashes, as `read_rows` draws the lowest."""
    return firm_hashes(siren) >= round((1 - share) * HASHES)


def with_unseen_firms(
    train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame, share: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The rows of a split without the test firms where it learns, and with nothing but them where it is judged."""
    train, validation = (rows[~is_test_firm(rows["siren"], share)] for rows in (train, validation))
    return train, validation, test[is_test_firm(test["siren"], share)]


def random_within_periods(rows: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(kept, set aside): `share` of the rows set aside at random. For comparison only: it flatters.

    What existing systems use. The same firm is on both sides, a month apart and with the same failure ahead, and
    nothing lies between the periods of the two: a model is rewarded for knowing firms again.
    """
    is_aside = np.random.default_rng(seed).random(len(rows)) < share
    return rows[~is_aside], rows[is_aside]


def _too_short(count: int, held_out: int, horizon: int) -> str:
    return (
        f"The feature table has {count} periods whose {horizon} months are over; training takes at least "
        f"{held_out + horizon}: {held_out} to tune and judge on, {horizon} of embargo. Build from an earlier --start."
    )
