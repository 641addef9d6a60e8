"""Monitoring: what it reads, what it compares with what, and where its page goes."""

import os
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from features import damage
from features.errors import InputError
from features.folder import Snapshot
from features.insolvency import IN_BONIS
from features.periods import add_months
from flows.damaged import refuse_altered
from flows.settings import Settings
from models.monitoring import drift, helped, realised
from models.monitoring.findings import Compared, calibration_findings, findings
from models.monitoring.moves import moves
from models.monitoring.realised import PastList
from models.monitoring.records import STOP, Finding, Moves
from models.monitoring.volumes import Published, most_on_alert, published
from models.registry import registry
from models.registry.model import RiskModel
from models.rows import dataset
from models.rows.outcomes import NO_HELP
from models.scoring import scoring
from reports.language import Language
from reports.monitoring import Monitoring, write_monitoring
from reports.received_page import page_name
from reports.review.codes import HELP_DAYS

LIST_COLUMNS = ["siren", "departement", "naf", "probability", "alert", "state", "model_id"]


# How many features are told, of those that are farthest from training.
DRIFTED = 5


@dataclass(frozen=True)
class Monitored:
    """The page of a period, what it found, and what it compared: drifts of the farthest features, moves of the alerts.

    score_psi: population stability index of the scores, None where there is nothing to compare with.
    """

    period: date
    folder: Path
    findings: tuple[Finding, ...]
    drifted: tuple[drift.Drift, ...]
    score_psi: float | None
    moves: Moves | None


class NotPublishedError(InputError):
    """A list that looks broken; monitored: what was found of it."""

    def __init__(self, sentence: str, monitored: Monitored) -> None:  # noqa: D107
        super().__init__(sentence)
        self.monitored = monitored


def refuse_broken(
    settings: Settings,
    model: RiskModel,
    rows: pd.DataFrame,
    scores: pd.DataFrame,
    ranked: pd.DataFrame,
    period: date,
) -> None:
    """Raise NotPublishedError where a list must not be published, after writing the page that shows why."""
    snapshot, damaged = damage.without_damaged(settings.folder.snapshot(), period)
    compared = _compared(settings, snapshot, model, rows, scores, ranked, period, damaged)
    may_be_on_alert = ranked.loc[ranked["state"] == IN_BONIS, "departement"]
    compared = replace(compared, allowed=most_on_alert(settings.alerts, may_be_on_alert))
    stops = [finding for finding in findings(compared, settings.limits) if finding.level == STOP]
    if not stops:
        return
    folder = settings.folder.monitoring / f"{period:%Y-%m}-refused"
    found = _write(settings, snapshot, folder, model, compared)
    kept = f" The list of {compared.earlier[-1].period:%Y-%m} stays." if compared.earlier else ""
    names = ", ".join(sorted({finding.limit for finding in stops if finding.limit}))
    what_to_do = "correct the files or, if all is right, raise in weaksignals.toml, [limits]: "
    raised = f"{what_to_do}{names}" if names else "report this fault of the program"
    raise NotPublishedError(
        f"Nothing was published for {period:%Y-%m}: {' '.join(stop.sentence for stop in stops)}{kept} "
        f"See {folder / 'index.html'}; {raised}.",
        _monitored(compared, folder, found),
    )


def monitor(settings: Settings, period: date) -> Monitored:
    """Write the page of a published list.

    Raises InputError where the period was not scored.
    """
    snapshot, damaged = damage.without_damaged(settings.folder.snapshot(), period)
    refuse_altered(snapshot.built, period)
    scores, _ = scoring.read_scores(snapshot.scores_of(period))
    model = registry.load(settings.folder.models, str(scores["model_id"].iloc[0]))
    rows = dataset.read_rows(snapshot.built, [period])
    ranked = _read_list(snapshot.list_of(period))
    compared = _compared(settings, snapshot, model, rows, scores, ranked, period, damaged)
    folder = settings.folder.monitoring_of(period)
    return _monitored(compared, folder, _write(settings, snapshot, folder, model, compared))


