"""Pages open to all, which name no firm: what the algorithm does, with which data, how well, and how to contest."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse, JSONResponse

from features.assemble import CATALOG
from features.sources import SOURCES
from models.registry.model import RiskModel
from reports.card.parts import PICTURES, Part
from reports.cells import SPREADSHEET, spreadsheet_csv
from reports.dictionary import DIRECTIONS, UNITS, USES, definition_of, is_made_of, known_words, source_names
from reports.language import LANGUAGES, Language
from reports.model_card import EVALUATION, SUMMARY, told
from reports.reasons import FEATURES, THEME_WORDS
from reports.register_entry import Known, document, entries
from reports.review.access import PUBLIC
from reports.review.data import UnreadableError
from reports.review.guard import Admitted, Refused, Visit
from reports.review.rendering import render

router = APIRouter()
Public = Annotated[Visit, Depends(Admitted(PUBLIC))]


@router.get("/algorithm")
def algorithm(visit: Public) -> HTMLResponse:
    """The model in use, what its alerts are worth, its limits, and the law."""
    return _sections(visit, "algorithm.html", SUMMARY)


@router.get("/algorithm/evaluation")
def evaluation(visit: Public) -> HTMLResponse:
    """How it was evaluated, in full."""
    return _sections(visit, "algorithm_evaluation.html", EVALUATION)


@router.get("/algorithm/data")
def algorithm_data(visit: Public) -> HTMLResponse:
    """Its sources, and the figures that it reads."""
    model = _model_in_use(visit)
    # A model older than the catalogue may read features that are no longer declared.
    read = [FEATURES[column.name] for column in model.inputs if column.name in FEATURES]
    return _page(
        visit,
        "algorithm_data.html",
        model,
        sources=[(source, [feature for feature in read if is_made_of(feature, source)]) for source in SOURCES],
        features=read,
        uses=USES,
        units=UNITS,
        directions=DIRECTIONS,
        known_words=known_words,
        definition_of=definition_of,
        source_names=source_names,
    )


@router.get("/algorithm/register")
def register(visit: Public) -> HTMLResponse:
    """Its entry in registers of algorithms."""
    known = _known(visit)
    return _page(visit, "algorithm_register.html", known.model, entries=entries(known))


@router.get("/algorithm/register.json")
def register_as_json(visit: Public) -> Response:
    """The entry as other programs read it."""
    return JSONResponse(document(_known(visit)))


@router.get("/algorithm/register.csv")
def register_as_csv(visit: Public) -> Response:
    """The entry as a table."""
    say = visit.language.say
    head = [say(title) for title in ("Section", "Field", "Etalab", "ATRS", "Content")]
    rows = (
        (one.section, one.title, one.field.etalab, one.field.atrs, "\n".join(one.told))
        for one in entries(_known(visit))
    )
    headers = {"Content-Disposition": 'attachment; filename="register.csv"'}
    return Response(spreadsheet_csv(head, rows, visit.language), media_type=SPREADSHEET, headers=headers)


def _known(visit: Visit) -> Known:
    model, services = _model_in_use(visit), visit.services
    configuration = services.configuration
    settings = {"organisation": configuration.administration, "contact": configuration.contact}
    own = {**settings, **services.texts.own(visit.language.code)}
    return Known(model, services.reader.metrics(model.model_id), visit.language, own)


@router.get("/algorithm/dictionary.csv")
def dictionary(visit: Public) -> Response:
    """The features as a table."""
    headers = {"Content-Disposition": 'attachment; filename="dictionary.csv"'}
    return Response(_dictionary(visit.language), media_type=SPREADSHEET, headers=headers)


def _dictionary(language: Language) -> bytes:
    names = ("Name", "Figure", "Theme", "Unit", "As it grows", "Definition", "Made from")
    rows = (
        (
            feature.name,
            getattr(feature, language.code),
            language.say(THEME_WORDS[feature.theme]),
            language.say(UNITS[feature.unit]),
            language.say(DIRECTIONS[feature.direction]),
            definition_of(feature, language),
            source_names(feature.sources, language),
        )
        for feature in CATALOG
    )
    return spreadsheet_csv([language.say(name) for name in names], rows, language)


@router.get("/algorithm/pictures/{name}.{code}.svg")
def picture(visit: Public, name: str, code: str) -> Response:
    """A picture of the model in use."""
    reader = visit.services.reader
    model_id = reader.champion_id
    drawn = reader.picture(model_id, name, code) if model_id and name in PICTURES and code in LANGUAGES else None
    if drawn is None:
        raise Refused(404, "There is no such page.")
    return Response(drawn, media_type="image/svg+xml")


@router.get("/health")
def health(visit: Public) -> Response:
    """Whether the application answers and reads its data folder."""
    return Response("ok" if visit.services.reader.keys() else "no list", media_type="text/plain")


def _model_in_use(visit: Visit) -> RiskModel:
    reader = visit.services.reader
    if reader.champion_id is None:
        raise Refused(404, "No model is in use yet.")
    try:
        return reader.model(reader.champion_id)
    except UnreadableError:
        raise Refused(503, "The model in use can't be read. The data team must look at it.") from None


def _sections(visit: Visit, name: str, parts: Sequence[Part]) -> HTMLResponse:
    model = _model_in_use(visit)
    reader = visit.services.reader
    metrics, alternatives = reader.metrics(model.model_id), reader.pictures(model.model_id)
    return _page(visit, name, model, sections=list(told(parts, model, metrics, visit.language, alternatives)))


def _page(visit: Visit, name: str, model: RiskModel, **context: Any) -> HTMLResponse:
    shown = {"facts": model.facts, "is_simulated": model.is_simulated, **context}
    return render(visit.request, visit.services, visit.account, name, **shown)
