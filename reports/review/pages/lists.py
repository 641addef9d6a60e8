"""The list: its page, and what is filtered there as a file."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from reports.freshness import older_data
from reports.review import exports, verdicts
from reports.review.access import EXPORT_LIST, LIST, Kind
from reports.review.asked import ImpossibleValueError, read_asked
from reports.review.cases.briefs import follow_states
from reports.review.codes import CLOSED
from reports.review.columns import in_files, on_page, sortable
from reports.review.conditions import Scene, searched_number
from reports.review.data import PublishedList
from reports.review.filters import allowed
from reports.review.guard import Admitted, Refused, Visit, is_fragment, published_list
from reports.review.listing import Page, offered_codes, read_page
from reports.review.rendering import render
from reports.review.wording import listed_reason
from reports.review.words import Words

router = APIRouter()


@router.get("/lists/{key}")
def list_page(key: str, visit: Annotated[Visit, Depends(Admitted(LIST))]) -> HTMLResponse:
    """A page of a list; to htmx only its results."""
    services, right = visit.services, visit.who.right
    published = published_list(services.reader, key)
    found = _read(visit, published)
    name = "_results.html" if is_fragment(visit.request) else "list.html"
    return render(
        visit.request,
        services,
        visit.account,
        name,
        published=published,
        is_simulated=published.is_simulated,
        keys=published.keys,
        horizon=published.horizon,
        found=found,
        asked=found.asked,
        right=right,
        columns=on_page(right, published),
        sortable=sortable(),
        explained=in_files(right, published),
        filters=allowed(right),
        offered=offered_codes(services.reader, published, right.place),
        older_data=list(older_data(published.older, visit.language)),
        alerting=exports.told_alerts(published, right, visit.language),
        reason_of=lambda row: listed_reason(row.get("main_reason"), right, visit.language),
        chips=found.asked.said(Words(visit.language)),
    )


def _read(visit: Visit, published: PublishedList, **size: None) -> Page:
    """The rows asked for, each with the state of its follow-up."""
    services = visit.services
    try:
        asked = read_asked(visit.request.query_params)
    except ImpossibleValueError:
        raise Refused(422, "The address of this page holds a value that it can't have. Go back to the list.") from None
    states = follow_states(services.engine)
    followed = [siren for siren, state in states.items() if state != CLOSED]
    reviewed = verdicts.reviewed(services.engine, published) if "unreviewed" in asked.values else []
    page = read_page(services.reader, Scene(published, reviewed, followed), asked, visit.who.right, **size)
    for row in page.rows:
        row["follow_up"] = states.get(row["siren"])
    return page


@router.get("/lists/{key}/export.{form}")
def export_list(key: str, form: str, visit: Annotated[Visit, Depends(Admitted(EXPORT_LIST))]) -> Response:
    """All firms that meet the filters, as XLSX, CSV or JSON."""
    if form not in exports.FORMS:
        raise Refused(404, "There is no such page.")
    published = published_list(visit.services.reader, key)
    found = _read(visit, published, size=None)
    words, asked, right = Words(visit.language), found.asked, visit.who.right
    searched = asked.get("q")
    if searched and searched_number(searched) is None and not right.may_see(Kind.PROTECTED_IDENTITIES):
        asked = asked.asking("q", words.say("(not published)"))
    said = [f"{title}: {value}" for title, value, _ in asked.said(words)]
    content, media = exports.FORMS[form](exports.Export(published, right, words, said, found.rows))
    name = f"weaksignals-{key}.{form}"
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