def _monitored(compared: Compared, folder: Path, found: tuple[Finding, ...]) -> Monitored:
    farthest = sorted(compared.drifts or (), key=lambda drifted: drifted.psi, reverse=True)[:DRIFTED]
    return Monitored(
        compared.now.period,
        folder,
        found,
        drifted=tuple(farthest),
        score_psi=compared.score[0] if compared.score else None,
        moves=moves(compared.now, compared.earlier[-1]) if compared.earlier else None,
    )


def _compared(
    settings: Settings,
    snapshot: Snapshot,
    model: RiskModel,
    rows: pd.DataFrame,
    scores: pd.DataFrame,
    ranked: pd.DataFrame,
    period: date,
    damaged: tuple[tuple[str, date], ...],
) -> Compared:
    reference = registry.reference_of(settings.folder.models, model.model_id)
    drifts, score = None, None
    if reference:
        drifts = drift.drift(reference, dataset.matrix(rows, model.inputs), period.month, model.inputs)
        score = drift.score_drift(reference, scores["margin"].to_numpy())
    lists = {past: _read_list(path) for past, path in snapshot.lists_before(period).items()}
    earlier = [published(past, firms) for past, firms in lists.items()]
    before = add_months(period, -1)
    previous = (before, dataset.read_sirens(snapshot.built, before)) if before in snapshot.built.periods else None
    undecided = dataset.read_undecided(snapshot.built, period)
    return Compared(
        published(period, ranked),
        model.model_id,
        drifts,
        score,
        earlier,
        previous,
        undecided,
        damaged,
        checked=snapshot.built.record.checked,
    )


def _read_list(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, columns=LIST_COLUMNS)


def _past_lists(settings: Settings, snapshot: Snapshot, before: date) -> list[PastList]:
    past = []
    for period, path in snapshot.lists_before(before).items():
        firms = _read_list(path)
        model_id = str(firms["model_id"].iloc[0])
        reference = registry.reference_of(settings.folder.models, model_id)
        past.append(PastList(period, model_id, firms, reference.shapes if reference else None))
    return past


def _write(
    settings: Settings, snapshot: Snapshot, folder: Path, model: RiskModel, compared: Compared
) -> tuple[Finding, ...]:
    """Write the page of a period; all findings, those on past lists included."""
    table, horizon = snapshot.built, snapshot.built.record.horizon
    # A page of an earlier period, made later, tells only what was known then.
    until = min(table.record.observed_until, compared.now.period)
    openings, past = dataset.read_openings(table), _past_lists(settings, snapshot, compared.now.period)
    results = {one.period: realised.realised(one, openings, until, horizon) for one in past}
    found = findings(compared, settings.limits)
    for period, result in results.items():
        found += tuple(calibration_findings(period, result, settings.limits))
    listed = _with(compared.now, past)
    monitoring = Monitoring(
        compared=compared,
        findings=found,
        results=results,
        together=realised.together(past, openings, until, horizon),
        verdicts=realised.useful(_verdicts(settings), listed) if settings.folder.verdicts.exists() else (),
        helped=helped.apart(past, help_days(settings.folder.follow_ups), openings, until, horizon),
        observed_until=until,
        horizon=horizon,
        is_simulated=model.is_simulated,
        received=_received(settings, snapshot, folder),
    )
    write_monitoring(folder, monitoring, Language(settings.language))
    return found


def _received(settings: Settings, snapshot: Snapshot, folder: Path) -> str:
    page = settings.folder.received_of(snapshot.built.record.batch) / page_name(settings.language)
    return os.path.relpath(page, folder) if page.exists() else ""


def _verdicts(settings: Settings) -> pd.DataFrame:
    """What agents answered, as `weaksignals verdicts export` wrote it."""
    return pd.read_csv(settings.folder.verdicts, dtype={"siren": "str"}).rename(columns={"list_period": "list"})


def help_days(file: Path) -> pd.DataFrame:
    """Each day of help, as `weaksignals follow-ups export` wrote it: siren, helped_on; no row where it did not."""
    if not file.exists():
        return NO_HELP
    rows = pd.read_csv(file, dtype="str")
    days = rows.melt("siren", list(HELP_DAYS), value_name="day").dropna()
    return days[["siren", "day"]].rename(columns={"day": "helped_on"})


def _with(now: Published, past: list[PastList]) -> list[PastList]:
    return [*past, PastList(now.period, "", now.firms, None)]
