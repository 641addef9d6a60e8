"""The log as administrators read it: in their language and local time, filtered."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session as Transaction

from reports.review import audit, contest
from reports.review.access import READ_AUDIT, RULES
from reports.review.accounts import Change
from reports.review.cases import digest
from reports.review.database import AuditEntry
from reports.review.guard import Admitted, Refused, Visit
from reports.review.rendering import render
from reports.review.words import Words

router = APIRouter()
PAGE: Final = 100
LONGEST: Final = 200
ACTIONS: Final = sorted(
    {rule.action for rule in RULES if rule.is_logged} | {*Change} | {audit.SHORTENED, contest.ACTION, digest.ACTION}
)
# As they are stored -> as they are read; those of GRANTED first.
OUTCOMES: Final = {
    audit.ADMITTED: "granted",
    audit.SIGNED_IN: "signed in",
    "done": "carried out",
    digest.SENT: "sent",
    "refused": "not granted",
    "too many": "had to wait",
    "left out": "not written line by line",
    "400": "not understood",
    "401": "not signed in",
    "403": "no right",
    "404": "not found, or outside the territory",
    "414": "address too long",
}
GRANTED: Final = (audit.ADMITTED, audit.SIGNED_IN, "done", digest.SENT)


@dataclass(frozen=True)
class Filter:
    """What is asked of the log; texts as they were typed, empty where nothing is asked."""

    who: str = ""
    action: str = ""
    address: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""

    def conditions(self, zone: ZoneInfo) -> list[sa.ColumnElement[bool]]:
        """Of the lines that meet it. Days are those of the zone, the last one included.

        Raises ValueError or OverflowError on what is no day.
        """
        found: list[sa.ColumnElement[bool]] = []
        if self.who:
            found.append(AuditEntry.by.contains(self.who.lower(), autoescape=True))
        if self.action:
            found.append(AuditEntry.action == self.action)
        if self.address:
            found.append(AuditEntry.path.contains(self.address, autoescape=True))
        if self.outcome:
            is_granted = AuditEntry.outcome.in_(GRANTED)
            found.append(is_granted if self.outcome == "granted" else sa.not_(is_granted))
        if self.since:
            found.append(AuditEntry.at >= _start(self.since, zone, 0))
        if self.until:
            found.append(AuditEntry.at < _start(self.until, zone, 1))
        return found

    def address_of(self, before: int) -> str:
        """The address of the lines before one of them."""
        asked = {name: text for name, text in vars(self).items() if text}
        return "/audit?" + urlencode({**asked, "before": before})


def _start(text: str, zone: ZoneInfo, days: int) -> datetime:
    """The instant at which a day begins there, or the one so many days later."""
    return datetime.combine(date.fromisoformat(text) + timedelta(days=days), time(), zone).astimezone(UTC)


def filter_of(
    who: Annotated[str, Query(max_length=LONGEST)] = "",
    action: Annotated[str, Query(max_length=LONGEST)] = "",
    address: Annotated[str, Query(max_length=LONGEST)] = "",
    outcome: Annotated[str, Query(pattern="^(granted|refused)?$")] = "",
    since: Annotated[str, Query(max_length=LONGEST)] = "",
    until: Annotated[str, Query(max_length=LONGEST)] = "",
) -> Filter:
    """The filter of an address."""
    return Filter(who.strip(), action, address.strip(), outcome, since, until)


@router.get("/audit")
def read_log(
    visit: Annotated[Visit, Depends(Admitted(READ_AUDIT))],
    asked: Annotated[Filter, Depends(filter_of)],
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> HTMLResponse:
    """The lines, newest first: who asked for what, and when."""
    zone = visit.services.configuration.zone
    try:
        conditions = asked.conditions(zone)
    except (ValueError, OverflowError):
        raise Refused(422, "The address of this page holds a value that it can't have. Go back to the list.") from None
    if before is not None:
        conditions.append(AuditEntry.id < before)
    query = sa.select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(PAGE)
    with Transaction(visit.services.engine, expire_on_commit=False) as db:
        entries = db.scalars(query).all()
    words = Words(visit.language)
    context: dict[str, Any] = {
        "entries": entries,
        "asked": asked,
        "actions": {action: words.say(action) for action in ACTIONS},
        "outcomes": {code: words.say(told) for code, told in OUTCOMES.items()},
        "moment": lambda at: f"{words.day(at.astimezone(zone))} {at.astimezone(zone):%H:%M:%S}",
        "zone": zone.key,
        "earlier": asked.address_of(entries[-1].id) if len(entries) == PAGE else "",
    }
    return render(visit.request, visit.services, visit.account, "audit.html", **context)
