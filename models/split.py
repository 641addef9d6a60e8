"""Which periods a model learns from, is tuned on and is judged on: out of time, with an embargo."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from features.errors import InputError
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


def _too_short(count: int, held_out: int, horizon: int) -> str:
    return (
        f"The feature table has {count} periods whose {horizon} months are over; training takes more than "
        f"{held_out + horizon}: {held_out} to tune and judge on, {horizon} of embargo. Build from an earlier --start."
    )
