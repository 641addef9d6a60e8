"""The protocol, end to end: train, calibrate, evaluate beside the challengers. It writes nothing."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone

from features.errors import InputError
from features.folder import FeatureTable
from models.alerts import DEFAULT_POLICY, NO_ALERT, AlertPolicy
from models.calibration.base_rate import base_rate
from models.calibration.fitting import UnskilledError
from models.calibration.redrawing import interval_of
from models.calibration.thresholds import Alerts, alerts_by_period
from models.estimators.boosted_trees import BoostedTrees, best_n_estimators, boosted_trees, drawn_again
from models.estimators.challengers import CHALLENGERS
from models.estimators.fitted import FittedModel, fit_model
from models.evaluation.metrics import evaluate_model
from models.evaluation.records import Difference, FeatureImportance, Metrics, TimedFigures
from models.evaluation.report import EvaluationContext, Known, evaluation_report, otherwise_divided
from models.evaluation.uncertainty import paired_difference
from models.explanation.contributions import booster_of, explain, margins
from models.explanation.stability import Stability, bootstrap_firms, stability
from models.explanation.sums import by_root, by_theme
from models.monitoring import drift, realised
from models.protocol import FREE, LABEL_LAG_MONTHS, LIGHTGBM, Hyperparameters, Progress, Protocol
from models.registry.model import RiskModel
from models.registry.records import Reference
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Margins, Probabilities
from models.rows.outcomes import NO_HELP
from models.rows.reading import Rows, read_at_most, read_split, share_for
from models.rows.split import CHOSEN_BY, out_of_time
from models.training import tuning
from models.training.ablation import ablations
from models.training.facts import model_facts, spans
from models.training.final import FinalTrees, final_trees
from models.training.horizons import shorter_horizons
from models.training.origins import halved, inner_origins

# The most training rows that later periods are compared with, and the most test rows that importance is measured on.
REFERENCE_ROWS = 200_000


@dataclass(frozen=True)
class Result:
    """A model, its metrics without the checks, the test rows to compare it on with the champion, and its reference."""

    model: RiskModel
    metrics: Metrics
    test_rows: pd.DataFrame
    reference: Reference


def train(
    table: FeatureTable,
    as_of: date,
    protocol: Protocol,
    policy: AlertPolicy,
    progress: Progress,
    help_days: pd.DataFrame = NO_HELP,
    has_ablations: bool = False,
) -> Result:
    """Train a model on what was known on `as_of`, and evaluate it with the alerts of that policy.

    help_days: (siren, helped_on), one row per help of agents. has_ablations: tell what each part adds, see `ablation`.
    Raises InputError where the table has too few labelled periods or no failure among them.
    """
    context = context_of(table, as_of, protocol, policy, help_days)
    rows, tested = tested_model(context, protocol, progress)
    split, test = spans(context.split, rows), rows.test
    risks = tested.probability(test)
    alerts = alerts_by_period(context.sampled_policy, test, risks)
    own = tested.margins(rows.validation)
    interval = interval_of(tested.chosen.calibration, own, rows.validation, context.rate.drift, protocol.seed)
    beside = _beside(tested, risks, rows, context, protocol.seed, progress)
    ablated = ablations(tested, rows, protocol.seed, progress) if has_ablations else ()
    divided = otherwise_divided(tested, rows, context, protocol.seed, progress)
    # What follows reads rows of its own: of a country, memory holds those of one training at a time.
    del rows
    final = final_trees(tested, context, protocol, progress)
    progress("shorter horizons, on the newest months")
    curve = shorter_horizons(table, as_of, protocol, context.split.validation, tested.margins)
    trees = int(tested.estimator.n_estimators)
    model = RiskModel(
        text=final.booster.model_to_string(),
        inputs=tested.inputs,
        calibration=tested.chosen.calibration,
        interval=interval,
        curve=curve.horizons,
        refits=tuple(_refits(tested.estimator, final, protocol, progress)),
        facts=model_facts(table.record, as_of, split, protocol, trees, context.rate, final.fit),
        tested=tested.estimator.booster_.model_to_string(),
    )
    newest = margins(booster_of(model.text), matrix(final.newest, model.inputs))
    del final
    known = Known(
        *beside,
        divided,
        _stability(model, test[alerts != NO_ALERT]),
        feature_importance(model, test, protocol.seed),
        interval,
        curve.judged,
        ablated,
    )
    metrics = evaluation_report(tested, test, context, known, protocol.origins, protocol.seed, progress)
    return Result(model, metrics, test, _reference(model, newest, test, alerts, context))


def tested_model(context: EvaluationContext, protocol: Protocol, progress: Progress) -> tuple[Rows, FittedModel]:
    """The rows of the split, and the model fitted on those to train on; raises as `train` does."""
    progress(f"reading the rows of {len(context.split.train)} training periods")
    rows = context.read(context.split)
    inputs = dataset.inputs_from(rows.train)
    estimator = boosted_trees(inputs, protocol.seed, protocol.hyperparameters)
    progress("how many trees serve later months best")
    estimator = estimator.set_params(n_estimators=_n_estimators(estimator, rows, context.horizon))
    progress(f"training on {len(rows.train):,} rows of {rows.train['siren'].nunique():,} firms")
    return rows, fit_model(estimator, inputs, rows.train, rows.validation, rows.weights, context.rate.offset)


def context_of(
    table: FeatureTable,
    as_of: date,
    protocol: Protocol,
    policy: AlertPolicy = DEFAULT_POLICY,
    help_days: pd.DataFrame = NO_HELP,
) -> EvaluationContext:
    """Where a model that knows what was known on `as_of` is trained and evaluated; raises as `train` does."""
    built, periods = table.record, dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS)
    split = out_of_time(periods, built.horizon, protocol.validation_months, protocol.test_months)
    counts = dataset.label_counts(table, periods)
    return EvaluationContext(
        table=table,
        periods=periods,
        split=split,
        counts=counts,
        rate=base_rate(counts, split.validation, built.horizon),
        horizon=built.horizon,
        observed_until=min(as_of, built.observed_until),
        last_period=min(as_of, built.end),
        max_rows=protocol.max_evaluation_rows,
        policy=policy,
        sampled_policy=policy.for_share(share_for(table, split.test, protocol.max_evaluation_rows)),
        help_days=help_days,
        read=lambda split: read_split(table, split, protocol),
    )


def _n_estimators(estimator: BoostedTrees, rows: Rows, horizon: int) -> int:
    """How many trees rank later training months best; the most where there are too few months to tell."""
    try:
        origins = inner_origins(rows.train, rows.weights, estimator.inputs, horizon)
    except InputError:
        return int(estimator.n_estimators)
    return best_n_estimators(estimator, [(origin.earlier, origin.later) for origin in origins])


def tune(
    table: FeatureTable, as_of: date, protocol: Protocol, database: Path, minutes: float, progress: Progress
) -> tuning.Tuned:
    """Search better hyper-parameters on the training periods only, from where the study was left.

    Raises InputError where there are too few training periods.
    """
    context = context_of(table, as_of, protocol)
    rows = context.read(context.split)
    inputs = dataset.inputs_from(rows.train)
    chosen_by, judged_by = halved(inner_origins(rows.train, rows.weights, inputs, context.horizon))

    def value(hyperparameters: Hyperparameters) -> tuple[float, int]:
        return tuning.objective(hyperparameters, inputs, chosen_by, protocol.seed)

    def confirm(best: Hyperparameters, default: Hyperparameters) -> Difference:
        return tuning.confirmed(best, default, inputs, judged_by, protocol.seed)

    made_of = (table.record.fingerprint, as_of, replace(protocol, hyperparameters=Hyperparameters()), CHOSEN_BY)
    name = hashlib.sha256(repr(made_of).encode()).hexdigest()[:12]
    return tuning.tune(database, name, value, confirm, protocol.seed, minutes, progress)


def _refits(estimator: BoostedTrees, final: FinalTrees, protocol: Protocol, progress: Progress) -> Iterator[str]:
    """The trees in use fitted again on firms drawn with replacement, each with all its rows, as text.

    A refit keeps the bins of the trees in use, which need no label; the rows are not binned again for each.
    """
    for number in range(protocol.refits):
        progress(f"the same on other firms, {number + 1} of {protocol.refits}: how stable its reasons are")
        weights = final.weights * bootstrap_firms(final.rows["siren"], protocol.seed + number)
        course = final.course.kept(np.flatnonzero(weights))
        yield estimator.boosted(drawn_again(final.binned, weights), course).model_to_string()


def _stability(model: RiskModel, flagged: pd.DataFrame) -> Stability:
    """How far the refits share the reasons of the firms on alert; flagged: their rows of the test periods."""
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
    model: FittedModel, risks: Probabilities, rows: Rows, context: EvaluationContext, seed: int, progress: Progress
) -> tuple[dict[str, TimedFigures], dict[str, Difference]]:
    """The model and its challengers on the same test rows, calibrated in the same way, with alerts of one policy.

    Also those challengers that rank better beyond chance. risks: of the test rows, by the model.
    """
    fitted = {LIGHTGBM: model}
    for name, make in CHALLENGERS.items():
        if name != LIGHTGBM:
            progress(f"the challenger beside it: {name.replace('_', ' ')}")
            # The same model without the constraints: the difference is what they cost.
            other = clone(model.estimator).set_params(monotone=False) if name == FREE else make(model.inputs, seed)
            try:
                offset = context.rate.offset
                fitted[name] = fit_model(other, model.inputs, rows.train, rows.validation, rows.weights, offset)
            except UnskilledError:
                progress(f"{name.replace('_', ' ')} has learnt nothing that holds later: it is left out")
    found = {name: evaluate_model(each, rows.test, context.sampled_policy) for name, each in fitted.items()}
    ahead = [name for name in found if found[name].average_precision > found[LIGHTGBM].average_precision]
    y, firms = labels_of(rows.test), rows.test["siren"]
    gaps = {name: paired_difference(fitted[name].probability(rows.test), risks, y, firms, seed=seed) for name in ahead}
    surpassed_by = {name: gap["average_precision"] for name, gap in gaps.items() if gap["average_precision"].low > 0}
    return found, surpassed_by


def _reference(
    model: RiskModel, newest: Margins, test: pd.DataFrame, alerts: Alerts, context: EvaluationContext
) -> Reference:
    """What monitoring compares later periods with: rows of all months learnt from, also those left out by sampling.

    newest: the margins of the newest period, of which no label was known. alerts: of the test rows.
    """
    known = read_at_most(context.table, context.periods, REFERENCE_ROWS)
    openings = dataset.read_openings(context.table)
    shapes = realised.shapes(test, alerts, openings, context.observed_until, context.horizon)
    return drift.reference(matrix(known, model.inputs), known["period"], model.inputs, newest, shapes)
