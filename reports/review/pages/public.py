"""Open to all, without any firm: what the algorithm does, with what, how well, and what one may contest."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse

from features.sources import SOURCES
from models.thresholds import HIGH, MODERATE
from models.training import LIGHTGBM
from reports.dictionary import as_csv, dictionary_rows
from reports.review.access import PUBLIC
from reports.review.data import UnreadableError
from reports.review.guard import Admitted, Refused, Visit
from reports.review.rendering import render

router = APIRouter()
Public = Annotated[Visit, Depends(Admitted(PUBLIC))]


@router.get("/algorithm")
def algorithm(visit: Public) -> HTMLResponse:
    """The model in use, from its own metadata."""
    return _page(visit, "algorithm.html")


@router.get("/algorithm/data")
def algorithm_data(visit: Public) -> HTMLResponse:
    """Its sources and its features."""
    return _page(visit, "algorithm_data.html", sources=SOURCES, dictionary=dictionary_rows())


@router.get("/algorithm/dictionary.csv")
def dictionary(visit: Public) -> Response:  # noqa: ARG001 - the rule is declared by the parameter
    """The features as a table."""
    headers = {"Content-Disposition": 'attachment; filename="dictionary.csv"'}
    return Response(as_csv(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/health")
def health(visit: Public) -> Response:
    """Whether the application answers and reads its data folder."""
    return Response("ok" if visit.services.folder.keys() else "no list", media_type="text/plain")


def _page(visit: Visit, name: str, **context: Any) -> HTMLResponse:
    folder = visit.services.folder
    if folder.champion_id is None:
        raise Refused(404, "No model is in use yet.")
    try:
        model = folder.model(folder.champion_id)
    except UnreadableError:
        raise Refused(503, "The model in use can't be read. The data team must look at it.") from None
    shown = {
        "model": model,
        "facts": model.facts,
        "metrics": folder.metrics(model.model_id).get(LIGHTGBM, {}),
        "levels": (HIGH, MODERATE),
        "is_simulated": model.is_simulated,
    }
    return render(visit.request, visit.services, visit.account, name, **shown, **context)
