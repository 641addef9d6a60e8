"""Notes on firms on alert: why their risk moved, what would take them off the list, which reasons are doubtful."""

from datetime import date
from typing import Any

import pandas as pd

from models.alerts import NO_ALERT
from models.explanation.contributions import booster_of, explain
from models.explanation.stability import unstable
from models.registry.model import RiskModel
from models.rows.dataset import matrix
from models.scoring.counterfactuals import counterfactuals
from models.scoring.movement import movement
from models.scoring.records import Scores
from reports.counterfactuals import counterfactual_record
from reports.movement import movement_record
from reports.reasons import by_subject
from reports.target_list import Notes, records


def notes_on(
    model: RiskModel,
    rows: pd.DataFrame,
    scored: Scores,
    previous: tuple[date, pd.DataFrame, pd.DataFrame] | None,
) -> Notes:
    """The notes on the firms on alert among `rows`.

    previous: period, rows and published scores of the previous list, None where there is none.
    """
    is_on_alert = scored.scores["alert"] != NO_ALERT
    firms = set(scored.scores.loc[is_on_alert, "siren"])
    flagged = rows[rows["siren"].isin(firms)].reset_index(drop=True)
    if flagged.empty:
        return Notes({}, {}, {})
    found = counterfactuals(model, flagged, scored.thresholds)
    return Notes(
        movement=_movements(model, flagged, previous) if previous else {},
        counterfactual={siren: counterfactual_record(each) for siren, each in found.items()},
        unstable=_doubtful(model, flagged, scored.contributions),
    )


def _movements(
    model: RiskModel, flagged: pd.DataFrame, previous: tuple[date, pd.DataFrame, pd.DataFrame]
) -> dict[str, dict[str, Any]]:
    since, rows, scores = previous
    moved = movement(model, flagged, rows, scores)
    now, before = (
        {row["siren"]: row for row in records(table[table["siren"].isin(moved.parts.index)])}
        for table in (flagged, rows)
    )
    return {
        str(siren): movement_record(parts, now[str(siren)], before[str(siren)], since, is_new)
        for (siren, parts), is_new in zip(moved.parts.iterrows(), moved.is_new_model.tolist(), strict=True)
    }


def _doubtful(model: RiskModel, flagged: pd.DataFrame, contributions: pd.DataFrame) -> dict[str, frozenset[str]]:
    """The doubtful reasons of each firm: of its first three, those that fewer than half of the refits share."""
    names = [column.name for column in model.inputs]
    x, sirens = matrix(flagged, model.inputs), flagged["siren"]
    refits = [pd.DataFrame(explain(booster_of(text), x).contributions, columns=names) for text in model.refits]
    ours = contributions.set_index("siren").loc[sirens, names].reset_index(drop=True)
    return dict(zip(sirens, unstable(ours, refits, model.inputs, by_subject), strict=True))
