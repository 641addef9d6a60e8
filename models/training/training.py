"""The protocol, end to end: learn, calibrate, choose thresholds, judge beside the challengers. It writes nothing."""

import hashlib
import importlib.metadata
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import TypeAdapter
from sklearn.base import clone

from features.errors import InputError
from features.folder import BuildRecord, FeatureTable
from features.periods import add_months
from models.calibration.base_rate import LOOK_BACK_MONTHS, known_failure_rate
from models.calibration.fitting import fit_venn_abers
from models.estimators.boosted_trees import BoostedTrees, boosted_trees, trees_by_early_stopping
from models.estimators.challengers import CHALLENGERS, fit
from models.estimators.fitted import Learnt, learn
from models.evaluation.judging import Evidence, judge
from models.evaluation.metrics import judged
from models.evaluation.records import Metrics
from models.explanation.contributions import booster_of, explain
from models.explanation.stability import bootstrap_firms, stability
from models.explanation.sums import by_root, by_theme
from models.monitoring import drift, realised
from models.protocol import FREE, LABEL_LAG_MONTHS, LIGHTGBM, Hyperparameters, Progress, Protocol
from models.registry.model import RiskModel
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.rows.reading import Rows, read_at_most, read_split
from models.rows.split import Split, out_of_time
from models.training import tuning

# At most: of all training months, the rows that later months are held against; of the test rows, those weighed.
REFERENCE_ROWS = 200_000
# The source that makes a model; what judges, explains or watches it may change without making another.
MADE_BY = (
    "features/**/*.py",
    *(f"models/{part}" for part in ("alerts.py", "protocol.py")),
    *(f"models/{room}/*.py" for room in ("rows", "calibration", "estimators", "training")),
)
PACKAGES = ("lightgbm", "scikit-learn", "numpy", "pandas", "weaksignals")
FACTS = (
    "fingerprint",
    "dictionary_version",
    "dictionary",
    "simulated",
    "batch",
    "observed_until",
    "absent_sources",
    "min_headcount",
    "excluded_categories",
    "excluded_activities",
)


@dataclass(frozen=True)
class Result:
    """A model; all that it was judged by; the test rows, for the champion to be judged on.

    metrics: as JSON: `models` (each on the same test rows), and what `models.evaluation.judging.judge` gives.
    reference: what monitoring holds later periods against, as JSON.
    """

    model: RiskModel
    metrics: dict[str, Any]
    test_rows: pd.DataFrame
    reference: dict[str, Any]


def train(table: FeatureTable, as_of: date, protocol: Protocol, progress: Progress) -> Result:
    """Train and judge a model on what was known on `as_of`.

    Raises InputError where the table has too few labelled periods or no failure among them.
    """
    evidence = _evidence(table, as_of, protocol)
    progress(f"reading the rows of {len(evidence.split.train)} training periods")
    rows = evidence.read(evidence.split)
    inputs = dataset.inputs_from(rows.train)
    estimator = boosted_trees(inputs, protocol.seed, protocol.hyperparameters)
    progress("how many trees serve later months best")
    estimator = estimator.set_params(trees=_trees(estimator, rows, evidence.horizon))
    progress(f"training on {len(rows.train):,} rows of {rows.train['siren'].nunique():,} firms")
    learnt = learn(estimator, inputs, rows.train, rows.validation, rows.weights)
    model = RiskModel(
        text=learnt.estimator.booster_.model_to_string(),
        inputs=inputs,
        calibration=learnt.chosen.calibration,
        intervals=fit_venn_abers(learnt.margins(rows.validation), labels_of(rows.validation)),
        thresholds=learnt.thresholds,
        refits=tuple(_refits(estimator, rows, protocol, progress)),
        facts={
            **_facts(table.record, as_of, evidence.split, protocol, rows),
            "trees": int(estimator.trees),
            "failure_rate": _failure_rate(evidence),
        },
    )
    metrics = {"models": _beside(learnt, rows, protocol.seed, progress)}
    metrics["stability"] = _stability(model, learnt, rows)
    metrics["weights"] = weights_of(model, rows.test, protocol.seed)
    metrics |= judge(learnt, rows, evidence, protocol.origins, protocol.seed, progress)
    return Result(model, metrics, rows.test, _reference(learnt, rows, evidence))


