"""Each stage of the pipeline as one function: settings and periods in, what was done out."""

import shutil
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from features import build as features_build
from features import engine, store
from features import ingest as features_ingest
from features.errors import InputError
from features.periods import add_months, period_range
from features.scope import Scope
from features.sources import SOURCES
from flows import monitoring
from flows.settings import Settings
from models.alerts import ALERTS
from models.calibration.base_rate import LOOK_BACK_MONTHS
from models.evaluation.records import TimedFigures
from models.protocol import LIGHTGBM, Progress
from models.registry import promotion, registry, tracking
from models.registry.model import RiskModel
from models.rows import dataset
from models.scoring import scoring
from models.training import training
from models.training.tuning import Tuned
from reports import exports
from reports.language import Language
from reports.model_card import model_card
from reports.notes import notes_on
from reports.target_list import TargetList, earlier_lists, target_list
from simulation import simulation

HISTORY = 12


@dataclass(frozen=True)
class Trained:
    """A registered model, whether it is now in use, and why; tracked: where MLflow has it, or why not, else blank."""

    model_id: str
    is_champion: bool
    why: str
    metrics: dict[str, TimedFigures]
    card: str
    tracked: str = ""


@dataclass(frozen=True)
class Scored:
    """The published list of a period; alerts: how many firms at each level."""

    period: date
    folder: Path
    alerts: dict[str, int]
    ranked: TargetList


def simulate(out: Path, firms: int, end: date, seed: int, progress: Progress) -> Path:
    """Write a simulated economy's files as one batch under `out`; the batch's folder."""
    return simulation.simulate(out, firms, end, seed, progress)


def ingest(settings: Settings, raw: Path, progress: Progress) -> list[features_ingest.FileReport]:
    """Read the batches under `raw` into `staged/`; one report a file. Text files are always read by DuckDB."""
    # Reading is a stream: a gigabyte is enough for any file.
    con = engine.connect("duckdb", settings.scratch, memory_gb=1)
    reading = features_ingest.Reading(settings.max_rejected_share, settings.delivery_day, settings.lags)
    return features_ingest.ingest(
        con,
        raw,
        SOURCES,
        reading,
        staged=settings.staged,
        rejects=settings.rejects,
        scratch=settings.scratch,
        progress=progress,
    )


def build(settings: Settings, start: date | None, end: date | None, progress: Progress) -> features_build.Built:
    """Build `features/` from `staged/`."""
    con = engine.connect(settings.engine, settings.scratch, settings.memory_gb)
    last = end or features_build.default_end(settings.staged, settings.delivery_day)
    scope = Scope(
        start=start or add_months(last, 1 - settings.history_months),
        end=last,
        horizon=settings.horizon_months,
        min_headcount=settings.min_headcount,
        excluded_categories=settings.excluded_categories,
        excluded_activities=settings.excluded_activities,
    )
    return features_build.build(
        con, settings.staged, settings.features, settings.scratch, scope, settings.delivery_day, progress
    )


def start_afresh(settings: Settings, raw: Path) -> None:
    """Remove all that the pipeline made in the data folder, and the batches; accounts and settings stay."""
    made = (settings.staged, settings.rejects, settings.features, settings.models, settings.scores, settings.lists)
    for path in (raw, *made, settings.monitoring):
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path)
    store.sweep(settings.data)


def has_champion(settings: Settings) -> bool:
    """Whether a model is in use."""
    return registry.champion_id(settings.models) is not None


def train(settings: Settings, as_of: date | None, progress: Progress) -> Trained:
    """Train, judge and register a model; it is put in use where it is no worse than the one in use."""
    if settings.mlflow:
        tracking.require_mlflow()
    facts = dataset.read_facts(settings.features)
    as_of = as_of or date.fromisoformat(facts["end"])
    result = training.train(settings.features, as_of, settings.protocol, progress)
    progress("whether it may be put in use")
    is_passed, why, found = _verdict(settings, result, facts)
    metrics = replace(result.metrics, checks=found)
    card = model_card(result.model, metrics)
    model_id = registry.save(settings.models, result.model, metrics, card, result.reference)
    if is_passed:
        registry.promote(settings.models, model_id, why)
    tracked = ""
    if settings.mlflow:
        tracked = tracking.log_model(settings.data, settings.models / model_id, result.model, metrics)
        progress(tracked)
    return Trained(model_id, is_passed, why, metrics.models, card, tracked)


def _verdict(
    settings: Settings, result: training.Result, facts: dict[str, object]
) -> tuple[bool, str, tuple[promotion.Check, ...]]:
    """Whether the new model is put in use, why, and the checks behind."""
    former = registry.champion_id(settings.models)
    is_same = former == result.model.model_id
    champion = registry.load(settings.models, former) if former and not is_same else None
    try:
        if champion:
            scoring.refuse_other_dictionary(champion, facts)
    except InputError:
        # It can't score this table: no rival on its rows.
        champion = None
    checks = promotion.checks(result.model, champion, result.test_rows, settings.seed)
    if is_same:
        return True, "it is the model in use: equal data and seed give an equal model", checks
    is_passed = all(check.is_passed for check in checks)
    return is_passed, "; ".join(check.sentence for check in checks if check.is_passed == is_passed), checks


