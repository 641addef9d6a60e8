"""The administration's own texts, and its confidentiality notice, which everyone accepts once a year."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reports.review import accounts
from reports.review.access import ACCEPT_NOTICE, PUBLIC, READ_NOTICE
from reports.review.guard import Admitted, Refused, Visit, address_of
from reports.review.pages.session import local_path
from reports.review.rendering import render
from reports.review.texts import CONFIDENTIALITY, TITLES, blocks

router = APIRouter()
Public = Annotated[Visit, Depends(Admitted(PUBLIC))]


@router.get("/legal")
def legal(visit: Public) -> HTMLResponse:
    """Who publishes the application, and who hosts it."""
    return _page(visit, "legal")


@router.get("/privacy")
def privacy(visit: Public) -> HTMLResponse:
    """What is kept of whom, why, and for how long."""
    return _page(visit, "privacy")


@router.get("/accessibility")
def accessibility(visit: Public) -> HTMLResponse:
    """The accessibility statement."""
    return _page(visit, "accessibility")


@router.get("/confidentiality")
def notice(visit: Annotated[Visit, Depends(Admitted(READ_NOTICE))]) -> HTMLResponse:
    """The notice, with the button to accept it."""
    return _page(visit, CONFIDENTIALITY, target=local_path(visit.request.query_params.get("next", "/")))


@router.post("/confidentiality")
def accept(visit: Annotated[Visit, Depends(Admitted(ACCEPT_NOTICE))]) -> Response:
    """The notice as it is now is accepted, for a year."""
    if not visit.services.texts.notice:
        raise Refused(404, "There is no such page.")
    services = visit.services
    accounts.accept_notice(services.engine, visit.who, services.texts.notice, address_of(visit.request))
    return RedirectResponse(local_path(visit.text("next")), 303)


def _page(visit: Visit, name: str, **context: Any) -> HTMLResponse:
    text, language = visit.services.texts.of(name, visit.language.code)
    if not text:
        raise Refused(404, "There is no such page.")
    shown: dict[str, Any] = {"title": TITLES[name], "blocks": list(blocks(text)), "target": None, "language": language}
    return render(visit.request, visit.services, visit.account, "text.html", **{**shown, **context})
