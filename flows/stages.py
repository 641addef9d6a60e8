"""Each stage of the pipeline as one function, which returns what it did."""

import functools
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import pandas as pd

from features import build as features_build
from features import damage, engine, store
from features import ingest as features_ingest
from features.delivered import default_end
from features.errors import InputError
from features.folder import BuildRecord, FeatureTable, Snapshot
from features.periods import add_months, period_range
from features.received import Received, RefusedError
from features.scope import Scope
from features.sources import SOURCES
from flows import deliveries, monitoring
from flows.rebuild import made_of
from flows.settings import Settings
from models.alerts import ALERTS
from models.calibration.base_rate import LOOK_BACK_MONTHS
from models.calibration.fitting import UnskilledError
from models.calibration.shapes import Calibration
from models.evaluation.records import Check, TimedFigures
from models.protocol import LIGHTGBM, Progress
from models.registry import gates, promotion, registry, tracking
from models.registry.model import RiskModel
from models.rows import dataset
from models.scoring import scoring
from models.scoring.records import Scores
from models.training import training
from models.training.tuning import Tuned
from reports import exports
from reports.language import Language
from reports.model_card import model_card
from reports.notes import notes_on
from reports.target_list import TargetList, earlier_lists, target_list
from simulation import simulation

if TYPE_CHECKING:
    from reports.card.pictures import Pictures

HISTORY = 12


@dataclass(frozen=True)
class Trained:
    """A registered model, whether it is now in use, and why, as a sentence.

    checks: all that were made of it. former: the model in use before. tracked: where MLflow has it, or why not, else
    blank.
    """

    model_id: str
    is_champion: bool
    why: str
    metrics: dict[str, TimedFigures]
    card: str
    checks: tuple[Check, ...] = ()
    former: str | None = None
    tracked: str = ""


@dataclass(frozen=True)
class Scored:
    """The published list of a period; alerts: how many firms at each level.

    calibration: of its probabilities. failure_rate: the one that the model was calibrated at, None where not known.
    """

    period: date
    folder: Path
    alerts: dict[str, int]
    ranked: TargetList
    calibration: Calibration
    failure_rate: float | None


def _silent(_step: str) -> None:
    """Say nothing of what goes on."""


Given = ParamSpec("Given")
Made = TypeVar("Made")


def _naming_damage(
    stage: Callable[Concatenate[Settings, Given], Made],
) -> Callable[Concatenate[Settings, Given], Made]:
    """The stage, which names the file of the data folder that made it fail, where one is damaged."""

    @functools.wraps(stage)
    def told(settings: Settings, /, *given: Given.args, **named: Given.kwargs) -> Made:
        with damage.told(settings.folder):
            return stage(settings, *given, **named)

    return told


def simulate(out: Path, firms: int, end: date, seed: int, progress: Progress) -> Path:
    """Write a simulated economy's files as one batch under `out`; the batch's folder."""
    return simulation.simulate(out, firms, end, seed, progress)


@_naming_damage
def ingest(settings: Settings, raw: Path, progress: Progress) -> Received:
    """Read the batches under `raw` into `staged/`, and report on it. DuckDB reads text, whatever the engine.

    Raises InputError where files are refused, after having reported on it.
    """
    # Files are read as a stream: a gigabyte is enough for any of them.
    con = engine.connect("duckdb", settings.folder.scratch, memory_gb=1)
    reading = features_ingest.Reading(settings.max_rejected_share, settings.delivery_day, settings.lags)
    folder = settings.folder
    folders = {"staged": folder.staged, "rejects": folder.rejects, "scratch": folder.scratch}
    try:
        received = features_ingest.ingest(con, raw, SOURCES, reading, **folders, progress=progress)
    except RefusedError as error:
        raise deliveries.refused(settings, error.received) from None
    return deliveries.reported(settings, received)


