"""How far the firms of a period are from those that a model was trained on: one feature at a time, and the score.

The training rows are kept beside the model as counts in bins, by calendar month: accounts are filed in summer and
deliveries have seasons, so that a March is compared with the Marches of training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from models.registry.records import Bins, Reference
from models.rows.inputs import Input, Margins, Matrix

BINS = 10
# Added to each bin's count, so that an empty one has a logarithm (Jeffreys).
SMOOTHING = 0.5
# The probability that a feature without any drift exceeds its `by_chance`.
CHANCE = 0.001
# The month under which margins are counted, which are not told apart by month.
ALL_MONTHS = 0


@dataclass(frozen=True)
class Drift:
    """One feature at a period, compared with the training rows.

    psi: population stability index over the known values; by_chance: what it exceeds once in a thousand without drift.
    missing_then, missing_now: shares of the firms whose value is unknown.
    others_expected: firms that would have another value than the commonest one, were the period like training.
    filled: firms whose value is neither unknown nor 0; filled_expected: how many, were the period like training.
    """

    name: str
    psi: float
    by_chance: float
    missing_then: float
    missing_now: float
    others_expected: float
    is_constant: bool
    filled: int
    filled_expected: float


def reference(
    x: Matrix,
    periods: pd.Series,
    inputs: Sequence[Input],
    margins: Margins,
    shapes: Mapping[str, Sequence[float]] | None = None,
) -> Reference:
    """What later periods are compared with.

    x, periods: the training rows; margins: of rows that the model was not trained on; shapes: as
    `models.monitoring.realised.shapes` gives.
    """
    months = pd.to_datetime(periods).dt.month.to_numpy()
    by_column = np.asfortranarray(x)
    features = {column.name: _bins_of(by_column[:, n], months, column) for n, column in enumerate(inputs)}
    score = _bins_of(margins, np.full(len(margins), ALL_MONTHS), None)
    return Reference(len(x), features, score, {level: tuple(shape) for level, shape in (shapes or {}).items()})


def _bins_of(values: NDArray[Any], months: NDArray[Any], column: Input | None) -> Bins:
    known = values[np.isfinite(values)]
    if column is not None and column.unit == "category":
        edges = np.arange(1, len(column.categories)) - 0.5
    else:
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
    commonest = np.unique(known, return_counts=True)[1].max(initial=0)
    return Bins(
        edges=tuple(edges.tolist()),
        counts={int(month): tuple(_counts(values[months == month], edges)) for month in np.unique(months)},
        commonest_share=float(commonest / len(known)) if len(known) else 1.0,
        filled_share=float(np.count_nonzero(known) / max(len(values), 1)),
    )


def _counts(values: NDArray[Any], edges: NDArray[Any]) -> list[int]:
    """How many values are in each bin, which holds its upper edge, then how many are unknown."""
    known = values[np.isfinite(values)]
    inside = np.bincount(np.searchsorted(edges.astype(values.dtype), known), minlength=len(edges) + 1)
    return [*inside.tolist(), len(values) - len(known)]


def drift(reference: Reference, x: Matrix, month: int, inputs: Sequence[Input]) -> tuple[Drift, ...]:
    """Each feature of a period's rows, compared with the training rows of the same calendar month."""
    by_column = np.asfortranarray(x)
    return tuple(
        _drift(reference.features[column.name], by_column[:, n], month, column) for n, column in enumerate(inputs)
    )


def _drift(bins: Bins, values: NDArray[Any], month: int, column: Input) -> Drift:
    then, now = expected(bins, month), np.array(_counts(values, np.array(bins.edges)))
    known = values[np.isfinite(values)]
    # The number of a category is a code, of which 0 is one like the others.
    filled = len(known) if column.unit == "category" else int(np.count_nonzero(known))
    filled_share = 1 - _share(then[-1], then) if column.unit == "category" else bins.filled_share
    return Drift(
        name=column.name,
        psi=stability_index(then[:-1], now[:-1]),
        by_chance=by_chance(then[:-1], now[:-1]),
        missing_then=_share(then[-1], then),
        missing_now=_share(now[-1], now),
        others_expected=len(known) * (1 - bins.commonest_share),
        is_constant=bool(len(known)) and bool(known.min() == known.max()),
        filled=filled,
        filled_expected=len(values) * filled_share,
    )


def _share(part: int, counts: NDArray[Any]) -> float:
    return float(part / max(counts.sum(), 1))


def expected(bins: Bins, month: int) -> NDArray[np.int64]:
    """The training counts of that calendar month; of all months together where training had no such month."""
    return np.asarray(bins.counts.get(month) or np.sum(list(bins.counts.values()), axis=0), np.int64)


def score_drift(reference: Reference, margins: Margins) -> tuple[float, float]:
    """The population stability index of the margins, and what it exceeds once in a thousand without drift."""
    bins = reference.margins
    then, now = expected(bins, ALL_MONTHS), np.array(_counts(margins, np.array(bins.edges)))
    return stability_index(then[:-1], now[:-1]), by_chance(then[:-1], now[:-1])


def stability_index(then: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """Sum over bins of (now - then) x ln(now / then), in shares; 0 where no value is known on either side.

    Siddiqi, Credit Risk Scorecards, 2006: up to 0.1 the population is stable, above 0.25 it is another one.
    """
    if not then.sum() or not now.sum():
        return 0.0
    p, q = ((counts + SMOOTHING) / (counts.sum() + SMOOTHING * len(counts)) for counts in (then, now))
    return float(((q - p) * np.log(q / p)).sum())


def by_chance(then: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """The index that two samples of one population, of these sizes, exceed once in a thousand.

    It is distributed as chi-squared x (1 / rows then + 1 / rows now), with as many degrees of freedom as bins, less one
    (Yurdakul and Naranjo, Journal of Risk Model Validation, 2020).
    """
    if not then.sum() or not now.sum() or len(then) < 2:
        return 0.0
    return float(chi2.ppf(1 - CHANCE, len(then) - 1) * (1 / then.sum() + 1 / now.sum()))
