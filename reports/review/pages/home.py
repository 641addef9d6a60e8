"""The page on which one lands: what is new, what is to be done, what colleagues did, the figures of one's territory."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reports.review import agenda, aggregates, news
from reports.review.access import HOME, SIGNED_IN, TERRITORY, Kind
from reports.review.cases.briefs import OPEN, Brief, briefs, of_people, selected
from reports.review.cases.listing import in_full, pressing
from reports.review.data import PublishedList
from reports.review.database import now
from reports.review.guard import Admitted, Refused, Visit
from reports.review.listing import seen_last
from reports.review.rendering import render
from reports.review.wording import listed_movement, listed_reason

router = APIRouter()
SHOWN: Final = 8
# More are on the page of follow-ups.
MOST_OF_MINE: Final = 20


@router.get("/")
def home(visit: Annotated[Visit, Depends(Admitted(HOME))]) -> HTMLResponse:
    """Of the newest list and of the last seven days; only of firms that the user may see."""
    published = _newest(visit)
    right, found = visit.who.right, briefs(visit.services.engine)
    context: dict[str, Any] = {
        "published": published,
        "is_simulated": published.is_simulated,
        "right": right,
        "horizon": published.horizon,
        "keys": published.keys,
        "shows_territory": TERRITORY.admits(right),
        **_written(visit, found),
        **(_risks(visit, published, found) if right.may_see(Kind.SCORES) else {}),
    }
    return render(visit.request, visit.services, visit.account, "home.html", **context)


@router.get("/lists")
def newest_list(visit: Annotated[Visit, Depends(Admitted(SIGNED_IN))]) -> Response:
    """On to the newest list."""
    return RedirectResponse(f"/lists/{_newest(visit).key}", 303)


def _newest(visit: Visit) -> PublishedList:
    reader = visit.services.reader
    if not reader.keys():
        raise Refused(404, "No list is published yet.")
    return reader.published(None)


def _written(visit: Visit, found: Sequence[Brief]) -> dict[str, Any]:
    """The firms that one follows, of all follow-ups, and what colleagues wrote this week."""
    services, account = visit.services, visit.who
    mine = of_people(selected(found, OPEN), frozenset({account.name}))
    entries = agenda.written_since(services.engine, now() - agenda.WEEK, account.name)
    if not account.right.may_see(Kind.SCORES):
        entries = [entry for entry in entries if entry.is_useful is None]
    sirens = dict.fromkeys([*(one.siren for one in mine), *(entry.siren for entry in entries)])
    firms = seen_last(services.reader, list(sirens), account.right)
    seen = [entry for entry in entries if entry.siren in firms]
    pressed = pressing(mine, firms)
    return {
        "mine": in_full(services.engine, pressed[:MOST_OF_MINE]),
        "more_of_mine": len(pressed) - MOST_OF_MINE,
        "entries": seen[:SHOWN],
        "more_entries": len(seen) - SHOWN,
        "firms": firms,
    }


def _risks(visit: Visit, published: PublishedList, found: Sequence[Brief]) -> dict[str, Any]:
    """New alerts, risks that rose most, and the figures of the territory, to whoever may see scores."""
    services, right = visit.services, visit.who.right
    new, new_count = news.new_alerts(services.reader, published, right.place)
    risen = news.risen(services.reader, published, right.place)
    rows = news.firms_in_the_news(services.reader, published, right)
    months = aggregates.by_month(services.reader, published, right.place)
    followed = {one.siren for one in found}
    return {
        "new": [rows[siren] for siren in new],
        "new_count": new_count,
        "risen": [(rows[one.siren], one, listed_movement(one.movement, right, visit.language)) for one in risen],
        "months": {f"{period:%Y-%m}": counts for period, counts in months.items()},
        "current": months.get(published.period, aggregates.Counts()),
        "before": next((counts for period, counts in months.items() if period < published.period), None),
        "followed": len(aggregates.on_alert_among(services.reader, published, right, followed)),
        "reason_of": lambda row: listed_reason(row.get("main_reason"), right, visit.language),
    }