def _evidence(table: FeatureTable, as_of: date, protocol: Protocol) -> Evidence:
    horizon = table.record.horizon
    periods = dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS)
    return Evidence(
        table=table,
        periods=periods,
        split=out_of_time(periods, horizon, protocol.validation_months, protocol.test_months),
        horizon=horizon,
        observed_until=min(as_of, table.record.observed_until),
        last_period=min(as_of, table.record.end),
        max_rows=protocol.max_judging_rows,
        read=lambda split: read_split(table, split, protocol),
    )


def _trees(estimator: BoostedTrees, rows: Rows, horizon: int) -> int:
    """How many trees serve the last training months best, an embargo after those learnt from; all, if too few."""
    try:
        early, later = inner_split(rows.train, horizon)
    except InputError:
        return int(estimator.trees)
    x, y = matrix(rows.train, estimator.inputs), labels_of(rows.train)
    return trees_by_early_stopping(estimator, x[early], y[early], x[later], y[later], weights=rows.weights[early])


def tune(
    table: FeatureTable, as_of: date, protocol: Protocol, database: Path, minutes: float, progress: Progress
) -> tuning.Tuned:
    """Search better hyper-parameters within the training periods alone, from where the study was left.

    Raises InputError where those are too few.
    """
    evidence = _evidence(table, as_of, protocol)
    rows = evidence.read(evidence.split)
    inputs = dataset.inputs_from(rows.train)
    early, later = inner_split(rows.train, evidence.horizon)
    x, y = matrix(rows.train, inputs), labels_of(rows.train)

    def value(hyperparameters: Hyperparameters) -> tuple[float, int]:
        parts = (x[early], y[early]), (x[later], y[later])
        return tuning.objective(hyperparameters, inputs, *parts, protocol.seed, rows.weights[early])

    made_of = (table.record.fingerprint, as_of, replace(protocol, hyperparameters=Hyperparameters()))
    name = hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]
    return tuning.tune(database, name, value, protocol.seed, minutes, progress)


