"""The champion on the firms of one period: scores and contributions, one row per firm."""

from pathlib import Path

import numpy as np
import pandas as pd

from features import store
from features.errors import InputError
from features.folder import CONTRIBUTIONS, SCORES
from features.table_record import BuildRecord
from models.alerts import DEFAULT_POLICY, NO_ALERT, AlertPolicy
from models.calibration.curve import risks_by_horizon
from models.calibration.thresholds import alerts, thresholds
from models.explanation.contributions import booster_of, explain, margins
from models.registry.model import RiskModel
from models.rows import dataset
from models.rows.inputs import Margins
from models.scoring.records import Scores, risk_at


def refuse_other_dictionary(model: RiskModel, built: BuildRecord) -> None:
    """Raise InputError where a feature that the model reads is not defined as it was at training; it names them all.

    built: of the feature table that is to be scored.
    """
    then, now = model.facts.data.dictionary, built.dictionary
    read = [column.name for column in model.inputs]
    gone = [name for name in read if name not in now]
    changed = [name for name in read if name in now and now[name] != then.get(name)]
    problems = [f"no longer there: {', '.join(gone)}"] if gone else []
    problems += [f"of another unit, direction, source or definition: {', '.join(changed)}"] if changed else []
    if model.facts.horizon != built.horizon:
        problems.append(f"a horizon of {built.horizon} months, not {model.facts.horizon}")
    if problems:
        raise InputError(
            f"The model {model.model_id} can't score this feature table ({'; '.join(problems)}). Train a model on this "
            "table (weaksignals train), or build it with the version that the model was trained with."
        )


# Scores without alerts, and contributions.
Parts = tuple[pd.DataFrame, pd.DataFrame]


def score(model: RiskModel, rows: pd.DataFrame, policy: AlertPolicy = DEFAULT_POLICY) -> Scores:
    """Score each row of the feature table, all of one period; a firm known to be in a procedure is never on alert.

    Thresholds follow from the policy and the risks of the firms that are in no procedure.
    scores: siren, period, margin (log-odds), probability, probability_low and probability_high (of the mean risk of
    firms scored alike; unknown where the model does not tell), those of `SHORTER_RISKS`, alert, model_id; one row per
    firm.
    Raises InputError where the table lacks a column that the model reads, or there is no firm.
    """
    if rows.empty:
        raise InputError("The period holds no firm: nothing is scored.")
    return alerted(scored(model, rows), rows, policy)


def scored(model: RiskModel, rows: pd.DataFrame) -> Parts:
    """What `score` says of each row by itself, whatever the others are: all but its alert."""
    explained = explain(booster_of(model.text), dataset.matrix(rows, model.inputs))
    scores = _risks(model, rows, explained.margin)
    parts = pd.DataFrame(explained.contributions, columns=[column.name for column in model.inputs])
    return scores, pd.concat([scores[["siren", "period"]].assign(base=explained.base), parts], axis=1)


def alerted(parts: Parts, rows: pd.DataFrame, policy: AlertPolicy) -> Scores:
    """The scores with alerts, which depend on all firms of the period; rows: as for `score`, in the same order."""
    scores, contributions = parts
    probability, in_procedure = scores["probability"].to_numpy(), rows["in_procedure"].to_numpy(bool)
    cut = thresholds(policy, rows, probability, (~in_procedure).astype(np.float64))
    alert = pd.Series(alerts(cut, rows, probability), dtype="str").mask(in_procedure, NO_ALERT)
    return Scores(scores.assign(alert=alert), contributions, cut)


def _risks(model: RiskModel, rows: pd.DataFrame, margin: Margins) -> pd.DataFrame:
    """The scores of `score`, without alerts."""
    probability = model.calibration.probability(margin)
    shorter = {risk_at(months): risk for months, risk in risks_by_horizon(model.curve, margin, probability).items()}
    unknown = np.full(len(rows), np.nan)
    low, high = model.interval.ends(margin, probability) if model.interval else (unknown, unknown)
    return (
        rows[["siren", "period"]]
        .reset_index(drop=True)
        .assign(
            **shorter,
            margin=margin,
            probability=probability,
            probability_low=low,
            probability_high=high,
            model_id=model.model_id,
        )
    )


def risks(model: RiskModel, rows: pd.DataFrame) -> pd.DataFrame:
    """The risks of rows of any periods, as the list of each says with the same model.

    Alerts, which depend on all firms of a period, are left out.
    """
    return _risks(model, rows, margins(booster_of(model.text), dataset.matrix(rows, model.inputs)))


def write_scores(folder: Path, scored: Scores) -> None:
    """Publish both tables of a period at once."""
    with store.new_folder(folder) as fresh:
        for name, table in ((SCORES, scored.scores), (CONTRIBUTIONS, scored.contributions)):
            table.to_parquet(fresh / name, index=False, row_group_size=store.ROW_GROUP, write_page_checksum=True)


def read_scores(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scores and the contributions of a period, from `Snapshot.scores_of`."""
    scores, contributions = (pd.read_parquet(folder / name, partitioning=None) for name in (SCORES, CONTRIBUTIONS))
    return scores, contributions
