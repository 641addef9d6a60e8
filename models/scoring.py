"""The champion on the firms of one period: scores and contributions, a row a firm."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from features import store
from features.errors import InputError
from models import dataset
from models.explanation import explain
from models.registry import RiskModel
from models.thresholds import NO_ALERT

SCORES, CONTRIBUTIONS = "scores.parquet", "contributions.parquet"


@dataclass(frozen=True)
class Scores:
    """scores: siren, period, margin, probability, alert, model_id; contributions: siren, period, base, the inputs."""

    scores: pd.DataFrame
    contributions: pd.DataFrame


def score(model: RiskModel, rows: pd.DataFrame) -> Scores:
    """Score each row; a firm known to be in a procedure is no prediction and never on alert.

    Raises InputError where the table is not the one that the model reads, or no firm is in it.
    """
    if rows.empty:
        raise InputError("The period holds no firm: nothing is scored.")
    explained = explain(model.booster, dataset.matrix(rows, model.inputs))
    probability = model.calibration.probability(explained.margin)
    key = rows[["siren", "period"]].reset_index(drop=True)
    alert = pd.Series(model.thresholds.alerts(probability), dtype="str")
    alert = alert.mask(rows["in_procedure"].to_numpy(bool), NO_ALERT)
    scores = key.assign(margin=explained.margin, probability=probability, alert=alert, model_id=model.model_id)
    parts = pd.DataFrame(explained.contributions, columns=[column.name for column in model.inputs])
    return Scores(scores, pd.concat([key.assign(base=explained.base), parts], axis=1))


def folder_of(scores: Path, period: date) -> Path:
    """Where the scores of a period are."""
    return scores / f"period={period}"


def write_scores(folder: Path, scored: Scores) -> None:
    """Publish both tables of a period at once."""
    with store.new_folder(folder) as fresh:
        scored.scores.to_parquet(fresh / SCORES, index=False)
        scored.contributions.to_parquet(fresh / CONTRIBUTIONS, index=False)


def read_scores(folder: Path) -> Scores:
    """The tables of a period.

    Raises InputError where it was not scored.
    """
    if not (folder / SCORES).exists():
        raise InputError(f"{folder.name.removeprefix('period=')} was not scored. Run: weaksignals score --period")
    resolved = folder.resolve()
    return Scores(
        pd.read_parquet(resolved / SCORES, partitioning=None),
        pd.read_parquet(resolved / CONTRIBUTIONS, partitioning=None),
    )
