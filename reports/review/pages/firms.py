"""A firm: why this risk, its history, its sheet for a visit, and the agents' answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from features.insolvency import IN_BONIS
from models.alerts import NO_ALERT
from models.evaluation.groups import FEWEST
from reports.review import history, verdicts, wrong_data
from reports.review.access import EXPORT_FIRM, FIRM, GIVE_VERDICT, READ_LINEAGE, REPORT_WRONG_DATA, Kind
from reports.review.cases.records import FollowUp, follow_ups_of
from reports.review.chains import OVERTAKEN, OvertakenError
from reports.review.data import Row
from reports.review.exports import Export, firm_document
from reports.review.firm import Explanation, explain, silent_sources, with_main_reason
from reports.review.firms_alike import firms_alike
from reports.review.guard import Admitted, Visit, follows_of, published_of
from reports.review.key_figures import KeyFigure, key_figures
from reports.review.legal_life import TOLD, time_line
from reports.review.past import establishments, judgements, legal_notices, ratio_traces, risk_history, traces
from reports.review.rendering import render
from reports.review.risk_picture import risk_picture
from reports.review.sectors import FEWEST_FIRMS, KEY_FIGURES
from reports.review.unknowns import unknowns
from reports.review.words import REGISTER_FIELDS, Words

router = APIRouter(prefix="/firms/{siren}")
Consulted = Annotated[Visit, Depends(Admitted(FIRM))]
# The fields of the verdict, kept in the page where it must be sent again.
ANSWER = ("is_useful", "reason", "note")
NO_ALERT_HERE = "This firm is not on alert: there is no alert to judge."
Exported = Annotated[Visit, Depends(Admitted(EXPORT_FIRM))]


def firm_context(visit: Visit) -> dict[str, Any]:
    """What every page of a firm shows."""
    published, found = published_of(visit)
    return {
        "published": published,
        "is_simulated": published.is_simulated,
        "firm": found,
        "right": visit.who.right,
        "keys": published.keys,
        "horizon": published.horizon,
        "in_procedure": found["state"] != IN_BONIS,
        "is_on_alert": is_on_alert(found),
        "shows_lineage": READ_LINEAGE.admits(visit.who.right),
    }


def _page(visit: Visit, name: str, status: int = 200, **context: Any) -> HTMLResponse:
    shown = {**firm_context(visit), **context}
    return render(visit.request, visit.services, visit.account, name, status, **shown)


def is_on_alert(firm: Row) -> bool:
    """Whether there is an alert that can be useful or not, and that the user may see."""
    return bool(firm.get("alert", NO_ALERT) != NO_ALERT)


def _explained(visit: Visit) -> Explanation:
    published, found = published_of(visit)
    return explain(visit.services.reader, published, found, visit.who.right, visit.language)


@router.get("")
def firm_page(visit: Consulted) -> HTMLResponse:
    """What is known of the firm, why this risk, and what agents answered."""
    return _firm_page(visit)


def _firm_page(visit: Visit, status: int = 200, **context: Any) -> HTMLResponse:
    published, found = published_of(visit)
    reader, words = visit.services.reader, Words(visit.language)
    explained = _explained(visit)
    given = _answers(visit, explained)
    shows_scores = visit.who.right.may_see(Kind.SCORES)
    past = risk_history(reader, published, found["siren"]) if shows_scores else []
    thresholds = published.given.thresholds.at(found["departement"]) if published.given else None
    metrics = reader.metrics(published.model_id)
    alike = (
        firms_alike(
            metrics.groups if metrics else {},
            explained.values,
            silent_sources(explained.values),
            found["alert"],
            reader.months_per_firm(published.model_id),
        )
        if shows_scores and found["state"] == IN_BONIS and explained.values
        else []
    )
    return _page(
        visit,
        "firm.html",
        status,
        explained=explained,
        answers=given,
        follow_up=_follow_up(visit),
        past=[row for row in past if row["alert"] != NO_ALERT],
        risk_chart=risk_picture(found, past, published.horizon, thresholds, words),
        thresholds=thresholds,
        figures=_key_figures(visit, explained),
        alike=alike,
        fewest_failures=FEWEST,
        unknowns=_unknowns(visit, explained),
        verdict_reasons=verdicts.VERDICT_REASONS,
        fields=wrong_fields(explained),
        **{
            "problem": "",
            "kept": dict.fromkeys(ANSWER, ""),
            "said": visit.request.query_params.get("said", ""),
            **context,
        },
    )


def _answers(visit: Visit, explained: Explanation) -> verdicts.Answers:
    published, found = published_of(visit)
    given = verdicts.answers_on(visit.services.engine, found["siren"], published)
    return given.visible(visit.who.right, published, wrong_fields(explained))


def _follow_up(visit: Visit) -> FollowUp | None:
    """The newest one of the firm."""
    _, found = published_of(visit)
    return next(iter(follow_ups_of(visit.services.engine, found["siren"])), None)


def _key_figures(visit: Visit, explained: Explanation) -> list[KeyFigure]:
    published, _ = published_of(visit)
    return key_figures(visit.services.reader, published, explained.values, explained.newest, visit.language)


def _unknowns(visit: Visit, explained: Explanation) -> list[str]:
    published, _ = published_of(visit)
    absent = visit.services.reader.absent_sources(published.model_id)
    return list(unknowns(explained, published.older, absent, Words(visit.language)))


def wrong_fields(explained: Explanation) -> tuple[str, ...]:
    """What may be reported as wrong: identity, and the key figures that the user may see."""
    return (*REGISTER_FIELDS, *(name for name in KEY_FIGURES if name in explained.values))


@router.get("/history")
def firm_history(visit: Consulted) -> HTMLResponse:
    """The firm's figures over three years, its procedures and its establishments."""
    published, found = published_of(visit)
    reader = visit.services.reader
    siren, right, words = found["siren"], visit.who.right, Words(visit.language)
    rows = traces(reader, published, siren, right)
    ratios = ratio_traces(reader, published, siren, right)
    decided = judgements(reader, published, siren)
    notices = legal_notices(reader, published, siren)
    return _page(
        visit,
        "history.html",
        charts=history.charts(rows, words),
        ratio_charts=history.ratio_charts(ratios, words),
        is_part_hidden=any(row["is_hidden"] for row in ratios),
        fewest_firms=FEWEST_FIRMS,
        judgements=None if decided is None else history.judgement_days(decided),
        establishments=establishments(reader, published, siren),
        notices=None if notices is None else time_line(notices, published.period),
        notices_told=TOLD,
    )


