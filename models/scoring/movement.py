"""Why a firm's margin moved between two lists: an exact sum of what each base feature did, and of what was revised."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.explanation.contributions import Explainer, NotAdditiveError, booster_of, explainer
from models.explanation.sums import by_root
from models.registry.model import RiskModel
from models.rows import dataset
from models.scoring.records import REVISION

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Movement:
    """Of the firms of both lists, a row each, indexed by SIREN.

    total: the margin less the margin published before. parts: a column a base feature, and `revision`: their sum is
    total. is_new_model: whether the list before was another model's.
    """

    total: pd.Series
    parts: pd.DataFrame
    is_new_model: pd.Series


def movement(
    model: RiskModel,
    rows: pd.DataFrame,
    previous_rows: pd.DataFrame,
    previous_scores: pd.DataFrame,
    prepared: Explainer | None = None,
) -> Movement:
    """How each firm's margin moved since the list before, in log-odds.

    rows, previous_rows: the feature table's at both periods; previous_scores: (siren, margin, model_id) as published.
    Both rows are explained by the present model. What it makes of the previous row, less what was published of it, is
    the part `revision`: of the model, or, where the model is the same, of that month's data since. Firms that are not
    in all three tables have no movement.

    Raises NotAdditiveError where the parts don't add up to the movement.
    """
    both = rows["siren"].isin(previous_rows["siren"]) & rows["siren"].isin(previous_scores["siren"])
    sirens = pd.Index(rows.loc[both, "siren"], name="siren")
    published = previous_scores.set_index("siren").loc[sirens]
    prepared = prepared or explainer(booster_of(model.text))
    now, before = (
        prepared.explain(dataset.matrix(table.set_index("siren").loc[sirens], model.inputs))
        for table in (rows, previous_rows)
    )
    names = [column.name for column in model.inputs]
    moved = pd.DataFrame(now.contributions - before.contributions, sirens, names)
    parts = by_root(moved, model.inputs).assign(**{REVISION: before.margin - published["margin"].to_numpy()})
    total = pd.Series(now.margin, sirens) - published["margin"]
    gap = float(np.abs(parts.sum(axis=1) - total).max()) if len(parts) else 0.0
    if not gap <= TOLERANCE:
        raise NotAdditiveError(f"The parts of the movement differ from it by {gap:.2g}, more than {TOLERANCE:.0e}.")
    return Movement(total, parts, published["model_id"] != model.model_id)
