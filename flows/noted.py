"""What each stage of a run adds to its record."""

from dataclasses import asdict, replace
from datetime import datetime
from functools import singledispatch
from pathlib import Path
from typing import Any

from features.build import Built
from features.periods import batch_month, months_between
from features.received import Received, known_deliveries, read_reports
from features.sources import SOURCES
from flows.listing import Scored
from flows.modelling import Trained
from flows.monitoring import Monitored, NotPublishedError
from flows.settings import Settings
from models.calibration.shapes import Shifted
from models.monitoring.findings import level_of
from models.monitoring.records import Values
from models.registry.registry import Promotion
from reports.runs import words
from reports.runs.records import Decision, Drifted, RunRecord, SourceRead, TableCheck


@singledispatch
def noted(_made: object, record: RunRecord, _settings: Settings) -> RunRecord:
    """The record with what a stage made: received deliveries, a table, a model, a list, a monitoring page."""
    return record


def _with(record: RunRecord, *decisions: Decision, **links: str) -> RunRecord:
    return replace(record, decisions=(*record.decisions, *decisions), links={**record.links, **links})


def _link(path: Path, settings: Settings) -> str:
    return str(path.relative_to(settings.data))


@noted.register
def _(made: Received, record: RunRecord, settings: Settings) -> RunRecord:
    in_use = {source.name: read_reports(settings.folder.staged, source.name) for source in SOURCES}
    files = [report for reports in in_use.values() for report in reports]
    known = known_deliveries(settings.folder.received, files)
    newest = max((report.batch for report in files), default=made.batch)
    sources = []
    for source, reports in in_use.items():
        if not reports:
            continue
        batch = max(report.batch for report in reports)
        of_batch = [report for report in reports if report.batch == batch]
        dates = [day for report in of_batch for day in (report.first, report.last) if day]
        sources.append(
            SourceRead(
                source,
                batch,
                files=len(of_batch),
                lines=sum(report.lines for report in of_batch),
                rejected=sum(report.rejected for report in of_batch),
                unread_cells=sum(report.unread_cells for report in of_batch),
                undecided=sum(kind.records for report in of_batch for kind in report.undecided),
                first=min(dates, default=None),
                last=max(dates, default=None),
                months_late=months_between(batch_month(batch), batch_month(newest)),
                deliveries={b: delivery.kept for (name, b), delivery in sorted(known.items()) if name == source},
            )
        )
    record = replace(record, batch=newest, is_simulated=made.is_simulated, sources=tuple(sources))
    record = replace(record, unread=len(made.unread), missing=made.missing)
    return _with(record, received=_link(settings.folder.received_of(made.batch), settings))


@noted.register
def _(made: Built, record: RunRecord, settings: Settings) -> RunRecord:
    plan, decisions = made.plan, []
    if plan.to_build:
        first, last = (f"{period:%Y-%m}" for period in (plan.to_build[0], plan.to_build[-1]))
        decisions.append(Decision(words.BUILT, {"first": first, "last": last, "kept_count": len(plan.kept)}))
    else:
        decisions.append(Decision(words.BUILT_NONE, {"kept_count": len(plan.kept)}))
    if plan.late:
        values = {"last": f"{plan.kept[-1]:%Y-%m}", "files": ", ".join(plan.late)}
        decisions.append(Decision(words.CAME_SINCE, values))
    if made.other_code:
        decisions.append(Decision(words.OTHER_CODE, {"kept_count": len(made.other_code)}))
    tables = tuple(TableCheck(**asdict(one), level=level_of(one, settings.limits)) for one in made.checked)
    return _with(replace(record, period=made.end, tables=tables), *decisions)


@noted.register
def _(made: Trained, record: RunRecord, settings: Settings) -> RunRecord:
    checks = {check.name: check.is_passed for check in made.checks}
    values: dict[str, Any] = {"model_id": made.model_id, "check_count": len(checks)}
    if not made.is_champion:
        failed = Decision(words.MODEL_NOT_USED, {**values, "failed_count": len(checks) - sum(checks.values())})
        decision = failed
    elif made.former == made.model_id:
        decision = Decision(words.MODEL_SAME, {"model_id": made.model_id})
    else:
        decision = Decision(words.MODEL_REPLACED if made.former else words.MODEL_FIRST, values)
    return _with(replace(record, checks=checks), decision, card=_card(made.model_id, settings))


@noted.register
def _(made: Promotion, record: RunRecord, settings: Settings) -> RunRecord:
    day = f"{datetime.fromisoformat(made.at):%Y-%m-%d}"
    decision = Decision(words.MODEL_KEPT, {"model_id": made.model_id, "day": day})
    return _with(record, decision, card=_card(made.model_id, settings))


def _card(model_id: str, settings: Settings) -> str:
    return _link(settings.folder.models / model_id / "card.md", settings)


@noted.register
def _(made: Scored, record: RunRecord, settings: Settings) -> RunRecord:
    record = replace(record, period=made.period, alerts=made.alerts)
    return _with(record, _calibrated(made), list=_link(made.folder, settings))


def _calibrated(made: Scored) -> Decision:
    found, rate = made.calibration, made.base_rate
    if not isinstance(found, Shifted) or rate is None:
        return Decision(words.CALIBRATED, {"kind": words.KINDS[found.kind]})
    values: Values = {
        "kind": words.KINDS[found.calibration.kind],
        "offset": found.offset,
        "then_share": rate.at_calibration,
        "first": f"{rate.first:%Y-%m}",
        "last": f"{rate.last:%Y-%m}",
        "now_share": rate.rate,
    }
    return Decision(words.SET_TO_RATE, values)


@noted.register
def _(made: Monitored, record: RunRecord, settings: Settings) -> RunRecord:
    record = _compared(made, record, settings)
    if not record.alerts:
        # The page of a list that was published before.
        return record
    values: Values = {"month": f"{made.period:%Y-%m}", "warning_count": record.warnings}
    return _with(record, Decision(words.PUBLISHED, values))


@noted.register
def _(error: NotPublishedError, record: RunRecord, settings: Settings) -> RunRecord:
    record = _compared(error.monitored, record, settings)
    values: Values = {"month": f"{error.monitored.period:%Y-%m}", "stop_count": record.stops}
    return _with(record, Decision(words.NOT_PUBLISHED, values))


def _compared(made: Monitored, record: RunRecord, settings: Settings) -> RunRecord:
    drifted = tuple(Drifted(found.name, found.psi, found.by_chance) for found in made.drifted)
    record = replace(record, findings=made.findings, drifted=drifted, score_psi=made.score_psi, moves=made.moves)
    return _with(replace(record, period=made.period), monitoring=_link(made.folder / "index.html", settings))
