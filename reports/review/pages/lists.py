"""The list: its page, and what is filtered there as a file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from features.nomenclatures import mapping
from reports.review import exports, verdicts
from reports.review.access import EXPORT_LIST, LIST, SIGNED_IN, Kind
from reports.review.data import PublishedList
from reports.review.filters import PAST_LISTS, THEMES, Filters
from reports.review.guard import Admitted, Refused, Visit, published_list
from reports.review.listing import Page, is_available, read_page
from reports.review.rendering import Words, render
from reports.review.wording import STATES, listed_reason

router = APIRouter()
Asked = Annotated[Filters, Query()]


@router.get("/")
def newest_list(visit: Annotated[Visit, Depends(Admitted(SIGNED_IN))]) -> Response:
    """On to the newest list."""
    keys = visit.services.folder.keys()
    if not keys:
        raise Refused(404, "No list is published yet.")
    return RedirectResponse(f"/lists/{keys[0]}", 303)


@router.get("/lists/{key}")
def list_page(key: str, asked: Asked, visit: Annotated[Visit, Depends(Admitted(LIST))]) -> HTMLResponse:
    """A page of a list; to htmx only its results."""
    services, right = visit.services, visit.who.right
    published = published_list(services.folder, key)
    found, follow_states = _read(visit, published, asked)
    name = "_results.html" if "hx-request" in visit.request.headers else "list.html"
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
        asked=found.filters,
        right=right,
        shows=lambda column: right.may_see_column(column) and is_available(published, column),
        follow_states=follow_states,
        reason_of=lambda row: listed_reason(row.get("main_reason"), right, visit.language),
        chips=chips(found.filters, Words(visit.language)),
        choices=choices(),
        past_lists=PAST_LISTS,
        themes=THEMES,
        states=list(STATES),
    )


def _read(visit: Visit, published: PublishedList, asked: Filters, **size: None) -> tuple[Page, dict[str, str]]:
    services = visit.services
    follow_states = verdicts.follow_states(services.engine)
    under_way = (
        [siren for siren, state in follow_states.items() if state != verdicts.CLOSED] if asked.unfollowed else []
    )
    reviewed = verdicts.reviewed(services.engine, published) if asked.unreviewed else []
    page = read_page(services.folder, published, asked, visit.who.right, reviewed, under_way, **size)
    return page, follow_states


@router.get("/lists/{key}/export.{form}")
def export_list(key: str, form: str, asked: Asked, visit: Annotated[Visit, Depends(Admitted(EXPORT_LIST))]) -> Response:
    """All firms that meet the filters, as XLSX, CSV or JSON."""
    if form not in exports.FORMS:
        raise Refused(404, "There is no such page.")
    published = published_list(visit.services.folder, key)
    found, follow_states = _read(visit, published, asked, size=None)
    words = Words(visit.language)
    asked, right = found.filters, visit.who.right
    if asked.q and asked.siren is None and not right.may_see(Kind.PROTECTED_IDENTITIES):
        asked = asked.model_copy(update={"q": words.say("(not published)")})
    said = [f"{name}: {value}" for name, value, _ in chips(asked, words)]
    sheet = exports.Sheet(published, right, words, said, found.rows, follow_states)
    content, media = exports.FORMS[form](sheet)
    name = f"weaksignals-{key}.{form}"
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def choices() -> dict[str, dict[str, str]]:
    """What the form offers: codes and their labels."""
    return {
        "departement": mapping("departements", "departement", "departement_label"),
        "region": {name: name for name in sorted(set(mapping("departements", "departement", "region_label").values()))},
        "section": mapping("naf_rev2", "section", "section_label"),
        "division": mapping("naf_rev2", "division", "division_label"),
        "legal": mapping("categories_juridiques", "group", "group_label"),
    }


def chips(asked: Filters, words: Words) -> list[tuple[str, str, str]]:
    """The filters in force: what is filtered, on what, and the address without it."""
    state = asked.model_dump(exclude_defaults=True, exclude={"page", "sort", "descending", "alert"})
    offered = choices()
    found = []
    for name, value in state.items():
        values = value if isinstance(value, list | tuple) else [value]
        shown = ", ".join(_said(name, one, offered, words) for one in values)
        found.append((words.say(FILTER_NAMES[name]), shown, asked.address(**{name: None})))
    return found


def _said(name: str, value: object, offered: dict[str, dict[str, str]], words: Words) -> str:
    if value is True:
        return words.say("yes")
    if name == "theme":
        return words.theme(str(value))
    if name == "state":
        return words.state(str(value))
    label = offered.get(name, {}).get(str(value))
    return str(value) if label in (None, str(value)) else f"{label} ({value})"


FILTER_NAMES = {
    "q": "Name or SIREN",
    "first_alert": "First alerts only",
    "min_alerts": "Lists on alert, at least",
    "departement": "Département",
    "region": "Region",
    "section": "Sector (NAF section)",
    "division": "Activity (NAF division)",
    "legal": "Legal form",
    "min_headcount": "Headcount, at least",
    "min_debt": "Social debt in euros, at least",
    "state": "State of procedure",
    "no_plan": "Without a payment plan",
    "no_young": "Without firms under three years old",
    "theme": "Theme of the main reason",
    "unreviewed": "Without a verdict on this list",
    "unfollowed": "Without firms already followed",
}
