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
        parts = earlier_and_later(months, horizon, sum(add_months(m, horizon // 2) > months[-1] for m in months))
        if parts is None:
            break
        earlier, later = (train["period"].isin(pd.to_datetime(part)).to_numpy() for part in parts)
        if any(len(set(y[part])) < 2 for part in (earlier, later)):
            break
        found.append(
            Origin(Sample(x[earlier], y[earlier], weights[earlier]), Sample(x[later], y[later], weights[later]))
        )
        months = [month for month in months if month < parts[1][0]]
    if not found:
        raise InputError(
            f"{len(months)} training periods are too few to choose by, or hold too few failures: it takes months to "
            f"choose by, {horizon} of embargo before them, and some to fit on. Build from an earlier --start."
        )
    return tuple(found)


def earlier_and_later(periods: Sequence[date], horizon: int, later_months: int) -> tuple[list[date], list[date]] | None:
    """Training periods in two parts with an embargo of the horizon between: to fit on, and to choose by.

    None where nothing is left to fit on.
    """
    later = list(periods[-later_months:]) if later_months else []
    earlier = [period for period in periods if later and add_months(period, horizon) <= later[0]]
    return (earlier, later) if earlier else None
