"""The protocol, end to end: train, calibrate, evaluate beside the challengers. It writes nothing."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from features.errors import InputError
from features.folder import FeatureTable
from features.periods import add_months
from models.alerts import DEFAULT_POLICY, NO_ALERT, AlertPolicy
from models.calibration.base_rate import base_rate
from models.calibration.fitting import UnskilledError
from models.calibration.redrawing import interval_of
from models.calibration.thresholds import alerts_by_period
from models.estimators.boosted_trees import BoostedTrees, best_n_estimators, boosted_trees
from models.estimators.challengers import CHALLENGERS, fit
from models.estimators.fitted import FittedModel, fit_model
from models.evaluation.metrics import evaluate_model
from models.evaluation.records import FeatureImportance, Metrics, TimedFigures
from models.evaluation.report import EvaluationContext, Known, evaluation_report
from models.explanation.contributions import booster_of, explain
from models.explanation.stability import Stability, bootstrap_firms, stability
from models.explanation.sums import by_root, by_theme
from models.monitoring import drift, realised
from models.protocol import FREE, LABEL_LAG_MONTHS, LIGHTGBM, Hyperparameters, Progress, Protocol
from models.registry.model import RiskModel
from models.registry.records import Reference
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.rows.reading import Rows, read_at_most, read_split
from models.rows.split import out_of_time
from models.training import tuning
from models.training.facts import model_facts
from models.training.horizons import shorter_horizons

# The most training rows that later periods are compared with, and the most test rows that importance is measured on.
REFERENCE_ROWS = 200_000


@dataclass(frozen=True)
class Result:
    """A model, its metrics without the checks, the test rows to compare it on with the champion, and its reference."""

    model: RiskModel
    metrics: Metrics
    test_rows: pd.DataFrame
    reference: Reference


def train(table: FeatureTable, as_of: date, protocol: Protocol, policy: AlertPolicy, progress: Progress) -> Result:
    """Train a model on what was known on `as_of`, and evaluate it with the alerts of that policy.

    Raises InputError where the table has too few labelled periods or no failure among them.
    """
    context = _context(table, as_of, protocol, policy)
    progress(f"reading the rows of {len(context.split.train)} training periods")
    rows = context.read(context.split)
    inputs = dataset.inputs_from(rows.train)
    estimator = boosted_trees(inputs, protocol.seed, protocol.hyperparameters)
    progress("how many trees serve later months best")
    estimator = estimator.set_params(n_estimators=_n_estimators(estimator, rows, context.horizon))
    progress(f"training on {len(rows.train):,} rows of {rows.train['siren'].nunique():,} firms")
    counts = dataset.label_counts(table, context.periods)
    rate = base_rate(counts, context.split.validation, context.horizon)
    fitted = fit_model(estimator, inputs, rows.train, rows.validation, rows.weights, rate.offset)
    margins = fitted.margins(rows.validation)
    interval = interval_of(fitted.chosen.calibration, margins, rows.validation, rate.drift, protocol.seed)
    progress("shorter horizons, on the newest months")
    curve = shorter_horizons(table, as_of, protocol, context.split.validation, fitted.margins)
    model = RiskModel(
        text=fitted.estimator.booster_.model_to_string(),
        inputs=inputs,
        calibration=fitted.chosen.calibration,
        interval=interval,
        curve=curve.horizons,
        refits=tuple(_refits(estimator, rows, protocol, progress)),
        facts=model_facts(table.record, as_of, context.split, protocol, rows, int(estimator.n_estimators), rate),
    )
    known = Known(
        _beside(fitted, rows, context, protocol.seed, rate.offset, progress),
        _stability(model, fitted, rows, policy),
        feature_importance(model, rows.test, protocol.seed),
        interval,
        curve.judged,
        counts,
    )
    metrics = evaluation_report(fitted, rows, context, known, protocol.origins, protocol.seed, progress)
    return Result(model, metrics, rows.test, _reference(fitted, rows, context))


def _context(
    table: FeatureTable, as_of: date, protocol: Protocol, policy: AlertPolicy = DEFAULT_POLICY
) -> EvaluationContext:
    built, periods = table.record, dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS)
    return EvaluationContext(
        table=table,
        periods=periods,
        split=out_of_time(periods, built.horizon, protocol.validation_months, protocol.test_months),
        horizon=built.horizon,
        observed_until=min(as_of, built.observed_until),
        last_period=min(as_of, built.end),
        max_rows=protocol.max_evaluation_rows,
        policy=policy,
        read=lambda split: read_split(table, split, protocol),
    )


def _n_estimators(estimator: BoostedTrees, rows: Rows, horizon: int) -> int:
    """How many trees do best on the last training months, an embargo later; the most where there are too few months."""
    try:
        early, later = inner_split(rows.train, horizon)
    except InputError:
        return int(estimator.n_estimators)
    x, y = matrix(rows.train, estimator.inputs), labels_of(rows.train)
    return best_n_estimators(estimator, x[early], y[early], x[later], y[later], weights=rows.weights[early])


def tune(
    table: FeatureTable, as_of: date, protocol: Protocol, database: Path, minutes: float, progress: Progress
) -> tuning.Tuned:
    """Search better hyper-parameters on the training periods only, from where the study was left.

    Raises InputError where there are too few training periods.
    """
    context = _context(table, as_of, protocol)
    rows = context.read(context.split)
    inputs = dataset.inputs_from(rows.train)
    early, later = inner_split(rows.train, context.horizon)
    x, y = matrix(rows.train, inputs), labels_of(rows.train)

    def value(hyperparameters: Hyperparameters) -> tuple[float, int]:
        parts = (x[early], y[early]), (x[later], y[later])
        return tuning.objective(hyperparameters, inputs, *parts, protocol.seed, rows.weights[early])

    made_of = (table.record.fingerprint, as_of, replace(protocol, hyperparameters=Hyperparameters()))
    name = hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]
    return tuning.tune(database, name, value, protocol.seed, minutes, progress)


def inner_split(train: pd.DataFrame, horizon: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which training rows to fit on, and which later ones, an embargo after them, to choose hyper-parameters by.

    Raises InputError where either part holds no failure.
    """
    months = [pd.Timestamp(month).date() for month in sorted(train["period"].unique())]
    latest = sum(add_months(month, horizon // 2) > months[-1] for month in months)
    parts = tuning.earlier_and_later(months, horizon, latest)
    early, later = (train["period"].isin(pd.to_datetime(part)).to_numpy() for part in parts)
    if any(train.loc[part, "label"].nunique() < 2 for part in (early, later)):
        raise InputError("The training periods hold too few failures to choose by. Build from an earlier --start.")
    return early, later


def _refits(estimator: BoostedTrees, rows: Rows, protocol: Protocol, progress: Progress) -> Iterator[str]:
    """The trees of the model fitted again on firms drawn with replacement, each with all its rows, as text."""
    x, y = matrix(rows.train, estimator.inputs), labels_of(rows.train)
    for number in range(protocol.refits):
        progress(f"the same on other firms, {number + 1} of {protocol.refits}: how stable its reasons are")
        weights = rows.weights * bootstrap_firms(rows.train["siren"], protocol.seed + number)
        fitted = fit(clone(estimator), x[weights > 0], y[weights > 0], weights[weights > 0])
        yield fitted.booster_.model_to_string()


def _stability(model: RiskModel, fitted: FittedModel, rows: Rows, policy: AlertPolicy) -> Stability:
    """How far the refits share the reasons of the firms on alert in the test periods."""
    flagged = rows.test[alerts_by_period(policy, rows.test, fitted.probability(rows.test)) != NO_ALERT]
    x, names = matrix(flagged, model.inputs), [column.name for column in model.inputs]
    ours, *theirs = (
        pd.DataFrame(explain(booster_of(text), x).contributions, columns=names) for text in (model.text, *model.refits)
    )
    return stability(ours, theirs, model.inputs)


def feature_importance(model: RiskModel, rows: pd.DataFrame, seed: int) -> FeatureImportance:
    """Mean absolute contribution by theme and by root feature, on the rows or a sample of REFERENCE_ROWS of them."""
    rows = rows.sample(min(REFERENCE_ROWS, len(rows)), random_state=seed)
    names = [column.name for column in model.inputs]
    parts = pd.DataFrame(explain(booster_of(model.text), matrix(rows, model.inputs)).contributions, columns=names)
    return FeatureImportance(_shares(by_theme(parts, model.inputs)), _shares(by_root(parts, model.inputs)))


def _shares(contributions: pd.DataFrame) -> dict[str, float]:
    sizes = contributions.abs().mean()
    # All are 0 for a model without any split: JSON has no NaN.
    shares = (sizes / (sizes.sum() or 1)).sort_values(ascending=False)
    return {str(name): float(share) for name, share in shares.items()}


def _beside(
    model: FittedModel, rows: Rows, context: EvaluationContext, seed: int, offset: float, progress: Progress
) -> dict[str, TimedFigures]:
    """The model and its challengers on the same test rows, calibrated in the same way, with alerts of one policy."""
    found = {LIGHTGBM: evaluate_model(model, rows.test, context.policy)}
    for name, make in CHALLENGERS.items():
        if name != LIGHTGBM:
            progress(f"the challenger beside it: {name.replace('_', ' ')}")
            # The same model without the constraints: the difference is what they cost.
            other = clone(model.estimator).set_params(monotone=False) if name == FREE else make(model.inputs, seed)
            try:
                fitted = fit_model(other, model.inputs, rows.train, rows.validation, rows.weights, offset)
            except UnskilledError:
                progress(f"{name.replace('_', ' ')} has learnt nothing that holds later: it is left out")
                continue
            found[name] = evaluate_model(fitted, rows.test, context.policy)
    return found


def _reference(model: FittedModel, rows: Rows, context: EvaluationContext) -> Reference:
    """What monitoring compares later periods with: rows of all training periods, also those left out by sampling."""
    known = read_at_most(context.table, context.split.train, REFERENCE_ROWS)
    openings = dataset.read_openings(context.table)
    alerts = alerts_by_period(context.policy, rows.test, model.probability(rows.test))
    shapes = realised.shapes(rows.test, alerts, openings, context.observed_until, context.horizon)
    return drift.reference(matrix(known, model.inputs), known["period"], model.inputs, model.margins(rows.test), shapes)
