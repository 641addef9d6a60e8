"""Follow-ups: the page of a firm's, and all of them as list, board, calendar and files."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reports.review import codes
from reports.review.access import EXPORT_FOLLOW_UPS, FIRM, FOLLOW_UP, FOLLOW_UPS
from reports.review.cases import form, notes, people, records, wording
from reports.review.cases.briefs import OPEN, SELECTIONS, selected
from reports.review.cases.form import Typed
from reports.review.cases.listing import SCOPES, Scope, Seen, in_full, of_scope, visible
from reports.review.cases.records import FollowUp
from reports.review.chains import OVERTAKEN, OvertakenError
from reports.review.database import now
from reports.review.guard import Admitted, Refused, Visit, follows_of, published_list, published_of
from reports.review.pages.firms import firm_context
from reports.review.rendering import render
from reports.review.words import Words

router = APIRouter()
FIRM_PATH: Final = "/firms/{siren}"
# As they are asked -> as they are written.
VIEWS: Final = {"list": "List", "board": "Board", "calendar": "Calendar"}
# More are in the file.
MOST: Final = 300
# Of the draft of a form, in characters.
LONGEST_KEY: Final = 40
Asking = Annotated[str, Query(max_length=20)]


class Asked:
    """What is asked of the follow-ups. scope: whose; state: which of them; view: how they are shown."""

    def __init__(self, scope: Asking = Scope.MINE, state: Asking = OPEN, view: Asking = "list") -> None:
        """Raises Refused on what no form offers."""
        if scope not in set(Scope) or state not in SELECTIONS or view not in VIEWS:
            raise Refused(422, "The address of this page holds a value that it can't have. Go back to the list.")
        self.scope, self.state, self.view = Scope(scope), state, view

    def address(self, page: str = "/follow-ups", **other: str) -> str:
        """Of the page, or of a file, with something else asked."""
        return f"{page}?{urlencode({**vars(self), **other})}"


Asks = Annotated[Asked, Depends()]


def _found(visit: Visit, asked: Asked) -> list[Seen]:
    services = visit.services
    found = selected(of_scope(services.engine, visit.who, asked.scope), asked.state)
    return visible(services.reader, found, visit.who.right)


@router.get("/follow-ups")
def follow_ups_page(visit: Annotated[Visit, Depends(Admitted(FOLLOW_UPS))], asked: Asks) -> HTMLResponse:
    """The follow-ups of a user, their administration or their territory, the most pressing first."""
    published, found = published_list(visit.services.reader, None), _found(visit, asked)
    today = now().date()
    context: dict[str, Any] = {
        "published": published,
        "is_simulated": published.is_simulated,
        "asked": asked,
        "scopes": SCOPES,
        "selections": SELECTIONS,
        "views": VIEWS,
        "total": len(found),
        "rows": in_full(visit.services.engine, found[:MOST]),
        "late": sum(one.brief.is_late(today) for one in found),
        "soon": sum(one.brief.is_soon(today) for one in found),
        "has_administration": bool(visit.who.administration),
        **_vocabularies(visit),
    }
    return render(visit.request, visit.services, visit.account, "follow_ups.html", **context)


def _vocabularies(visit: Visit) -> dict[str, Any]:
    words = Words(visit.language)
    return {
        "codes": codes,
        "title_of": lambda name: wording.title_of(name, words),
        "told": lambda name, value: wording.told(name, value, words),
    }


@router.get("/follow-ups/export.xlsx")
def export_follow_ups(visit: Annotated[Visit, Depends(Admitted(EXPORT_FOLLOW_UPS))], asked: Asks) -> Response:
    """The same as a workbook."""
    from reports.review.cases import files

    return _as_file(files.as_xlsx(_files(visit, asked)), files.WORKBOOK, "weaksignals-follow-ups.xlsx")


@router.get("/follow-ups/calendar.ics")
def calendar(visit: Annotated[Visit, Depends(Admitted(EXPORT_FOLLOW_UPS))], asked: Asks) -> Response:
    """Their next dates, for a calendar."""
    from reports.review.cases import files

    return _as_file(files.as_calendar(_files(visit, asked)), files.CALENDAR, "weaksignals-follow-ups.ics")


def _files(visit: Visit, asked: Asked) -> Any:
    # Imported here: few requests need the workbook and the calendar.
    from reports.review.cases.files import Files

    words, services = Words(visit.language), visit.services
    said = ", ".join(words.say(told) for told in (SCOPES[asked.scope], SELECTIONS[asked.state]))
    is_simulated = published_list(services.reader, None).is_simulated
    address = services.configuration.address
    found = in_full(services.engine, _found(visit, asked))
    return Files(found, visit.who.right, words, said, is_simulated, address, now())


def _as_file(content: bytes, media: str, name: str) -> Response:
    return Response(content, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.get(FIRM_PATH + "/follow-up")
def firm_follow_up(visit: Annotated[Visit, Depends(Admitted(FIRM))]) -> HTMLResponse:
    """What is done about the firm, what was done, and the forms to go on with it."""
    return _page(visit)


@dataclass(frozen=True)
class Kept:
    """What was typed and not saved. problem: what to do; follows: the version, or the note, that it was to follow."""

    typed: Typed
    follows: int
    problem: str
    is_note: bool = False

    def is_of(self, one: FollowUp | None, is_current: bool) -> bool:
        """Whether it was typed into the form of this follow-up, or was to open one where this was opened meanwhile."""
        if self.is_note:
            return False
        follows = (version.id for version in one.versions) if one else ()
        return self.follows in follows or (is_current and not self.follows)


def _page(visit: Visit, status: int = 200, kept: Kept | None = None) -> HTMLResponse:
    services, (_, firm) = visit.services, published_of(visit)
    words, today = Words(visit.language), now().date()
    found = records.follow_ups_of(services.engine, firm["siren"])
    reader = people.signatory(visit.who)
    current = found[0] if found and found[0].is_open else None

    def typed_for(one: FollowUp | None) -> Typed:
        if kept is not None and kept.is_of(one, one is current):
            return kept.typed
        return form.typed_of(one.last if one else None, today)

    context: dict[str, Any] = {
        **firm_context(visit),
        **_vocabularies(visit),
        "found": found,
        "current": current,
        "typed_for": typed_for,
        "kept_note": kept if kept and kept.is_note else None,
        "changes": lambda one: list(wording.changes(one, words)),
        "said_of": lambda one: wording.said(one.last, words),
        "notes": {one.case.id: notes.notes_of(services.engine, one.case.id, reader) for one in found},
        "offered": notes.offered(reader),
        "people": people.who_may_see(services.engine, services.reader, firm, visit.who.right),
        "days": form.days_of_follow_up(today),
        "longest": form.LONGEST,
        "problem": kept.problem if kept else "",
        "said": visit.request.query_params.get("said", ""),
    }
    return render(visit.request, services, visit.account, "firm_follow_up.html", status, **context)


@router.post(FIRM_PATH + "/follow-ups")
def follow_up(visit: Annotated[Visit, Depends(Admitted(FOLLOW_UP))]) -> Response:
    """Open the follow-up of the firm, or say where it stands; with a note or without."""
    services, (published, firm) = visit.services, published_of(visit)
    typed, follows = form.typed_in(visit.form), follows_of(visit)
    author = people.signatory(visit.who)
    try:
        content = form.content_of(typed, _may_be_named(visit), form.days_of_follow_up(now().date()))
        note = notes.new_note(author, typed.text("visibility") or codes.ALL, typed.text("note"))
        records.save(services.engine, firm["siren"], published, author.name, follows, content, note)
    except form.UnfinishedError as unfinished:
        return _page(visit, 400, Kept(typed, follows, unfinished.message))
    except OvertakenError:
        return _page(visit, 409, Kept(typed, follows, OVERTAKEN))
    return _back(visit)


def _may_be_named(visit: Visit) -> set[str]:
    """Who may see the firm today, and whom the follow-up names already."""
    services, (_, firm) = visit.services, published_of(visit)
    found = people.who_may_see(services.engine, services.reader, firm, visit.who.right)
    named = {name for names in found.values() for name in names}
    for one in records.follow_ups_of(services.engine, firm["siren"]):
        named |= {one.last.in_charge, *one.last.participants}
    return named


@router.post(FIRM_PATH + "/follow-up-notes")
def correct_note(visit: Annotated[Visit, Depends(Admitted(FOLLOW_UP))]) -> Response:
    """Put another text, or other readers, in the place of one's own note."""
    services, (_, firm) = visit.services, published_of(visit)
    typed, number = form.typed_in(visit.form), follows_of(visit)
    cases = [one.case.id for one in records.follow_ups_of(services.engine, firm["siren"])]
    try:
        given = (typed.text("visibility"), typed.text("note"))
        notes.correct(services.engine, cases, number, people.signatory(visit.who), *given)
    except OvertakenError:
        return _page(visit, 409, Kept(typed, number, OVERTAKEN, is_note=True))
    return _back(visit)


def _back(visit: Visit) -> Response:
    """To the page, which tells that it was saved, and forgets the draft of the form."""
    published, firm = published_of(visit)
    asked = urlencode({"list": published.key, "said": visit.text("draft")[:LONGEST_KEY] or "follow-ups"})
    return RedirectResponse(f"/firms/{firm['siren']}/follow-up?{asked}#said", 303)
