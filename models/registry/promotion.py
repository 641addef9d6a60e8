"""Whether a model may replace the one in use: each check with a sentence that is kept with the decision."""

import numpy as np
import pandas as pd

from models.evaluation.records import Check
from models.evaluation.uncertainty import paired_difference
from models.explanation.contributions import NotAdditiveError, booster_of, explain, margins
from models.registry.model import RiskModel
from models.rows.dataset import labels_of, matrix

# The mean probability may differ by this factor from the observed rate, which moves between validation and test.
OFF_BY = 2.0
EXPLAINED_ROWS = 1000


def checks(challenger: RiskModel, champion: RiskModel | None, test: pd.DataFrame, seed: int) -> tuple[Check, ...]:
    """All checks of a challenger on the labelled test rows; without a champion, its ranking is not compared.

    Raises InputError where the champion can't read these rows.
    """
    found = (_calibration(challenger, test), _data(challenger, test), _explanation(challenger, test))
    return found if champion is None else (_ranking(challenger, champion, test, seed), *found)


def _probability(model: RiskModel, rows: pd.DataFrame) -> np.ndarray:
    """By the trees that were evaluated: those in use may have learnt from the test rows."""
    return model.calibration.probability(margins(booster_of(model.evidence), matrix(rows, model.inputs)))


def _ranking(challenger: RiskModel, champion: RiskModel, test: pd.DataFrame, seed: int) -> Check:
    """Not worse: the bootstrap interval of the difference in average precision is not entirely below 0."""
    ours, theirs = (_probability(model, test) for model in (challenger, champion))
    gap = paired_difference(ours, theirs, labels_of(test), test["siren"], seed=seed)["average_precision"]
    return Check(
        "ranking",
        gap.high >= 0,
        f"average precision {gap.value:+.3f} ({gap.low:+.3f} to {gap.high:+.3f}) "
        f"compared with {champion.model_id} on the same test rows",
    )


def _calibration(model: RiskModel, test: pd.DataFrame) -> Check:
    mean, observed = float(_probability(model, test).mean()), float(labels_of(test).mean())
    is_right = observed / OFF_BY <= mean <= observed * OFF_BY
    return Check("calibration", is_right, f"mean probability {mean:.1%}, observed failure rate {observed:.1%}")


def _data(model: RiskModel, test: pd.DataFrame) -> Check:
    """Each feature that the trees use must be known of some firm: otherwise its source has disappeared."""
    used = np.asarray(booster_of(model.text).feature_importance()) > 0
    unknown = np.isnan(matrix(test, model.inputs)).all(axis=0)
    gone = [column.name for column, is_gone in zip(model.inputs, used & unknown, strict=True) if is_gone]
    return Check("data", not gone, f"used but never known: {', '.join(gone)}" if gone else "all that it uses is known")


def _explanation(model: RiskModel, test: pd.DataFrame) -> Check:
    sample = test.sample(min(EXPLAINED_ROWS, len(test)), random_state=0)
    try:
        explain(booster_of(model.text), matrix(sample, model.inputs))
    except NotAdditiveError as error:
        return Check("explanation", False, str(error))
    return Check("explanation", True, f"contributions add up on {len(sample):,} rows")