@_naming_damage
def build(
    settings: Settings, start: date | None, end: date | None, progress: Progress, is_rebuild: bool = False
) -> features_build.Built:
    """Build `features/` from `staged/`; is_rebuild: without the periods that are built already."""
    con = engine.connect(settings.engine, settings.folder.scratch, settings.memory_gb)
    last = end or default_end(settings.folder.staged, settings.delivery_day)
    scope = Scope(
        start=start or add_months(last, 1 - settings.history_months),
        end=last,
        horizon=settings.horizon_months,
        min_headcount=settings.min_headcount,
        excluded_categories=settings.excluded_categories,
        excluded_activities=settings.excluded_activities,
        min_turnover=settings.min_turnover,
    )
    folder = settings.folder
    return features_build.build(
        con, folder.staged, folder.features, folder.scratch, scope, settings.delivery_day, progress, is_rebuild
    )


def start_afresh(settings: Settings, raw: Path) -> None:
    """Remove the batches and all that the pipeline made in the data folder; accounts and settings stay."""
    folder = settings.folder
    made = (folder.staged, folder.rejects, folder.features, folder.models, folder.scores, folder.lists)
    for path in (raw, *made, folder.received, folder.monitoring, folder.runs):
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
    store.sweep(settings.data)


def has_champion(settings: Settings) -> bool:
    """Whether a model is in use."""
    return settings.folder.snapshot().champion_id is not None


def promotion_in_use(settings: Settings) -> registry.Promotion | None:
    """Since when the model in use is so, and why; None where there is none, or that is not known."""
    champion = settings.folder.snapshot().champion_id
    try:
        newest = {promotion.model_id: promotion for promotion in registry.promotions(settings.folder.models)}
    except InputError:
        # A run needs no history.
        return None
    return newest.get(champion) if champion else None


@_naming_damage
def train(settings: Settings, as_of: date | None, progress: Progress) -> Trained:
    """Train, evaluate and register a model; it is put in use where it is good enough, and no worse than the one in use.

    Raises InputError where the model has learnt nothing that holds later: there is nothing to register.
    """
    if settings.mlflow:
        tracking.require_mlflow()
    table = settings.folder.snapshot().built
    # Where the history of the models in use is damaged, say so now rather than after the training.
    registry.promotions(settings.folder.models)
    try:
        result = training.train(table, as_of or table.record.end, settings.protocol, settings.alerts, progress)
    except UnskilledError as error:
        raise InputError(gates.refusal([str(error)], table.record.absent_sources)) from None
    progress("whether it may be put in use")
    former = settings.folder.snapshot().champion_id
    is_passed, why, found = _verdict(settings, result, table.record)
    metrics = replace(result.metrics, checks=found)
    progress("pictures of what weighs most")
    drawn = _pictures(settings, result)
    card = model_card(result.model, metrics, drawn.alternatives)
    model_id = registry.save(settings.folder.models, result.model, metrics, card, result.reference, drawn.files)
    if is_passed:
        registry.promote(settings.folder.models, model_id, why)
    tracked = ""
    if settings.mlflow:
        tracked = tracking.log_model(settings.data, settings.folder.models / model_id, result.model, metrics)
        progress(tracked)
    return Trained(model_id, is_passed, why, metrics.models, card, found, former, tracked)


def _pictures(settings: Settings, result: training.Result) -> "Pictures":
    # Imported by the command that trains alone: shap and matplotlib take seconds.
    from reports.card.pictures import pictures

    return pictures(result.model, result.test_rows, result.metrics.feature_importance, settings.seed)


