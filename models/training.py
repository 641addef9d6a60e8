"""The protocol, end to end: learn, calibrate, choose thresholds, judge beside the baselines. It writes nothing."""

import importlib.metadata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from features.errors import InputError
from models import dataset, drift, realised
from models.calibration import fit_platt
from models.dataset import Labels, Matrix
from models.estimators import fit_boosted_trees, logistic_regression, random_forest
from models.evaluation import Metrics, evaluate
from models.explanation import margins
from models.registry import RiskModel
from models.split import Split, out_of_time
from models.thresholds import choose_thresholds

# Months after the horizon until the last judgements are in the files.
LABEL_LAG_MONTHS = 1
LIGHTGBM, LOGISTIC, FOREST = "lightgbm", "logistic_regression", "random_forest"
PACKAGES = ("lightgbm", "scikit-learn", "numpy", "pandas", "weaksignals")
FACTS = ("fingerprint", "dictionary_version", "simulated", "batch", "observed_until", "absent_sources")
# A probability of exactly 0 or 1 has no log-odds.
SMALLEST = 1e-6


@dataclass(frozen=True)
class Protocol:
    """How a model is made: see `flows.settings`."""

    validation_months: int
    test_months: int
    max_training_rows: int
    trees: int
    seed: int


@dataclass(frozen=True)
class Result:
    """A model; how it and the baselines did on the same test rows; those rows, for the champion to be judged on.

    reference: what monitoring holds later periods against, as JSON.
    """

    model: RiskModel
    metrics: dict[str, Metrics]
    test_rows: pd.DataFrame
    reference: dict[str, Any]


def train(features: Path, as_of: date, protocol: Protocol, progress: Callable[[str], None]) -> Result:
    """Train and judge a model on what was known on `as_of`.

    Raises InputError where the table has too few labelled periods or no failure among them.
    """
    facts = dataset.read_facts(features)
    periods = dataset.labelled_periods(features, facts, as_of, LABEL_LAG_MONTHS)
    split = out_of_time(periods, int(facts["horizon"]), protocol.validation_months, protocol.test_months)
    progress(f"reading the rows of {len(split.train)} training periods")
    share = min(1.0, protocol.max_training_rows / max(dataset.count_labelled(features, split.train), 1))
    rows = [
        dataset.read_rows(features, part, only_labelled=True, share=share if part is split.train else 1.0)
        for part in (split.train, split.validation, split.test)
    ]
    for part, name in zip(rows, ("training", "validation", "test"), strict=True):
        if part["label"].nunique() < 2:
            raise InputError(f"The {name} periods hold no failure: a model can't be made. Build from an earlier start.")
    inputs = dataset.inputs_from(rows[0])
    train_x, validation_x, test_x = (dataset.matrix(part, inputs) for part in rows)
    train_y, validation_y, test_y = (dataset.labels_of(part) for part in rows)
    progress(f"training on {len(train_y):,} rows of {rows[0]['siren'].nunique():,} firms")
    booster = fit_boosted_trees(train_x, train_y, inputs, protocol.trees, protocol.seed)
    calibration = fit_platt(margins(booster, validation_x), validation_y)
    thresholds = choose_thresholds(calibration.probability(margins(booster, validation_x)), validation_y)
    model = RiskModel(
        text=booster.model_to_string(),
        inputs=inputs,
        calibration=calibration,
        thresholds=thresholds,
        facts=_facts(facts, as_of, split, protocol, rows),
    )
    probability = calibration.probability(margins(booster, test_x))
    alerts, openings = thresholds.alerts(probability), dataset.read_openings(features)
    observed_until = min(as_of, date.fromisoformat(str(facts["observed_until"])))
    reference = {
        **drift.reference(train_x, rows[0]["period"], inputs, probability),
        "shapes": realised.shapes(rows[2], alerts, openings, observed_until, int(facts["horizon"])),
    }
    metrics = {LIGHTGBM: evaluate(probability, test_y, thresholds)}
    for name, make in ((LOGISTIC, logistic_regression), (FOREST, random_forest)):
        progress(f"the baseline beside it: {name.replace('_', ' ')}")
        fitted = make(inputs, protocol.seed).fit(train_x, train_y)
        metrics[name] = _judged(fitted, (validation_x, validation_y), (test_x, test_y))
    return Result(model, metrics, rows[2], reference)


def _judged(fitted: Any, validation: tuple[Matrix, Labels], test: tuple[Matrix, Labels]) -> Metrics:
    """A baseline under the same calibration and the same choice of thresholds."""
    calibration = fit_platt(_log_odds(fitted, validation[0]), validation[1])
    thresholds = choose_thresholds(calibration.probability(_log_odds(fitted, validation[0])), validation[1])
    return evaluate(calibration.probability(_log_odds(fitted, test[0])), test[1], thresholds)


def _log_odds(fitted: Any, x: Matrix) -> NDArray[np.float64]:
    probability = np.asarray(fitted.predict_proba(x)[:, 1], np.float64)
    return np.asarray(logit(probability.clip(SMALLEST, 1 - SMALLEST)), np.float64)


def judge(model: RiskModel, rows: pd.DataFrame) -> Metrics:
    """A registered model on labelled rows."""
    probability = model.calibration.probability(margins(model.booster, dataset.matrix(rows, model.inputs)))
    return evaluate(probability, dataset.labels_of(rows), model.thresholds)


def is_no_worse(challenger: Metrics, champion: Metrics) -> bool:
    """On the same test rows: the average precision, which is about the firms at the top of the list."""
    return bool(challenger["average_precision"] >= champion["average_precision"])


def _facts(
    built: dict[str, Any], as_of: date, split: Split, protocol: Protocol, rows: list[pd.DataFrame]
) -> dict[str, Any]:
    names = ("train", "validation", "test")
    return {
        "as_of": as_of.isoformat(),
        "horizon": built["horizon"],
        "protocol": asdict(protocol),
        "split": {
            name: {
                "first": getattr(split, name)[0].isoformat(),
                "last": getattr(split, name)[-1].isoformat(),
                "rows": len(part),
                "firms": int(part["siren"].nunique()),
                "failures": int(part["label"].sum()),
            }
            for name, part in zip(names, rows, strict=True)
        },
        "data": {name: built[name] for name in FACTS},
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
