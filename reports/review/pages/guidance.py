"""What helps: the guide, the first steps, and the logo of who runs the application."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reports.review import tour
from reports.review.access import PUBLIC, SEE_TOUR
from reports.review.guard import Admitted, Refused, Visit
from reports.review.guide import guide
from reports.review.pages.session import local_path
from reports.review.rendering import render

router = APIRouter()


@router.get("/guide")
def read_guide(visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> HTMLResponse:
    """The agents' guide in the reader's language."""
    return render(visit.request, visit.services, visit.account, "guide.html", guide=guide(visit.language.code))


@router.post("/tour")
def see_tour(visit: Annotated[Visit, Depends(Admitted(SEE_TOUR))]) -> Response:
    """A step of the tour was seen, or it is asked for again."""
    seen = visit.text("seen")
    if not seen.isdecimal() or len(seen) > 3:
        raise Refused(400, "This form was not filled in as it should be. Go back and try again.")
    tour.keep_step(visit.services.engine, visit.who, int(seen))
    return RedirectResponse(local_path(visit.text("back") or "/"), 303)


@router.get("/logo")
def logo(visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> Response:
    """The logo of the administration."""
    found = visit.services.logo
    if found is None:
        raise Refused(404, "There is no such page.")
    return Response(found.content, media_type=found.kind)
