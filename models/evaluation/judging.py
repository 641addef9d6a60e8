"""All that a model is judged by, on rows that it never saw. It looks ahead, on purpose: judging only."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from features.errors import InputError
from features.folder import FeatureTable
from features.periods import period_range
from models.calibration.reliability import expected_calibration_error, reliability
from models.estimators.fitted import Learnt, learn
from models.evaluation.lead_time import lead_times
from models.evaluation.metrics import judged
from models.evaluation.records import Metrics
from models.evaluation.slices import by_group, by_horizon, with_and_without_procedures
from models.evaluation.uncertainty import bootstrap
from models.protocol import Progress
from models.rows import dataset
from models.rows.dataset import labels_of
from models.rows.inputs import Weights
from models.rows.reading import Rows, read_at_most
from models.rows.split import Split, is_test_firm, random_within_periods, rolling_origins, with_unseen_firms

# Of the firms, of the rows, set aside where a protocol draws them at random.
ASIDE_SHARE = 0.3
SPREAD = ("auc", "average_precision", "brier", "log_loss")


@dataclass(frozen=True)
class Evidence:
    """Where a model is judged: the table, its labelled periods and their split, until when openings are known.

    read: the rows of another split, as the model's own were read.
    """

    table: FeatureTable
    periods: Sequence[date]
    split: Split
    horizon: int
    observed_until: date
    last_period: date
    max_rows: int
    read: Callable[[Split], Rows]


def judge(learnt: Learnt, rows: Rows, evidence: Evidence, origins: int, seed: int, progress: Progress) -> Metrics:
    """As JSON: intervals, protocols, calibration, horizons, groups, procedures, lead_time."""
    probability, labels = learnt.probability(rows.test), labels_of(rows.test)
    progress("how sure its figures are")
    points = reliability(probability, labels)
    report: Metrics = {
        "intervals": bootstrap(probability, labels, rows.test["siren"], learnt.thresholds, seed=seed),
        "calibration": {
            "kinds": list(learnt.chosen.table),
            "points": points,
            "expected_calibration_error": expected_calibration_error(points),
        },
        "groups": by_group(rows.test, probability, labels, learnt.thresholds),
        "protocols": protocols(learnt, rows, evidence, origins, seed, progress),
    }
    progress("firms in a procedure, other horizons, lead times")
    every = read_at_most(evidence.table, evidence.split.test, evidence.max_rows, only_labelled=False)
    report["procedures"] = with_and_without_procedures(every, learnt.probability(every), learnt.thresholds)
    return {**report, **_over_time(learnt, evidence)}


def protocols(
    learnt: Learnt, rows: Rows, evidence: Evidence, origins: int, seed: int, progress: Progress
) -> dict[str, Any]:
    """The same kind of model under each protocol; None where a protocol can't be had from these rows."""

    def again(train: pd.DataFrame, weights: Weights, validation: pd.DataFrame, test: pd.DataFrame) -> Metrics | None:
        try:
            return judged(learn(clone(learnt.estimator), learnt.inputs, train, validation, weights), test)
        except InputError:
            return None

    progress("the same, tested on firms that it never saw")
    train, validation, test = with_unseen_firms(rows.train, rows.validation, rows.test, ASIDE_SHARE)
    seen = ~is_test_firm(rows.train["siren"], ASIDE_SHARE)
    honest = judged(learnt, rows.test)
    return {
        "out_of_time": honest,
        "unseen_firms": again(train, rows.weights[seen], validation, test),
        "out_of_time_on_those_firms": judged(learnt, test) if test["label"].nunique() > 1 else None,
        "rolling_origins": _rolling(honest, evidence, origins, again, progress),
        "random_within_periods": _random(rows, seed, again, progress),
    }


def _random(rows: Rows, seed: int, again: Callable[..., Metrics | None], progress: Progress) -> Metrics | None:
    """All rows thrown together and split at random, then judged in the periods in which the honest model is."""
    progress("the same, on a random split as existing systems do")
    every = pd.concat([rows.train, rows.validation, rows.test], ignore_index=True)
    weights = np.append(rows.weights, np.ones(len(every) - len(rows.train), np.float32))
    kept, test = random_within_periods(every, ASIDE_SHARE, seed)
    train, validation = random_within_periods(kept, ASIDE_SHARE, seed + 1)
    return again(train, weights[train.index], validation, test[test["period"] >= rows.test["period"].min()])


def _rolling(
    honest: Metrics,
    evidence: Evidence,
    origins: int,
    again: Callable[..., Metrics | None],
    progress: Progress,
) -> dict[str, Any]:
    """Each origin's metrics, the newest first, and mean and standard deviation of each metric over the origins."""
    split = evidence.split
    known = list(evidence.periods)
    found: list[Metrics] = [{"test_from": split.test[0].isoformat(), **honest}]
    for other in rolling_origins(known, evidence.horizon, len(split.validation), len(split.test), origins)[1:]:
        progress(f"the same, tested from {other.test[0]:%Y-%m} on")
        try:
            part = evidence.read(other)
        except InputError:
            continue
        if metrics := again(part.train, part.weights, part.validation, part.test):
            found.append({"test_from": other.test[0].isoformat(), **metrics})
    spread = {
        name: {"mean": statistics.mean(values), "deviation": statistics.stdev(values) if len(values) > 1 else None}
        for name in SPREAD
        if (values := [metrics[name] for metrics in found])
    }
    return {"origins": found, "spread": spread}


def _over_time(learnt: Learnt, evidence: Evidence) -> dict[str, Any]:
    """What became of the firms scored at every period from validation on; horizons that few periods tell, too."""
    openings = dataset.read_openings(evidence.table)
    scored = []
    for period in period_range(evidence.split.validation[0], evidence.last_period):
        rows = dataset.read_rows(evidence.table, [period])
        rows = rows[~rows["in_procedure"].astype(bool)]
        scored.append(rows[["siren", "period"]].assign(probability=learnt.probability(rows)))
    span = pd.concat(scored, ignore_index=True)
    probability = span["probability"].to_numpy()
    return {
        "horizons": by_horizon(span, probability, openings, evidence.observed_until, learnt.thresholds),
        "lead_time": lead_times(span, openings, learnt.thresholds),
    }
