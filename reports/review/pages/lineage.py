"""Where the figures of a firm come from: for who answers for the system, when a firm contests."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse

from features.assemble import CATALOG
from features.errors import InputError
from reports.dictionary import source_title
from reports.lineage import Lineage
from reports.review.access import READ_AUDIT, READ_LINEAGE
from reports.review.guard import Admitted, Refused, Visit, published_of
from reports.review.pages.firms import firm_context
from reports.review.pages.log import OUTCOMES
from reports.review.rendering import render
from reports.review.tracing import traced

router = APIRouter(prefix="/firms/{siren}")
# Figures that are shown at first; the others weigh less.
MOST_FIGURES = 25
Traced = Annotated[Visit, Depends(Admitted(READ_LINEAGE))]


def _lineage(visit: Visit) -> Lineage:
    """Who opened the firm's pages is for those who may read the log."""
    published, found = published_of(visit)
    services = visit.services
    try:
        lineage = traced(services.reader, services.engine, found["siren"], published.period, CATALOG, visit.language)
    except InputError:
        raise Refused(404, "The feature table of this month is not there any more, or without this firm.") from None
    return lineage if READ_AUDIT.admits(visit.who.right) else replace(lineage, opened=())


@router.get("/lineage")
def lineage_page(visit: Traced) -> HTMLResponse:
    """From the lines of the files to the list, and who asked for the firm's pages."""
    context: dict[str, Any] = {
        **firm_context(visit),
        "found": _lineage(visit),
        "most": MOST_FIGURES,
        "shows_readers": READ_AUDIT.admits(visit.who.right),
        "title": lambda name: source_title(name, visit.language),
        "outcomes": OUTCOMES,
    }
    return render(visit.request, visit.services, visit.account, "lineage.html", **context)


@router.get("/lineage.json")
def lineage_document(visit: Traced) -> JSONResponse:
    """All of it."""
    return JSONResponse(_lineage(visit).as_json())