def _verdict(settings: Settings, result: training.Result, built: BuildRecord) -> tuple[bool, str, tuple[Check, ...]]:
    """Whether the new model is put in use, why, and all checks."""
    former = settings.folder.snapshot().champion_id
    is_same = former == result.model.model_id
    try:
        champion = registry.load(settings.folder.models, former) if former and not is_same else None
        if champion:
            scoring.refuse_other_dictionary(champion, built)
    except InputError:
        # A champion that is damaged, or can't score this table, can't be compared on its rows.
        champion = None
    facts = result.model.facts
    fit = gates.gates(result.metrics, facts)
    checks = (*fit, *promotion.checks(result.model, champion, result.test_rows, settings.seed))
    failed = [check.sentence for check in checks if not check.is_passed]
    if is_same and all(check.is_passed for check in fit):
        return True, "It is the model in use: equal data and seed give an equal model.", checks
    if failed and (champion is None or not all(check.is_passed for check in fit)):
        return False, gates.refusal(failed, facts.data.absent_sources), checks
    told = failed or [check.sentence for check in checks]
    return not failed, f"Its checks: {'; '.join(told)}.", checks


@_naming_damage
def tune(settings: Settings, as_of: date | None, minutes: float, progress: Progress) -> Tuned:
    """Search better hyper-parameters; nothing is applied."""
    table, database = settings.folder.snapshot().built, settings.folder.models / "tuning.db"
    return training.tune(table, as_of or table.record.end, settings.protocol, database, minutes, progress)


@dataclass(frozen=True)
class Registered:
    """A registered model: months learnt from and tested on, metrics there, since when it is in use (else blank)."""

    model_id: str
    trained: str
    tested: str
    metrics: TimedFigures
    since: str
    why: str


def registered(settings: Settings) -> list[Registered]:
    """Every registered model, the oldest as-of month first."""
    champion = settings.folder.snapshot().champion_id
    newest = {promotion.model_id: promotion for promotion in registry.promotions(settings.folder.models)}
    found = []
    for model_id in registry.registered(settings.folder.models):
        split = registry.load(settings.folder.models, model_id).facts.split
        trained, tested = (f"{span.first:%Y-%m} to {span.last:%Y-%m}" for span in (split.train, split.test))
        metrics = registry.metrics_of(settings.folder.models, model_id).models[LIGHTGBM]
        in_use = newest.get(model_id) if model_id == champion else None
        since, why = (in_use.at, in_use.why) if in_use else ("", "")
        found.append(Registered(model_id, trained, tested, metrics, since, why))
    return found


@dataclass(frozen=True)
class Ranked:
    """The firms of a period, scored by the model in use and ranked: what is published, or told of one firm.

    table: the feature table that they were read from; rows: its rows of the period.
    """

    table: FeatureTable
    model: RiskModel
    rows: pd.DataFrame
    scored: Scores
    ranked: TargetList


def _ranked(settings: Settings, period: date | None, siren: str = "", progress: Progress = _silent) -> Ranked:
    """The list of a period by the model in use; siren: the one firm that notes are needed for; blank for all.

    Raises InputError where there is no model, no table, or they don't go together, or the firm is not in it.
    """
    model, snapshot = registry.champion(settings.folder.models), settings.folder.snapshot()
    table = snapshot.built
    _refuse_mixture(model, table.record)
    period = period or table.record.end
    snapshot, _ = damage.without_damaged(snapshot, period)
    progress(f"scores and contributions of {period:%Y-%m}")
    rows = dataset.read_rows(table, [period])
    if siren and siren not in set(rows["siren"]):
        raise InputError(
            f'The firm "{siren}" is not in the feature table of {period:%Y-%m}. Give the 9 digits of a SIREN in scope.'
        )
    states = dataset.read_states(table, period, LOOK_BACK_MONTHS)
    scored = scoring.score(model, rows, scoring.calibration_at(model, states, period), settings.alerts)
    progress("reasons and list")
    noted = rows[rows["siren"] == siren] if siren else rows
    ranked = target_list(
        rows,
        dataset.read_firms(table),
        scored,
        model,
        earlier_lists(snapshot.lists_before(period).values()),
        table.record,
        period,
        Language(settings.language),
        settings.reasons,
        notes_on(model, noted, scored, _previous(snapshot, period)),
    )
    return Ranked(table, model, rows, scored, ranked)


