"""The stages that score, publish and monitor a list; and one firm of it explained."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from features import damage
from features.errors import InputError
from features.folder import FeatureTable, Snapshot
from features.periods import add_months, period_range
from features.table_record import BuildRecord
from flows import monitoring
from flows.damaged import naming_damage, refuse_altered
from flows.engines import connected
from flows.publishing import put
from flows.rebuild import made_of
from flows.settings import Settings
from models.alerts import ALERTS
from models.calibration.base_rate import BaseRate
from models.calibration.shapes import Calibration
from models.protocol import Progress
from models.registry import registry
from models.registry.model import RiskModel
from models.rows import dataset
from models.scoring import scoring
from models.scoring.contract import check_scores
from models.scoring.executors import score_by_executors
from models.scoring.records import Scores
from reports import exports
from reports.language import Language
from reports.list_contract import check_list
from reports.notes import notes_on
from reports.target_list import TargetList, earlier_lists, target_list

HISTORY = 12


@dataclass(frozen=True)
class Scored:
    """The published list of a period; alerts: how many firms at each level.

    calibration: of its probabilities. base_rate: the failure rate that they are set to, None where it is not known.
    """

    period: date
    folder: Path
    alerts: dict[str, int]
    ranked: TargetList
    calibration: Calibration
    base_rate: BaseRate | None


def _silent(_step: str) -> None:
    """Say nothing of what goes on."""


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
    refuse_altered(table, period)
    snapshot, _ = damage.without_damaged(snapshot, period)
    progress(f"scores and contributions of {period:%Y-%m}")
    rows = dataset.read_rows(table, [period])
    if siren and siren not in set(rows["siren"]):
        raise InputError(
            f'The firm "{siren}" is not in the feature table of {period:%Y-%m}. Give the 9 digits of a SIREN in scope.'
        )
    scored = _scored(settings, model, table, period, rows)
    progress("reasons and list")
    noted = rows[rows["siren"] == siren] if siren else rows
    ranked = target_list(
        rows,
        dataset.read_firms(table),
        scored,
        model,
        earlier_lists(snapshot.lists_before(period).values()),
        table.record_at(period),
        period,
        Language(settings.language),
        settings.reasons,
        notes_on(model, noted, scored, _previous(snapshot, period)),
    )
    return Ranked(table, model, rows, scored, ranked)


def _scored(settings: Settings, model: RiskModel, table: FeatureTable, period: date, rows: pd.DataFrame) -> Scores:
    """The scores of a period's rows, by the executors of Spark where it is the engine."""
    if settings.engine != "spark" or rows.empty:
        return scoring.score(model, rows, settings.alerts)
    connected(settings)
    return score_by_executors(model, table, period, rows, settings.alerts, settings.folder.scratch)


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


@naming_damage
def score(settings: Settings, period: date | None, progress: Progress) -> Scored:
    """Score a period with the model in use; publish scores, contributions and the list."""
    snapshot = settings.folder.snapshot()
    found = _ranked(settings, period, progress=progress)
    period = found.ranked.period
    monitoring.refuse_broken(settings, found.model, found.rows, found.scored.scores, found.ranked.rows, period)
    check_scores(found.scored, found.model)
    check_list(found.ranked.rows)
    scoring.write_scores(settings.folder.scores_of(period), found.scored)
    folder = settings.folder.list_of(period)
    made = made_of(settings, found.table, found.model.model_id, snapshot, period)
    exports.write_list(folder, found.ranked, Language(settings.language), made)
    for published in (settings.folder.scores_of(period), folder):
        put(settings, published, progress)
    counts = Counter(found.ranked.rows["alert"])
    alerts = {alert: counts[alert] for alert in ALERTS}
    return Scored(period, folder, alerts, found.ranked, found.model.calibration, found.model.facts.base_rate)


@naming_damage
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


@naming_damage
def explain(settings: Settings, siren: str, period: date | None) -> FirmHistory:
    """One firm's risk, reasons and history, by the model in use: each month's risk is what that month's list would say.

    Its alerts are those of the lists that were published.

    Raises InputError where the firm is not in scope at the period.
    """
    found = _ranked(settings, period, siren)
    table, period = found.table, found.ranked.period
    first = max(add_months(period, 1 - HISTORY), table.record.start)
    own = dataset.read_rows(table, period_range(first, period), siren=siren)
    history = scoring.risks(found.model, own).assign(
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
