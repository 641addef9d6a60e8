"""Which periods or firms a model is trained, calibrated and tested on: out of time, with an embargo; and other ways."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import InputError
from features.periods import add_months

# Salts of `firm_shares`: of the firms set aside as unseen, of the surviving ones to train on, of those to choose by.
UNSEEN, SURVIVING, CHOSEN_BY = 1, 2, 3


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


def firm_shares(siren: pd.Series, salt: int) -> NDArray[np.float64]:
    """A number in [0, 1) for each SIREN, evenly spread, and independent of those of another salt and of `firm_hash`.

    The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014); numbers wrap around at 64 bits, as they should.
    """
    mixed = siren.to_numpy(str).astype(np.uint64) + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    # A float holds 53 bits.
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2**53


def is_test_firm(siren: pd.Series, share: float) -> NDArray[np.bool_]:
    """Whether each firm is in the `share` set aside, whatever other draws of firms keep or leave out."""
    return firm_shares(siren, UNSEEN) < share


def is_to_choose_by(siren: pd.Series) -> NDArray[np.bool_]:
    """Whether each firm is in that half of them which something is chosen by; the other half judges the choice."""
    return firm_shares(siren, CHOSEN_BY) < 0.5


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
