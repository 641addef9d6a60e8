"""Which periods or firms a model is trained, calibrated and tested on: out of time, with an embargo; and other ways."""

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
    """Periods to train on, to calibrate and choose thresholds on, and to test on."""

    train: tuple[date, ...]
    validation: tuple[date, ...]
    test: tuple[date, ...]


def out_of_time(periods: Sequence[date], horizon: int, validation_months: int, test_months: int) -> Split:
    """The last labelled periods to test on, those before to validate on, and to train on those an embargo earlier.

    periods: labelled ones, in order. The embargo is the horizon: no training label depends on what happened after
    the first validation period. Raises InputError where too few periods are left to train on.
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
    """Walk-forward evaluation: the split of `out_of_time`, then splits that each end one test window earlier.

    The newest is first, and no period is tested twice. There are fewer than `origins` where the history is too short.
    Raises InputError where it is too short for a single one.
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
    """Whether each firm is in the `share` set aside: it has the largest hashes, as `read_rows` keeps the lowest."""
    return firm_hashes(siren) >= round((1 - share) * HASHES)


def with_unseen_firms(
    train: pd.DataFrame, validation: pd.DataFrame, test: pd.DataFrame, share: float
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """The training and validation rows without the test firms, and the test rows of the test firms only."""
    train, validation = (rows[~is_test_firm(rows["siren"], share)] for rows in (train, validation))
    return train, validation, test[is_test_firm(test["siren"], share)]


def random_within_periods(rows: pd.DataFrame, share: float, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(kept, set aside): a share of the rows set aside at random. For comparison only: it flatters a model.

    Existing systems do this. The same firm is then on both sides, a month apart and with the same failure ahead,
    without any embargo: a model is rewarded for recognising firms.
    """
    is_aside = np.random.default_rng(seed).random(len(rows)) < share
    return rows[~is_aside], rows[is_aside]


def _too_short(count: int, held_out: int, horizon: int) -> str:
    return (
        f"The feature table has {count} periods whose {horizon} months are over; training takes at least "
        f"{held_out + horizon}: {held_out} to validate and test, {horizon} of embargo. Build from an earlier --start."
    )
