"""The stage that makes a model, and what is known of the registered ones."""

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from features.errors import InputError
from features.folder import FeatureTable
from features.table_record import BuildRecord
from features.unaltered import refuse_altered_rows
from flows.damaged import naming_damage
from flows.engines import connected
from flows.monitoring import help_days
from flows.settings import Settings
from models.calibration.fitting import UnskilledError
from models.evaluation.records import Check, Difference, TimedFigures
from models.protocol import LIGHTGBM, Progress
from models.registry import gates, promotion, registry, tracking
from models.scoring import scoring
from models.training import training
from models.training.tuning import Tuned
from reports.model_card import model_card

if TYPE_CHECKING:
    from reports.card.pictures import Pictures


@dataclass(frozen=True)
class Trained:
    """A registered model, whether it is now in use, and why, as a sentence.

    checks: all that were made of it. findings: sentences on challengers that rank better, beyond chance.
    former: the model in use before. tracked: where MLflow has it, or why not, else blank.
    """

    model_id: str
    is_champion: bool
    why: str
    metrics: dict[str, TimedFigures]
    card: str
    checks: tuple[Check, ...] = ()
    former: str | None = None
    tracked: str = ""
    findings: tuple[str, ...] = ()


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


@naming_damage
def train(settings: Settings, as_of: date | None, progress: Progress) -> Trained:
    """Train, evaluate and register a model; it is put in use where it is good enough, and no worse than the one in use.

    Raises InputError where the model has learnt nothing that holds later: there is nothing to register.
    """
    if settings.mlflow:
        tracking.require_mlflow()
    table = settings.folder.snapshot().built
    refuse_altered_rows(table, table.periods)
    # Where the history of the models in use is damaged, say so now rather than after the training.
    registry.promotions(settings.folder.models)
    sampled, as_of = _sampled_by_engine(settings, table), as_of or table.record.end
    try:
        helped = help_days(settings.folder.follow_ups)
        result = training.train(
            sampled, as_of, settings.protocol, settings.alerts, progress, helped, settings.ablations
        )
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
    findings = tuple(_finding(name, gap) for name, gap in metrics.surpassed_by.items())
    return Trained(model_id, is_passed, why, metrics.models, card, found, former, tracked, findings)


def _sampled_by_engine(settings: Settings, table: FeatureTable) -> FeatureTable:
    """The table, whose training rows Spark reads where it is the engine."""
    return replace(table, reader=connected(settings)) if settings.engine == "spark" else table


def _finding(name: str, gap: Difference) -> str:
    return (
        f"{name.replace('_', ' ')} ranks the firms of the test months better than this model, beyond chance: average "
        f"precision {gap.value:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})."
    )


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


@naming_damage
def tune(settings: Settings, as_of: date | None, minutes: float, progress: Progress) -> Tuned:
    """Search better hyper-parameters; nothing is applied."""
    table, database = settings.folder.snapshot().built, settings.folder.models / "tuning.db"
    refuse_altered_rows(table, table.periods)
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
