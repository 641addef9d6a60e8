"""Why a firm's margin moved between two lists: the exact sum of what each root feature added, and of revisions."""

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
    """The firms that are on both lists, one row per firm, indexed by SIREN; in log-odds.

    total: the margin minus the one published before. parts: one column per root feature, and `revision`; they add up to
    `total`. is_new_model: whether the earlier list was made by another model.
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
    """How each firm's margin moved since the earlier list.

    rows, previous_rows: the feature table at both periods; previous_scores: (siren, margin, model_id) as published.
    The present model explains both rows. Its margin for the previous row minus the published one is the part
    `revision`: the model was replaced, or, with the same model, that month's data were revised since. Firms that are
    not in all three tables have no movement.

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
