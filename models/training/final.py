"""The trees in use: those that were evaluated, fitted once more on all labels that are known on the as-of date.

What is evaluated must not know the months that it is evaluated on; what is used should know all that is known. So the
evaluated trees stay as the evidence, and the same recipe is fitted again after the evaluation.
"""

from dataclasses import dataclass
from typing import Final

import lightgbm as lgb
import numpy as np
import pandas as pd
from scipy.optimize import brentq

from models.calibration.shapes import Calibration
from models.estimators.boosted_trees import moved
from models.estimators.fitted import FittedModel
from models.estimators.soft_labels import Course, course_of
from models.evaluation.report import EvaluationContext
from models.protocol import Progress, Protocol
from models.registry.records import FinalFit
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Margins, Weights
from models.rows.reading import read_at_most, read_training
from models.training.facts import span

# The most rows that the risks of the trees in use are compared on with those of the evaluated ones.
COMPARED_ROWS: Final = 200_000


@dataclass(frozen=True)
class FinalTrees:
    """The trees in use, and the rows that they learnt from; newest: the last period, of which no label is known.

    binned: the rows with their labels and weights, as LightGBM holds them; course: how their firms went on.
    """

    booster: lgb.Booster
    fit: FinalFit
    rows: pd.DataFrame
    weights: Weights
    binned: lgb.Dataset
    course: Course
    newest: pd.DataFrame


def final_trees(tested: FittedModel, context: EvaluationContext, protocol: Protocol, progress: Progress) -> FinalTrees:
    """The recipe of the evaluated trees on every label that is known.

    A constant is added to its margins, so that the same calibration gives the newest period the mean risk that the
    evaluated trees give it: what was measured of levels then holds of these trees too. Of older periods without a known
    label it would not: the firms that failed since are known to it.
    """
    progress("training once more on all labels that are known")
    rows, weights = read_training(context.table, context.periods, protocol)
    binned = tested.estimator.binned(matrix(rows, tested.inputs), labels_of(rows), weights)
    course = course_of(rows)
    booster = tested.estimator.boosted(binned, course)
    newest = read_at_most(context.table, [context.last_period], COMPARED_ROWS, only_labelled=False)
    newest = newest[~newest["in_procedure"].to_numpy(bool)]
    ours = np.asarray(booster.predict(matrix(newest, tested.inputs), raw_score=True), np.float64)
    offset = agreement(tested.chosen.calibration, tested.margins(newest), ours)
    fit = FinalFit(span(context.periods, rows), offset)
    return FinalTrees(moved(booster, offset), fit, rows, weights, binned, course, newest)


def agreement(calibration: Calibration, reference: Margins, ours: Margins) -> float:
    """What to add to our margins, so that their mean risk is that of the margins of reference."""
    target, start = calibration.probability(reference).mean(), float(np.mean(reference) - np.mean(ours))

    def gap(offset: float) -> float:
        return float(calibration.probability(ours + offset).mean() - target)

    return float(brentq(gap, start - 5, start + 5))