def _previous(snapshot: Snapshot, period: date) -> tuple[date, pd.DataFrame, pd.DataFrame] | None:
    """Period, rows and scores of the last list before `period`, None where one of the three is not there."""
    table, before = snapshot.built, max(snapshot.lists_before(period), default=None)
    if before is None or before not in table.periods or before not in snapshot.scores:
        return None
    scores, _ = scoring.read_scores(snapshot.scores_of(before))
    return before, dataset.read_rows(table, [before]), scores


def _refuse_mixture(model: RiskModel, built: BuildRecord) -> None:
    scoring.refuse_other_dictionary(model, built)
    if model.is_simulated != built.simulated:
        raise InputError(
            "The model in use and the feature table are not both of real firms, or both simulated. "
            "Train a model on this table: weaksignals train"
        )


@_naming_damage
def score(settings: Settings, period: date | None, progress: Progress) -> Scored:
    """Score a period with the model in use; publish scores, contributions and the list."""
    snapshot = settings.folder.snapshot()
    found = _ranked(settings, period, progress=progress)
    period = found.ranked.period
    monitoring.refuse_broken(settings, found.model, found.rows, found.scored.scores, found.ranked.rows, period)
    scoring.write_scores(settings.folder.scores_of(period), found.scored)
    folder = settings.folder.list_of(period)
    made = made_of(settings, found.table.record, found.model.model_id, snapshot, period)
    exports.write_list(folder, found.ranked, Language(settings.language), made)
    counts = Counter(found.ranked.rows["alert"])
    alerts = {alert: counts[alert] for alert in ALERTS}
    return Scored(period, folder, alerts, found.ranked, found.scored.calibration, found.model.facts.failure_rate)


@_naming_damage
def monitor(settings: Settings, period: date | None, progress: Progress) -> monitoring.Monitored:
    """Write the monitoring page of a published list: its inputs, its alerts, and what became of the lists before."""
    period = period or settings.folder.snapshot().built.record.end
    progress(f"inputs, alerts and past lists as of {period:%Y-%m}")
    return monitoring.monitor(settings, period)


@dataclass(frozen=True)
class FirmHistory:
    """The list that a firm is in, and its risk by the model in use over the last periods in which it was in scope."""

    ranked: TargetList
    history: pd.DataFrame


@_naming_damage
def explain(settings: Settings, siren: str, period: date | None) -> FirmHistory:
    """One firm's risk, reasons and history, by the model in use: each month's risk is what that month's list would say.

    Its alerts are those of the lists that were published.

    Raises InputError where the firm is not in scope at the period.
    """
    found = _ranked(settings, period, siren)
    table, period = found.table, found.ranked.period
    first = max(add_months(period, 1 - HISTORY), table.record.start)
    own = dataset.read_rows(table, period_range(first, period), siren=siren)
    states = dataset.read_states(table, period, LOOK_BACK_MONTHS + HISTORY - 1)
    history = scoring.risks_over_time(found.model, own, states).assign(
        alert=_alerts_then(settings, found, siren, own["period"]),
        debt=own["debt"].to_numpy(),
        headcount=own["headcount"].to_numpy(),
        state=own["procedure_state"].to_numpy(),
    )
    return FirmHistory(found.ranked, history)


def _alerts_then(settings: Settings, found: Ranked, siren: str, periods: pd.Series) -> list[str]:
    """What the list of each period said of the firm; a dash where there was none, or it was not in it."""
    said = {
        period: pd.read_parquet(path, columns=["alert"], filters=[("siren", "==", siren)])
        for period, path in settings.folder.snapshot().lists_before(found.ranked.period).items()
    }
    said[found.ranked.period] = found.ranked.rows.loc[found.ranked.rows["siren"] == siren, ["alert"]]
    levels = {period: str(rows["alert"].iloc[0]) for period, rows in said.items() if len(rows)}
    return [levels.get(pd.Timestamp(period).date(), "–") for period in periods]
