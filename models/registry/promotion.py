"""Whether a model may take the place of the one in use: every check, in words that are kept with the decision."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.evaluation.uncertainty import paired_difference
from models.explanation.contributions import NotAdditiveError, booster_of, explain, margins
from models.registry.model import RiskModel
from models.rows.dataset import labels_of, matrix

# A mean probability may be off the observed rate by this factor: base rates move between validation and test.
OFF_BY = 2.0
EXPLAINED_ROWS = 1000


@dataclass(frozen=True)
class Check:
    """One question, whether it was answered well, and the answer with its figures."""

    name: str
    is_passed: bool
    sentence: str


def checks(challenger: RiskModel, champion: RiskModel | None, test: pd.DataFrame, seed: int) -> tuple[Check, ...]:
    """All checks of a challenger on the labelled test rows; without a champion there is nothing to be worse than.

    Raises InputError where the champion can't read these rows.
    """
    found = (_calibration(challenger, test), _data(challenger, test), _explanation(challenger, test))
    return found if champion is None else (_ranking(challenger, champion, test, seed), *found)


def _probability(model: RiskModel, rows: pd.DataFrame) -> np.ndarray:
    return model.calibration.probability(margins(booster_of(model.text), matrix(rows, model.inputs)))


def _ranking(challenger: RiskModel, champion: RiskModel, test: pd.DataFrame, seed: int) -> Check:
    """Not worse: the interval of the difference in average precision, of firms drawn again, is not all below 0."""
    ours, theirs = (_probability(model, test) for model in (challenger, champion))
    gap = paired_difference(ours, theirs, labels_of(test), test["siren"], seed=seed)["average_precision"]
    return Check(
        "ranking",
        gap["high"] >= 0,
        f"average precision {gap['value']:+.3f} ({gap['low']:+.3f} to {gap['high']:+.3f}) "
        f"beside {champion.model_id} on the same test rows",
    )


def _calibration(model: RiskModel, test: pd.DataFrame) -> Check:
    promised, observed = float(_probability(model, test).mean()), float(labels_of(test).mean())
    is_right = observed / OFF_BY <= promised <= observed * OFF_BY
    return Check("calibration", is_right, f"it promises {promised:.1%} of failures where {observed:.1%} failed")


def _data(model: RiskModel, test: pd.DataFrame) -> Check:
    """What the trees read must be known of some firm: else the model was taught by a source that is gone."""
    used = np.asarray(booster_of(model.text).feature_importance()) > 0
    unknown = np.isnan(matrix(test, model.inputs)).all(axis=0)
    gone = [column.name for column, is_gone in zip(model.inputs, used & unknown, strict=True) if is_gone]
    return Check("data", not gone, f"read but never known: {', '.join(gone)}" if gone else "all that it reads is known")


def _explanation(model: RiskModel, test: pd.DataFrame) -> Check:
    sample = test.sample(min(EXPLAINED_ROWS, len(test)), random_state=0)
    try:
        explain(booster_of(model.text), matrix(sample, model.inputs))
    except NotAdditiveError as error:
        return Check("explanation", False, str(error))
    return Check("explanation", True, f"contributions add up on {len(sample):,} rows")
