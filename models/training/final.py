"""Trees fitted on labels of several horizons, and the trees in use: fitted once more on all labels that are known.

What is evaluated must not know the months that it is evaluated on; what is used should know all that is known. So the
trees that are evaluated stay as the evidence, and the same recipe is fitted again after the evaluation.

A label at 6 months is known a year earlier than one at 18: boosters at a third, two thirds and the whole of the horizon
are averaged in margin, into one booster. What it gives is then calibrated to the horizon as any margin is.
"""

import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Final

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.optimize import brentq
from sklearn.base import clone

from features.folder import FeatureTable
from features.periods import add_months, period_range
from models.calibration.shapes import Calibration
from models.estimators.boosted_trees import BoostedTrees, averaged, moved
from models.estimators.fitted import FittedModel, calibrated
from models.evaluation.outcomes import fails_within, months_later, next_opening
from models.evaluation.report import EvaluationContext
from models.explanation.contributions import margins
from models.protocol import LABEL_LAG_MONTHS, Progress, Protocol
from models.registry.records import FinalFit, Span
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Margins, Weights
from models.rows.reading import Relabel, Rows, read_at_most, read_training
from models.training.facts import span

# The most rows that the risks of the trees in use are compared on with those of the evaluated ones.
COMPARED_ROWS: Final = 200_000
# Months after an opening within which it may not be known yet.
UNKNOWN_MONTHS: Final = 3


@dataclass(frozen=True)
class FinalTrees:
    """The trees in use; estimator: those at the model's horizon; rows, weights: that these learnt from.

    latest: the rows of the newest months, from which they learnt nothing.
    """

    booster: lgb.Booster
    fit: FinalFit
    estimator: BoostedTrees
    rows: pd.DataFrame
    weights: Weights
    latest: pd.DataFrame


def shorter(horizon: int) -> tuple[int, ...]:
    """A third and two thirds of a horizon in months, as far as these are horizons: 6 and 12 of 18."""
    return tuple(horizon * part // 3 for part in (1, 2) if horizon * part // 3 > 0)


def over_all_horizons(
    single: FittedModel, rows: Rows, context: EvaluationContext, protocol: Protocol, progress: Progress
) -> FittedModel:
    """The model fitted at its own horizon, averaged with shorter ones that know nothing of the validation periods."""
    progress("the same at shorter horizons")
    start, first = time.perf_counter(), context.split.validation[0]
    known = {
        months: [period for period in context.table.periods if add_months(period, months) <= first]
        for months in shorter(context.horizon)
    }
    estimator = copy(single.estimator)
    estimator.booster_, _ = _averaged(single.estimator, len(rows.train), context.table, known, protocol)
    seconds = single.fit_seconds + time.perf_counter() - start
    return calibrated(estimator, single.inputs, rows.validation, seconds)


def _averaged(
    model: BoostedTrees, rows: int, table: FeatureTable, known: Mapping[int, Sequence[date]], protocol: Protocol
) -> tuple[lgb.Booster, dict[int, Span]]:
    """A booster fitted on so many rows at its own horizon, averaged with shorter ones, and what these learnt from.

    known: by horizon in months, the periods whose labels may be learnt from.
    """
    boosters, spans, openings = [model.booster_], dict[int, Span](), dataset.read_openings(table)
    for months, periods in known.items():
        found, weights = read_training(table, periods, protocol, at_horizon(openings, months))
        if found["label"].nunique() == 2:
            other = sized(model, rows, len(found), protocol)
            other.fit(matrix(found, model.inputs), labels_of(found), weights)
            boosters.append(other.booster_)
            spans[months] = span(periods, found)
    return averaged(boosters), spans


def sized(model: BoostedTrees, rows: int, now: int, protocol: Protocol) -> BoostedTrees:
    """The same kind of trees, unfitted: as many more of them as there are more rows, within the most."""
    trees = round(model.n_estimators * now / rows)
    unfitted: BoostedTrees = clone(model)
    unfitted.set_params(n_estimators=max(1, min(trees, protocol.hyperparameters.n_estimators)))
    return unfitted


def at_horizon(openings: pd.DataFrame, horizon: int) -> Relabel:
    """Gives labels at a shorter horizon in months, of which all must be known.

    openings: as `dataset.read_openings` gives. As with the table's own labels, firms already in a procedure have none,
    even where that was not known yet.
    """

    def label(rows: pd.DataFrame) -> pd.DataFrame:
        earlier = rows.assign(period=months_later(rows["period"], -UNKNOWN_MONTHS))
        is_open = next_opening(earlier, openings) <= rows["period"].to_numpy("datetime64[s]")
        rows = rows[~is_open]
        return rows.assign(label=fails_within(rows, openings, horizon))

    return label


def final_trees(
    single: FittedModel,
    tested: FittedModel,
    rows: Rows,
    context: EvaluationContext,
    as_of: date,
    protocol: Protocol,
    progress: Progress,
) -> FinalTrees:
    """The recipe of the evaluated trees on all labels that are known on `as_of`, which they are as many more for.

    A constant is added to its margins, so that the same calibration gives the newest months, of which no label was
    learnt, the mean risk that the evaluated trees give them: what was measured of levels then holds of these trees too.
    """
    table, inputs = context.table, tested.inputs
    progress(f"training once more on all labels known in {as_of:%Y-%m}")
    train, weights = read_training(table, context.periods, protocol)
    model = sized(single.estimator, len(rows.train), len(train), protocol)
    model.fit(matrix(train, inputs), labels_of(train), weights)
    known = {h: dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS, h) for h in shorter(context.horizon)}
    booster, spans = _averaged(model, len(train), table, known, protocol)
    spans[context.horizon] = span(context.periods, train)
    newest = max(each.last for each in spans.values())
    latest = read_at_most(
        table, period_range(add_months(newest, 1), context.last_period), COMPARED_ROWS, only_labelled=False
    )
    latest = latest[~latest["in_procedure"].to_numpy(bool)]
    offset = agreement(tested.chosen.calibration, tested.margins(latest), margins(booster, matrix(latest, inputs)))
    fit = FinalFit(spans, booster.num_trees(), offset)
    return FinalTrees(moved(booster, offset), fit, model, train, weights, latest)


def agreement(calibration: Calibration, reference: Margins, ours: Margins) -> float:
    """What to add to our margins, so that their mean risk is that of the margins of reference."""
    target, start = calibration.probability(reference).mean(), float(np.mean(reference) - np.mean(ours))

    def gap(offset: float) -> float:
        return float(calibration.probability(ours + offset).mean() - target)

    return float(brentq(gap, start - 5, start + 5))
