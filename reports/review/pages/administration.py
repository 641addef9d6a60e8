"""Pages of team leads, data scientists and administrators: the team's follow-up, the verdicts as a table, the log."""

from collections import Counter, defaultdict
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session as Transaction

from reports.review import verdicts
from reports.review.access import EXPORT_VERDICTS, READ_AUDIT, TEAM
from reports.review.data import Row
from reports.review.database import AuditEntry
from reports.review.guard import Admitted, Visit, published_list
from reports.review.listing import last_lists, read_firms
from reports.review.rendering import render

router = APIRouter()
LOG_PAGE = 100


@router.get("/team")
def team(visit: Annotated[Visit, Depends(Admitted(TEAM))]) -> HTMLResponse:
    """The firms followed in the territory, and where each stands."""
    services = visit.services
    published = published_list(services.reader, None)
    states = verdicts.follow_states(services.engine)
    rows = [
        {**row, "list": key}
        for key, sirens in last_lists(services.reader, list(states)).items()
        for row in read_firms(services.reader, services.reader.published(key), sirens, visit.who.right)
    ]
    counts = Counter(states[row["siren"]] for row in rows)
    context: dict[str, Any] = {
        "counts": counts,
        "codes": verdicts.FOLLOW_UP_STATES,
        "published": published,
        "is_simulated": published.is_simulated,
        "rows": rows,
        "states": states,
    }
    return render(visit.request, services, visit.account, "team.html", **context)


@router.get("/verdicts.csv")
def export_verdicts(visit: Annotated[Visit, Depends(Admitted(EXPORT_VERDICTS))]) -> Response:
    """The standing verdicts on the firms of the territory, keyed by siren, list and model."""
    rows = _of_territory(visit, verdicts.verdict_rows(visit.services.engine))
    content = verdicts.as_csv(rows)
    headers = {"Content-Disposition": 'attachment; filename="verdicts.csv"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


def _of_territory(visit: Visit, rows: list[Row]) -> list[Row]:
    """The verdicts on firms that were in the territory on the verdict's list, or on the newest where it is gone."""
    reader, right = visit.services.reader, visit.who.right
    if right.departements is None:
        return rows
    keys = reader.keys()
    judged: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        judged[row["list_period"]].add(row["siren"])
    inside = {
        (key, firm["siren"])
        for key, sirens in judged.items()
        for firm in read_firms(reader, published_list(reader, key if key in keys else None), sorted(sirens), right)
    }
    return [row for row in rows if (row["list_period"], row["siren"]) in inside]


@router.get("/audit")
def audit(
    visit: Annotated[Visit, Depends(Admitted(READ_AUDIT))], before: Annotated[int | None, Query(ge=1)] = None
) -> HTMLResponse:
    """The log, newest first: who asked for what, and when."""
    query = sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(LOG_PAGE)
    with Transaction(visit.services.engine, expire_on_commit=False) as db:
        entries = db.scalars(query if before is None else query.where(AuditEntry.id < before)).all()
    return render(visit.request, visit.services, visit.account, "audit.html", entries=entries)