def inner_split(train: pd.DataFrame, horizon: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Of the training rows, those to learn from and those, an embargo later, to choose by.

    Raises InputError where either holds no failure.
    """
    months = [pd.Timestamp(month).date() for month in sorted(train["period"].unique())]
    latest = sum(add_months(month, horizon // 2) > months[-1] for month in months)
    parts = tuning.earlier_and_later(months, horizon, latest)
    early, later = (train["period"].isin(pd.to_datetime(part)).to_numpy() for part in parts)
    if any(train.loc[part, "label"].nunique() < 2 for part in (early, later)):
        raise InputError("The training periods hold too few failures to choose by. Build from an earlier --start.")
    return early, later


def _failure_rate(evidence: Evidence) -> float | None:
    """The rate that the calibration was made for, measured as it can be at any later period; None where it can't.

    Over the 12 months after the last validation period: in the midst of what validation labels tell of.
    """
    period = add_months(evidence.split.validation[-1], LOOK_BACK_MONTHS)
    states = dataset.read_states(evidence.table, period, LOOK_BACK_MONTHS)
    try:
        return known_failure_rate(states, period, evidence.horizon).rate
    except InputError:
        return None


def _refits(estimator: BoostedTrees, rows: Rows, protocol: Protocol, progress: Progress) -> Iterator[str]:
    """The model on firms drawn again with all their rows, as text."""
    x, y = matrix(rows.train, estimator.inputs), labels_of(rows.train)
    for number in range(protocol.refits):
        progress(f"the same on other firms, {number + 1} of {protocol.refits}: how stable its reasons are")
        weights = rows.weights * bootstrap_firms(rows.train["siren"], protocol.seed + number)
        fitted = fit(clone(estimator), x[weights > 0], y[weights > 0], weights[weights > 0])
        yield fitted.booster_.model_to_string()


def _stability(model: RiskModel, learnt: Learnt, rows: Rows) -> dict[str, Any]:
    """How far reasons, of firms on alert in the test periods, hold on other firms; shares are None without any."""
    flagged = rows.test[learnt.probability(rows.test) >= model.thresholds.moderate]
    x, names = matrix(flagged, model.inputs), [column.name for column in model.inputs]
    ours, *theirs = (
        pd.DataFrame(explain(booster_of(text), x).contributions, columns=names) for text in (model.text, *model.refits)
    )
    found = asdict(stability(ours, theirs, model.inputs))
    return {name: None if value != value else value for name, value in found.items()}


def weights_of(model: RiskModel, rows: pd.DataFrame, seed: int) -> dict[str, dict[str, float]]:
    """What moves the risk most: of each theme, and of each feature with what derives from it, a share (0-1) of all.

    The mean size of its contributions to the rows, or to a sample of them, in log-odds, largest first.
    """
    rows = rows.sample(min(REFERENCE_ROWS, len(rows)), random_state=seed)
    names = [column.name for column in model.inputs]
    parts = pd.DataFrame(explain(booster_of(model.text), matrix(rows, model.inputs)).contributions, columns=names)
    sizes = {
        "themes": by_theme(parts, model.inputs).abs().mean(),
        "features": by_root(parts, model.inputs).abs().mean(),
    }
    # A model without any split adds nothing: its weights are 0, for JSON has no NaN.
    shares = {name: (size / (size.sum() or 1)).sort_values(ascending=False) for name, size in sizes.items()}
    return {name: {str(part): float(weight) for part, weight in share.items()} for name, share in shares.items()}


def _beside(learnt: Learnt, rows: Rows, seed: int, progress: Progress) -> dict[str, Metrics]:
    """The model and its challengers on the same test rows, each calibrated and cut in the same way."""
    found = {LIGHTGBM: judged(learnt, rows.test)}
    for name, make in CHALLENGERS.items():
        if name != LIGHTGBM:
            progress(f"the challenger beside it: {name.replace('_', ' ')}")
            # What constraints cost is told by the same model without them.
            other = clone(learnt.estimator).set_params(monotone=False) if name == FREE else make(learnt.inputs, seed)
            found[name] = judged(learn(other, learnt.inputs, rows.train, rows.validation, rows.weights), rows.test)
    return found


def _reference(learnt: Learnt, rows: Rows, evidence: Evidence) -> dict[str, Any]:
    """What monitoring holds later periods against: of all training months, whichever were learnt from."""
    known = read_at_most(evidence.table, evidence.split.train, REFERENCE_ROWS)
    openings = dataset.read_openings(evidence.table)
    alerts = learnt.thresholds.alerts(learnt.probability(rows.test))
    return {
        **drift.reference(matrix(known, learnt.inputs), known["period"], learnt.inputs, learnt.margins(rows.test)),
        "shapes": realised.shapes(rows.test, alerts, openings, evidence.observed_until, evidence.horizon),
    }


def code_digest() -> str:
    """Of the source that makes a model: equal digests mean equal code, whatever the version says."""
    content, root = hashlib.sha256(), Path(__file__).parents[2]
    for path in sorted(path for pattern in MADE_BY for path in root.glob(pattern)):
        content.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return content.hexdigest()[:12]


def _facts(built: BuildRecord, as_of: date, split: Split, protocol: Protocol, rows: Rows) -> dict[str, Any]:
    content = TypeAdapter(BuildRecord).dump_python(built, mode="json")
    return {
        "as_of": as_of.isoformat(),
        "horizon": built.horizon,
        "protocol": asdict(protocol),
        "split": {
            name: {
                "first": getattr(split, name)[0].isoformat(),
                "last": getattr(split, name)[-1].isoformat(),
                "rows": len(part),
                "firms": int(part["siren"].nunique()),
                "failures": int(part["label"].sum()),
            }
            for name, part in (("train", rows.train), ("validation", rows.validation), ("test", rows.test))
        },
        "data": {name: content[name] for name in FACTS},
        "code": code_digest(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
    }
