"""Inner origins: training rows to fit on, and later ones to choose by, an embargo after them. No test row is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from features.errors import InputError
from features.periods import add_months
from models.estimators.boosted_trees import Sample
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Input, Weights

MOST_ORIGINS: Final = 2


@dataclass(frozen=True)
class Origin:
    """The rows to fit on, and the later ones to choose by, without weights."""

    earlier: Sample
    later: Sample


def inner_origins(train: pd.DataFrame, weights: Weights, inputs: Sequence[Input], horizon: int) -> tuple[Origin, ...]:
    """The newest origin first; each earlier one chooses by the months before those that the next one chooses by.

    Raises InputError where not even one has failures in both parts.
    """
    months = [pd.Timestamp(month).date() for month in sorted(train["period"].unique())]
    x, y, found = matrix(train, inputs), labels_of(train), list[Origin]()
    while len(found) < MOST_ORIGINS:
        try:
            parts = earlier_and_later(months, horizon, sum(add_months(m, horizon // 2) > months[-1] for m in months))
            earlier, later = (train["period"].isin(pd.to_datetime(part)).to_numpy() for part in parts)
            if any(len(set(y[part])) < 2 for part in (earlier, later)):
                raise InputError(
                    "The training periods hold too few failures to choose by. Build from an earlier --start."
                )
        except InputError:
            if found:
                break
            raise
        found.append(
            Origin(Sample(x[earlier], y[earlier], weights[earlier]), Sample(x[later], y[later], weights[later]))
        )
        months = [month for month in months if month < parts[1][0]]
    return tuple(found)


def earlier_and_later(periods: Sequence[date], horizon: int, later_months: int) -> tuple[list[date], list[date]]:
    """Training periods in two parts with an embargo of the horizon between: to fit on, and to choose by.

    Raises InputError where nothing is left to fit on.
    """
    later = list(periods[-later_months:])
    earlier = [period for period in periods if add_months(period, horizon) <= later[0]]
    if not earlier:
        raise InputError(
            f"{len(periods)} training periods are too few: it takes {horizon + later_months} or more, "
            f"{later_months} to choose by and {horizon} of embargo. Build from an earlier --start."
        )
    return earlier, later
