"""Inner origins: training rows to fit on, and later ones to choose by, an embargo after them. No test row is used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import InputError
from features.periods import add_months
from models.estimators.boosted_trees import Sample
from models.estimators.soft_labels import course_of
from models.evaluation.uncertainty import REPEATS, Drawn, WeightedMetrics, redrawn
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Input, Margins, Weights
from models.rows.split import is_to_choose_by

MOST_ORIGINS: Final = 2


@dataclass(frozen=True)
class Origin:
    """The rows to fit on, the later ones to choose by, and the SIREN of each of these."""

    earlier: Sample
    later: Sample
    firms: pd.Series


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
        to_fit = Sample(x[earlier], y[earlier], weights[earlier], course_of(train[earlier]))
        to_choose = Sample(x[later], y[later], weights[later])
        found.append(Origin(to_fit, to_choose, train.loc[later, "siren"].reset_index(drop=True)))
        months = [month for month in months if month < parts[1][0]]
    if not found:
        raise InputError(
            f"{len(months)} training periods are too few to choose by, or hold too few failures: it takes months to "
            f"choose by, {horizon} of embargo before them, and some to fit on. Build from an earlier --start."
        )
    return tuple(found)


def halved(origins: Sequence[Origin]) -> tuple[tuple[Origin, ...], tuple[Origin, ...]]:
    """The same origins with the later rows of one half of the firms, and with those of the other half.

    What is chosen among many by one half is judged by the other without flattery. Raises InputError where a half has no
    failure.
    """
    halves = [is_to_choose_by(origin.firms) for origin in origins]
    first = tuple(_of(origin, half) for origin, half in zip(origins, halves, strict=True))
    second = tuple(_of(origin, ~half) for origin, half in zip(origins, halves, strict=True))
    if any(len(set(origin.later.y)) < 2 for origin in (*first, *second)):
        raise InputError("Too few firms fail in the months to choose by. Build from an earlier --start.")
    return first, second


def _of(origin: Origin, kept: NDArray[np.bool_]) -> Origin:
    rows, weights = origin.later, origin.later.weights
    later = Sample(rows.x[kept], rows.y[kept], None if weights is None else weights[kept])
    return Origin(origin.earlier, later, origin.firms[kept].reset_index(drop=True))


def precisions(margins: Sequence[Margins], origins: Sequence[Origin], seed: int) -> NDArray[np.float64]:
    """The average precision on the later rows, the mean over the origins: as it is, then of each draw of firms.

    margins: of the later rows of each origin. A firm is drawn with its rows of all origins.
    """
    metrics = [WeightedMetrics(own, origin.later.y) for own, origin in zip(margins, origins, strict=True)]
    firms = pd.concat([origin.firms for origin in origins], ignore_index=True)
    ends = np.cumsum([len(origin.firms) for origin in origins])[:-1]
    drawn = (np.ones(len(firms)), *redrawn(firms, REPEATS, seed))
    return np.array([_mean_precision(metrics, np.split(weights, ends)) for weights in drawn])


def _mean_precision(metrics: Sequence[WeightedMetrics], weights: Sequence[Drawn]) -> float:
    each = (one.ranking(drawn)["average_precision"] for one, drawn in zip(metrics, weights, strict=True))
    return float(np.mean(list(each)))


def earlier_and_later(periods: Sequence[date], horizon: int, later_months: int) -> tuple[list[date], list[date]] | None:
    """Training periods in two parts with an embargo of the horizon between: to fit on, and to choose by.

    None where nothing is left to fit on.
    """
    later = list(periods[-later_months:]) if later_months else []
    earlier = [period for period in periods if later and add_months(period, horizon) <= later[0]]
    return (earlier, later) if earlier else None
