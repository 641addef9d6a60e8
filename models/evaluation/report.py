"""All that a model is evaluated by, on rows that it never saw. It uses what happened later: for evaluation only."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from features.errors import InputError
from features.folder import FeatureTable
from features.periods import period_range
from models.alerts import AlertPolicy
from models.calibration.base_rate import BaseRate
from models.calibration.fitting import calibration_slope
from models.calibration.interval import RiskInterval
from models.calibration.reliability import expected_calibration_error, reliability
from models.calibration.thresholds import alerts_by_period
from models.estimators.fitted import FittedModel, fit_model
from models.evaluation.helped import helped_apart, lead_times_apart
from models.evaluation.lead_time import lead_times
from models.evaluation.metrics import evaluate_model
from models.evaluation.records import (
    Ablation,
    CalibrationFigures,
    Difference,
    FeatureImportance,
    JudgedHorizon,
    Metrics,
    OriginFigures,
    Protocols,
    RollingOrigins,
    Spread,
    TimedFigures,
)
from models.evaluation.slices import by_group, by_horizon, by_year, with_and_without_procedures
from models.evaluation.uncertainty import bootstrap
from models.explanation.stability import Stability
from models.protocol import LIGHTGBM, Progress
from models.rows import dataset
from models.rows.dataset import labels_of
from models.rows.inputs import Weights
from models.rows.outcomes import is_helped, months_later
from models.rows.reading import Rows, read_at_most, share_for
from models.rows.split import Split, is_test_firm, random_within_periods, rolling_origins, with_unseen_firms

# Share of the firms, or of the rows, that a protocol sets aside at random for the test.
ASIDE_SHARE = 0.3
# The metrics whose mean and deviation over the origins are told.
SPREAD = ("auc", "average_precision", "brier", "log_loss")


@dataclass(frozen=True)
class EvaluationContext:
    """Where a model is evaluated: the feature table, its labelled periods and their split.

    counts: labelled rows and failures of each of these periods; rate: the failure rate that risks are set to.
    observed_until: the day until which openings are known; last_period: the last one that is scored.
    policy: of alerts; sampled_policy: the same for the firms that the rows are of, where these are some only.
    help_days: (siren, helped_on), one row per help of agents. read: gives the rows of another split, read as the
    model's own rows were.
    """

    table: FeatureTable
    periods: Sequence[date]
    split: Split
    counts: pd.DataFrame
    rate: BaseRate
    horizon: int
    observed_until: date
    last_period: date
    max_rows: int
    policy: AlertPolicy
    sampled_policy: AlertPolicy
    help_days: pd.DataFrame
    read: Callable[[Split], Rows]


@dataclass(frozen=True)
class OtherwiseDivided:
    """The same kind of model on the same rows, divided otherwise: see `models.evaluation.records.Protocols`."""

    unseen_firms: TimedFigures | None
    random_within_periods: TimedFigures | None


@dataclass(frozen=True)
class Known:
    """What is measured of a model before its report: see `models.evaluation.records.Metrics`."""

    models: dict[str, TimedFigures]
    surpassed_by: dict[str, Difference]
    divided: OtherwiseDivided
    stability: Stability
    feature_importance: FeatureImportance
    interval: RiskInterval
    judged: tuple[JudgedHorizon, ...]
    ablations: tuple[Ablation, ...]


def evaluation_report(
    model: FittedModel,
    test: pd.DataFrame,
    context: EvaluationContext,
    known: Known,
    origins: int,
    seed: int,
    progress: Progress,
) -> Metrics:
    """All metrics of a model on its test rows, but the checks before it may be put in use."""
    margins, labels = model.margins(test), labels_of(test)
    probability = model.chosen.calibration.probability(margins)
    progress("how sure its metrics are")
    ends = known.interval.ends(margins, probability)
    points = reliability(probability, labels, ends=ends)
    policy = context.sampled_policy
    intervals = bootstrap(probability, labels, test, policy, seed=seed)
    alerts = alerts_by_period(policy, test, probability)
    found = _protocols(model, test, context, known, origins, progress)
    progress("firms in a procedure, other horizons, lead times, helped firms")
    every = read_at_most(context.table, context.split.test, context.max_rows, only_labelled=False)
    procedures = with_and_without_procedures(every, model.probability(every), policy)
    del every
    openings = dataset.read_openings(context.table)
    span = _scored(model, context)
    return Metrics(
        models=known.models,
        surpassed_by=known.surpassed_by,
        stability=known.stability,
        feature_importance=known.feature_importance,
        intervals=intervals,
        calibration=CalibrationFigures(
            model.chosen.scores, points, expected_calibration_error(points), calibration_slope(probability, labels)
        ),
        groups=by_group(test, probability, labels, alerts),
        protocols=found,
        procedures=procedures,
        horizons=by_horizon(
            span, span["probability"].to_numpy(), openings, context.observed_until, span["alert"].to_numpy(str)
        ),
        lead_time=lead_times(span, openings),
        policy=context.policy,
        judged=known.judged,
        years=by_year(context.counts, openings),
        ablations=known.ablations,
        helped=helped_apart(
            test,
            probability,
            labels,
            _is_helped(test, openings, context),
            policy,
            lead_times_apart(span, _is_helped(span, openings, context), openings),
            seed,
        ),
    )


def _protocols(
    model: FittedModel, test: pd.DataFrame, context: EvaluationContext, known: Known, origins: int, progress: Progress
) -> Protocols:
    aside, out_of_time = test[is_test_firm(test["siren"], ASIDE_SHARE)], known.models[LIGHTGBM]
    is_enough = aside["label"].nunique() > 1
    return Protocols(
        out_of_time=out_of_time,
        unseen_firms=known.divided.unseen_firms,
        out_of_time_on_those_firms=evaluate_model(model, aside, context.sampled_policy) if is_enough else None,
        rolling_origins=_rolling(out_of_time, model, context, origins, progress),
        random_within_periods=known.divided.random_within_periods,
    )


def otherwise_divided(
    model: FittedModel, rows: Rows, context: EvaluationContext, seed: int, progress: Progress
) -> OtherwiseDivided:
    """The same kind of model on the same rows, divided otherwise; None where these rows do not allow it."""
    progress("the same, tested on firms that it never saw")
    train, validation, test = with_unseen_firms(rows.train, rows.validation, rows.test, ASIDE_SHARE)
    is_seen = ~is_test_firm(rows.train["siren"], ASIDE_SHARE)
    unseen = _again(model, context, train, rows.weights[is_seen], validation, test)
    del train, validation, test
    progress("the same, on a random split as existing systems do")
    return OtherwiseDivided(unseen, _random(model, rows, context, seed))


def _again(
    model: FittedModel,
    context: EvaluationContext,
    train: pd.DataFrame,
    weights: Weights,
    validation: pd.DataFrame,
    test: pd.DataFrame,
) -> TimedFigures | None:
    """The metrics on the test rows of the same kind of model, fitted again; None where the rows do not allow it."""
    # Where firms are sampled for evaluation, those set aside as unseen may not be among them.
    if test["label"].nunique() < 2:
        return None
    try:
        refitted = fit_model(clone(model.estimator), model.inputs, train, validation, weights)
        return evaluate_model(refitted, test, context.sampled_policy)
    except InputError:
        return None


def _random(model: FittedModel, rows: Rows, context: EvaluationContext, seed: int) -> TimedFigures | None:
    """All rows pooled and split at random; tested in the same periods as the model itself."""
    parts = (rows.train, rows.validation, rows.test)
    # Their places alone are split: the rows of all parts once more would be gigabytes.
    kept, aside = random_within_periods(pd.DataFrame(index=range(sum(map(len, parts)))), ASIDE_SHARE, seed)
    train, validation = (part.index.to_numpy() for part in random_within_periods(kept, ASIDE_SHARE, seed + 1))
    weights = np.append(rows.weights, np.ones(len(rows.validation) + len(rows.test), np.float32))[train]
    own = aside.index.to_numpy() - len(rows.train) - len(rows.validation)
    test = rows.test.iloc[own[own >= 0]]
    return _again(model, context, _at(parts, train), weights, _at(parts, validation), test)


def _at(parts: Sequence[pd.DataFrame], places: NDArray[np.int64]) -> pd.DataFrame:
    """The rows at those places, in order, of the parts one after the other."""
    ends = np.cumsum([len(part) for part in parts])
    each = zip(parts, np.split(places, np.searchsorted(places, ends[:-1])), ends, strict=True)
    taken: pd.DataFrame = pd.concat([part.iloc[own - end + len(part)] for part, own, end in each], ignore_index=True)
    return taken


def _rolling(
    out_of_time: TimedFigures, model: FittedModel, context: EvaluationContext, origins: int, progress: Progress
) -> RollingOrigins:
    """The metrics of each origin, the newest first, and their mean and standard deviation over the origins."""
    split = context.split
    found = [OriginFigures(**vars(out_of_time), test_from=split.test[0])]
    others = rolling_origins(list(context.periods), context.horizon, len(split.validation), len(split.test), origins)[
        1:
    ]
    for other in others:
        progress(f"the same, tested from {other.test[0]:%Y-%m} on")
        try:
            part = context.read(other)
        except InputError:
            continue
        if figures := _again(model, context, part.train, part.weights, part.validation, part.test):
            found.append(OriginFigures(**vars(figures), test_from=other.test[0]))
        # Before the next ones are read.
        del part
    return RollingOrigins(tuple(found), {name: _spread([getattr(one, name) for one in found]) for name in SPREAD})


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.mean(values), statistics.stdev(values) if len(values) > 1 else None)


def followed_share(policy: AlertPolicy, table: FeatureTable, test: Sequence[date], most: int) -> float:
    """The share of the firms that are followed from list to list: as many as have about `most` rows in the test months.

    All of them where alerts are so many firms per département: of fewer firms, more would be on alert.
    """
    return 1.0 if policy.firms_per_departement else share_for(table, test, most)


def _scored(model: FittedModel, context: EvaluationContext) -> pd.DataFrame:
    """(siren, period, probability, alert) of the firms followed at each period from validation on."""
    share = followed_share(context.policy, context.table, context.split.test, context.max_rows)
    scored = []
    for period in period_range(context.split.validation[0], context.last_period):
        rows = dataset.read_rows(context.table, [period], share)
        rows = rows[~rows["in_procedure"].astype(bool)]
        probability = model.probability(rows)
        alert = alerts_by_period(context.policy, rows, probability)
        scored.append(rows[["siren", "period"]].assign(probability=probability, alert=alert))
    return pd.concat(scored, ignore_index=True)


def _is_helped(rows: pd.DataFrame, openings: pd.DataFrame, context: EvaluationContext) -> NDArray[np.bool_]:
    """Whether each row's firm was helped within the horizon, as far as that is observed."""
    until = np.minimum(months_later(rows["period"], context.horizon), np.datetime64(context.observed_until))
    return is_helped(rows, context.help_days, openings, until)
