"""The champion on the firms of one period: scores and contributions, one row per firm."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from features import store
from features.errors import InputError
from features.folder import CONTRIBUTIONS, SCORES, BuildRecord
from models.alerts import DEFAULT_POLICY, NO_ALERT, AlertPolicy
from models.calibration.base_rate import has_drifted, known_failure_rate, offset_between
from models.calibration.shapes import Calibration, Shifted, shifted, with_offset
from models.calibration.thresholds import alerts, thresholds
from models.explanation.contributions import booster_of, explain, margins
from models.registry.model import RiskModel
from models.rows import dataset
from models.rows.inputs import Margins
from models.scoring.records import Scores


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


def calibration_at(model: RiskModel, states: pd.DataFrame, period: date) -> Calibration:
    """The model's calibration, shifted to the failure rate known at the period where that differs from its own.

    states: (siren, period, procedure_state) of the 13 periods that end at `period`. Where they give no rate, or the
    difference may be chance, it is the model's own calibration.
    """
    reference = model.facts.failure_rate
    if reference is None:
        return model.calibration
    try:
        current = known_failure_rate(states, period, model.facts.horizon)
    except InputError:
        return model.calibration
    if not has_drifted(reference, current):
        return model.calibration
    return shifted(model.calibration, offset_between(reference, current.rate))


def score(
    model: RiskModel, rows: pd.DataFrame, calibration: Calibration | None = None, policy: AlertPolicy = DEFAULT_POLICY
) -> Scores:
    """Score each row of the feature table, all of one period; a firm known to be in a procedure is never on alert.

    calibration: as `calibration_at` gives; the model's own by default. Thresholds follow from the policy and the risks
    of the firms that are in no procedure.
    scores: siren, period, margin (log-odds), probability, probability_low and probability_high (Venn-Abers), alert,
    model_id; one row per firm.
    Raises InputError where the table lacks a column that the model reads, or there is no firm.
    """
    if rows.empty:
        raise InputError("The period holds no firm: nothing is scored.")
    explained = explain(booster_of(model.text), dataset.matrix(rows, model.inputs))
    calibration = calibration or model.calibration
    scores = _risks(model, rows, explained.margin, calibration)
    probability, in_procedure = scores["probability"].to_numpy(), rows["in_procedure"].to_numpy(bool)
    cut = thresholds(policy, rows, probability, (~in_procedure).astype(np.float64))
    scores["alert"] = pd.Series(alerts(cut, rows, probability), dtype="str").mask(in_procedure, NO_ALERT)
    parts = pd.DataFrame(explained.contributions, columns=[column.name for column in model.inputs])
    key = scores[["siren", "period"]].assign(base=explained.base)
    return Scores(scores, pd.concat([key, parts], axis=1), calibration, cut)


def _risks(model: RiskModel, rows: pd.DataFrame, margin: Margins, calibration: Calibration) -> pd.DataFrame:
    """The scores of `score`, without alerts."""
    probability = calibration.probability(margin)
    offset = calibration.offset if isinstance(calibration, Shifted) else 0.0
    low, high = (with_offset(end, offset) for end in model.intervals.interval(margin))
    return (
        rows[["siren", "period"]]
        .reset_index(drop=True)
        .assign(
            margin=margin,
            probability=probability,
            probability_low=np.minimum(low, probability),
            probability_high=np.maximum(high, probability),
            model_id=model.model_id,
        )
    )


def risks_over_time(model: RiskModel, rows: pd.DataFrame, states: pd.DataFrame) -> pd.DataFrame:
    """The risks of rows of several periods, oldest first, each at the failure rate known at its own period.

    states: as `calibration_at` reads for every one of these periods. Of a period that is listed, with the same model,
    the risks are those of the list; alerts, which depend on all firms, are left out.
    """
    parts = []
    for period, part in rows.groupby("period", sort=True):
        calibration = calibration_at(model, states, pd.Timestamp(str(period)).date())
        margin = margins(booster_of(model.text), dataset.matrix(part, model.inputs))
        parts.append(_risks(model, part, margin, calibration))
    return pd.concat(parts, ignore_index=True)


def write_scores(folder: Path, scored: Scores) -> None:
    """Publish both tables of a period at once."""
    with store.new_folder(folder) as fresh:
        for name, table in ((SCORES, scored.scores), (CONTRIBUTIONS, scored.contributions)):
            table.to_parquet(fresh / name, index=False, row_group_size=store.ROW_GROUP, write_page_checksum=True)


def read_scores(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The scores and the contributions of a period, from `Snapshot.scores_of`."""
    scores, contributions = (pd.read_parquet(folder / name, partitioning=None) for name in (SCORES, CONTRIBUTIONS))
    return scores, contributions