def tune(settings: Settings, as_of: date | None, minutes: float, progress: Progress) -> Tuned:
    """Search better hyper-parameters; nothing is applied."""
    as_of = as_of or date.fromisoformat(dataset.read_facts(settings.features)["end"])
    database = settings.models / "tuning.db"
    return training.tune(settings.features, as_of, settings.protocol, database, minutes, progress)


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
    champion = registry.champion_id(settings.models)
    newest = {promotion.model_id: promotion for promotion in registry.promotions(settings.models)}
    found = []
    for model_id in registry.registered(settings.models):
        split = registry.load(settings.models, model_id).facts.split
        trained, tested = (f"{span.first:%Y-%m} to {span.last:%Y-%m}" for span in (split.train, split.test))
        metrics = registry.metrics_of(settings.models, model_id).models[LIGHTGBM]
        in_use = newest.get(model_id) if model_id == champion else None
        since, why = (in_use.at, in_use.why) if in_use else ("", "")
        found.append(Registered(model_id, trained, tested, metrics, since, why))
    return found


def score(settings: Settings, period: date | None, progress: Progress) -> Scored:
    """Score a period with the model in use; publish scores, contributions and the list."""
    model = registry.champion(settings.models)
    facts = dataset.read_facts(settings.features)
    _refuse_mixture(model, facts)
    period = period or date.fromisoformat(facts["end"])
    language = Language(settings.language)
    progress(f"scores and contributions of {period:%Y-%m}")
    rows = dataset.read_rows(settings.features, [period])
    calibration = scoring.calibration_at(
        model, dataset.read_states(settings.features, period, LOOK_BACK_MONTHS), period
    )
    scored = scoring.score(model, rows, calibration)
    progress("reasons and list")
    firms = pd.read_parquet(settings.features.resolve() / "firms.parquet", partitioning=None)
    past = earlier_lists(settings.lists, period)
    notes = notes_on(model, rows, scored, _previous(settings, period))
    ranked = target_list(rows, firms, scored, model, past, facts, period, language, settings.reasons, notes)
    monitoring.refuse_broken(settings, model, rows, scored.scores, ranked.rows, period)
    scoring.write_scores(scoring.folder_of(settings.scores, period), scored)
    folder = settings.lists / f"{period:%Y-%m}"
    exports.write_list(folder, ranked, language)
    counts = Counter(ranked.rows["alert"])
    return Scored(period, folder, {alert: counts[alert] for alert in ALERTS}, ranked)


def _previous(settings: Settings, period: date) -> tuple[date, pd.DataFrame, pd.DataFrame] | None:
    """Period, rows and scores of the last list before `period`, None where there is none or its rows are not built."""
    before = max(monitoring.list_periods(settings, period), default=None)
    if before is None or not (settings.features / f"period={before}").is_dir():
        return None
    scores, _ = scoring.read_scores(scoring.folder_of(settings.scores, before))
    return before, dataset.read_rows(settings.features, [before]), scores


def _refuse_mixture(model: RiskModel, facts: dict[str, object]) -> None:
    scoring.refuse_other_dictionary(model, facts)
    if model.is_simulated != bool(facts["simulated"]):
        raise InputError(
            "The model in use and the feature table are not both of real firms, or both simulated. "
            "Train a model on this table: weaksignals train"
        )


def monitor(settings: Settings, period: date | None, progress: Progress) -> monitoring.Monitored:
    """Write the monitoring page of a published list: its inputs, its alerts, and what became of the lists before."""
    period = period or date.fromisoformat(dataset.read_facts(settings.features)["end"])
    progress(f"inputs, alerts and past lists as of {period:%Y-%m}")
    return monitoring.monitor(settings, period)


@dataclass(frozen=True)
class FirmHistory:
    """The list that a firm is in, and its risk by the model in use over the last periods in which it was in scope."""

    ranked: TargetList
    history: pd.DataFrame


def explain(settings: Settings, siren: str, period: date | None) -> FirmHistory:
    """One firm's risk, reasons and history, by the model in use.

    Raises InputError where the firm is not in scope at the period.
    """
    model = registry.champion(settings.models)
    facts = dataset.read_facts(settings.features)
    _refuse_mixture(model, facts)
    period = period or date.fromisoformat(facts["end"])
    rows = dataset.read_rows(settings.features, [period])
    if siren not in set(rows["siren"]):
        raise InputError(
            f'The firm "{siren}" is not in the feature table of {period:%Y-%m}. Give the 9 digits of a SIREN in scope.'
        )
    firms = pd.read_parquet(settings.features.resolve() / "firms.parquet", partitioning=None)
    past, language = earlier_lists(settings.lists, period), Language(settings.language)
    states = dataset.read_states(settings.features, period, LOOK_BACK_MONTHS)
    scored = scoring.score(model, rows, scoring.calibration_at(model, states, period))
    notes = notes_on(model, rows[rows["siren"] == siren], scored, _previous(settings, period))
    ranked = target_list(rows, firms, scored, model, past, facts, period, language, settings.reasons, notes)
    first = max(add_months(period, 1 - HISTORY), date.fromisoformat(facts["start"]))
    own = dataset.read_rows(settings.features, period_range(first, period), siren=siren)
    history = scoring.score(model, own).scores.assign(
        debt=own["debt"].to_numpy(), headcount=own["headcount"].to_numpy(), state=own["procedure_state"].to_numpy()
    )
    return FirmHistory(ranked, history)