@router.get("/sheet.pdf")
def firm_sheet(visit: Exported) -> Response:
    """One page for a visit."""
    # Imported here: few requests need ReportLab and its 6 MB.
    from reports.review import sheet

    published, found = published_of(visit)
    reader, right, siren = visit.services.reader, visit.who.right, found["siren"]
    explained = _explained(visit)
    told = sheet.Told(
        explained,
        _key_figures(visit, explained),
        _answers(visit, explained),
        _follow_up(visit),
        _unknowns(visit, explained),
        risk_history(reader, published, siren) if right.may_see(Kind.SCORES) else [],
        traces(reader, published, siren, right),
        establishments(reader, published, siren),
        visit.services.configuration.contact,
    )
    content = sheet.pdf(Export(published, right, Words(visit.language), [], [found]), told)
    name = f"weaksignals-{found['siren']}-{published.key}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get("/firm.json")
def firm_json(visit: Exported) -> Response:
    """The firm as other programs read it."""
    published, found = published_of(visit)
    whole = with_main_reason(visit.services.reader, published, found, visit.who.right)
    one = Export(published, visit.who.right, Words(visit.language), [], [whole])
    return JSONResponse(firm_document(one, _explained(visit)))


def _back(visit: Visit, said: str) -> Response:
    published, found = published_of(visit)
    return RedirectResponse(f"/firms/{found['siren']}?list={published.key}&said={said}#answers", 303)


def _again(visit: Visit, status: int, problem: str) -> HTMLResponse:
    """The page with what was typed, and what to do about it."""
    return _firm_page(visit, status, problem=problem, kept={name: visit.text(name) for name in ANSWER})


@router.post("/verdicts")
def give_verdict(visit: Annotated[Visit, Depends(Admitted(GIVE_VERDICT))]) -> Response:
    """Whether the alert was useful."""
    published, found = published_of(visit)
    answer = (visit.text("is_useful"), visit.text("reason"), visit.text("note"))
    if not is_on_alert(found):
        return _again(visit, 400, NO_ALERT_HERE)
    try:
        verdicts.give_verdict(
            visit.services.engine, found["siren"], published, visit.who.name, follows_of(visit), *answer
        )
    except OvertakenError:
        return _again(visit, 409, OVERTAKEN)
    return _back(visit, "verdicts")


@router.post("/wrong-data")
def report_wrong_data(visit: Annotated[Visit, Depends(Admitted(REPORT_WRONG_DATA))]) -> Response:
    """A figure that is wrong, for the data team."""
    published, found = published_of(visit)
    fields = wrong_fields(_explained(visit))
    answer = (visit.who.name, visit.text("field"), fields, visit.text("note"))
    wrong_data.report(visit.services.engine, found["siren"], published, *answer)
    return _back(visit, "wrong-data")
