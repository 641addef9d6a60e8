"""Pages of team leads, data scientists and administrators: verdicts and wrong data."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from reports.cells import SPREADSHEET, spreadsheet_csv
from reports.review import chains, verdicts, wrong_data
from reports.review.access import ANSWER_WRONG_DATA, EXPORT_VERDICTS, READ_WRONG_DATA, TEAM
from reports.review.data import Row
from reports.review.guard import Admitted, Refused, Visit, follows_of, published_list
from reports.review.listing import read_firms
from reports.review.rendering import render

router = APIRouter()
NOT_ANSWERED = "Choose what became of it; where it was not corrected, write why."


@router.get("/team")
def team(visit: Annotated[Visit, Depends(Admitted(TEAM))]) -> Response:  # noqa: ARG001 - its rule
    """On to the follow-ups of the territory: the address of versions up to 0.2."""
    return RedirectResponse("/follow-ups?scope=all", 303)


@router.get("/verdicts.csv")
def export_verdicts(visit: Annotated[Visit, Depends(Admitted(EXPORT_VERDICTS))]) -> Response:
    """The standing verdicts on the firms of the territory, keyed by siren, list and model."""
    rows = _of_territory(visit, verdicts.verdict_rows(visit.services.engine))
    return _as_file(visit, verdicts.VERDICT_COLUMNS, rows, "verdicts.csv")


def _as_file(visit: Visit, columns: Sequence[str], rows: Sequence[Row], name: str) -> Response:
    content = spreadsheet_csv(columns, ([row[column] for column in columns] for row in rows), visit.language)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=SPREADSHEET, headers=headers)


def _of_territory(visit: Visit, rows: list[Row]) -> list[Row]:
    """The answers on firms that were in the territory on the answer's list, or on the newest where it is gone."""
    if visit.who.right.departements is None:
        return rows
    inside = _firms_of_territory(visit, [(row["list_period"], row["siren"]) for row in rows])
    return [row for row in rows if (row["list_period"], row["siren"]) in inside]


def _firms_of_territory(visit: Visit, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Row]:
    """Those of the firms, each with a list, that were in the territory on it, or are on the newest where it is gone."""
    reader, right, keys = visit.services.reader, visit.who.right, visit.services.reader.keys()
    sirens: defaultdict[str, set[str]] = defaultdict(set)
    for key, siren in asked:
        sirens[key].add(siren)
    return {
        (key, firm["siren"]): firm
        for key, of_list in sirens.items()
        for firm in read_firms(reader, published_list(reader, key if key in keys else None), sorted(of_list), right)
    }


@router.get("/wrong-data")
def wrong_data_page(visit: Annotated[Visit, Depends(Admitted(READ_WRONG_DATA))]) -> HTMLResponse:
    """What agents reported to the data team, and what became of it."""
    return _wrong_data_page(visit)


def _wrong_data_page(
    visit: Visit, status: int = 200, problem: str = "", number: int = 0, note: str = ""
) -> HTMLResponse:
    """The page; problem: with the answer `note` to the report `number`, which was not saved."""
    found = _reports(visit)
    firms = _firms_of_territory(visit, [(one.list_period, one.siren) for one in found])
    context: dict[str, Any] = {
        "reports": found,
        "names": {one.id: firms.get((one.list_period, one.siren), {}).get("name", one.siren) for one in found},
        "report_states": wrong_data.REPORT_STATES,
        "exports_verdicts": EXPORT_VERDICTS.admits(visit.who.right),
        "problem": problem,
        "kept": {number: note},
    }
    return render(visit.request, visit.services, visit.account, "wrong_data.html", status, **context)


def _reports(visit: Visit) -> list[wrong_data.Report]:
    """The reports on firms of the territory and figures that the user may see."""
    found = [one for one in wrong_data.reports_of(visit.services.engine) if one.is_open_to(visit.who.right)]
    inside = {row["id"] for row in _of_territory(visit, [vars(one) for one in found])}
    return [one for one in found if one.id in inside]


@router.get("/wrong-data.csv")
def export_wrong_data(visit: Annotated[Visit, Depends(Admitted(READ_WRONG_DATA))]) -> Response:
    """The same as a file."""
    return _as_file(visit, wrong_data.REPORT_COLUMNS, [vars(one) for one in _reports(visit)], "wrong-data.csv")


@router.post("/wrong-data/{number}")
def answer_wrong_data(number: int, visit: Annotated[Visit, Depends(Admitted(ANSWER_WRONG_DATA))]) -> Response:
    """What became of a report."""
    if number not in {report.id for report in _reports(visit)}:
        raise Refused(404, "There is no such page.")
    given = (visit.text("state"), visit.text("note"))
    try:
        wrong_data.answer(visit.services.engine, number, visit.who.name, follows_of(visit), *given)
    except chains.OvertakenError:
        return _wrong_data_page(visit, 409, chains.OVERTAKEN, number, given[1])
    except chains.RefusedAnswerError:
        return _wrong_data_page(visit, 400, NOT_ANSWERED, number, given[1])
    return RedirectResponse(f"/wrong-data#report-{number}", 303)
