"""Pages of figures: of a territory, for those who decide; of the whole country, for everyone where it is opened."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response

from features.nomenclatures import mapping
from models.alerts import HIGH, MODERATE
from reports import charts as drawing
from reports.cells import SPREADSHEET
from reports.charts import Series
from reports.review import aggregates, territory, tiles
from reports.review.access import EXPORT_TERRITORY, PUBLIC, TERRITORY, Kind, Right, Role
from reports.review.aggregates import Counts
from reports.review.cases.briefs import outcomes
from reports.review.codes import CLOSED
from reports.review.data import PublishedList
from reports.review.guard import Admitted, Refused, Visit, published_list
from reports.review.history import Chart
from reports.review.rendering import render
from reports.review.territory import Figures
from reports.review.words import Words

router = APIRouter()
# Whoever reads the public page sees what is counted over all firms, and no firm.
EVERYONE: Final = Right(Role.AGENT, None, frozenset({Kind.SCORES}))
NO_PAGE: Final = "There is no such page."


@router.get("/territory")
def territory_page(visit: Annotated[Visit, Depends(Admitted(TERRITORY))]) -> HTMLResponse:
    """The firms of one's territory in figures."""
    return _page(visit, "/territory", visit.who.right)


@router.get("/territory/{table}.csv")
def territory_file(table: str, visit: Annotated[Visit, Depends(Admitted(EXPORT_TERRITORY))]) -> Response:
    """One of its tables."""
    return _file(visit, table, visit.who.right)


@router.get("/figures")
def public_page(visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> HTMLResponse:
    """The firms of the country in figures, for everyone."""
    return _page(visit, "/figures", _opened(visit))


@router.get("/figures/{table}.csv")
def public_file(table: str, visit: Annotated[Visit, Depends(Admitted(PUBLIC))]) -> Response:
    """One of its tables."""
    return _file(visit, table, _opened(visit))


def _opened(visit: Visit) -> Right:
    if not visit.services.configuration.public_figures:
        raise Refused(404, NO_PAGE)
    return EVERYONE


def _figures(visit: Visit, published: PublishedList, right: Right, words: Words) -> dict[str, Figures]:
    """The tables, by name. What agents do about firms is not for everyone."""
    reader = visit.services.reader
    groups = aggregates.by_group(reader, published, right.place)
    months = aggregates.by_month(reader, published, right.place)
    found = [
        territory.by_month({f"{period:%Y-%m}": counts for period, counts in months.items()}, words),
        territory.by_departement(groups["departement"], words, is_public=right is EVERYONE),
        territory.by_activity(groups["section"], words),
        territory.by_size(groups["size"], words),
        territory.of_past_lists(aggregates.became(reader, published, right.place), months, words),
    ]
    if right is not EVERYONE:
        found += _followed(visit, published, right, words, Counts.total(groups["size"].values()))
    return {one.name: one for one in found}


def _followed(visit: Visit, published: PublishedList, right: Right, words: Words, whole: Counts) -> list[Figures]:
    """What agents do about the firms on alert, and what became of those whose follow-up is closed."""
    reader, standing = visit.services.reader, outcomes(visit.services.engine)
    on_alert = aggregates.on_alert_among(reader, published, right, standing)
    closed = {siren: outcome for siren, (state, outcome) in standing.items() if state == CLOSED}
    ended = aggregates.in_any_list(reader, published, right, closed)
    return [
        territory.by_follow_up(Counter(standing[siren][0] for siren in on_alert), whole, words),
        territory.by_outcome(Counter(closed[siren] for siren in ended), words),
    ]


def _file(visit: Visit, name: str, right: Right) -> Response:
    published, words = published_list(visit.services.reader, None), Words(visit.language)
    figures = _figures(visit, published, right, words).get(name)
    if figures is None:
        raise Refused(404, NO_PAGE)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{published.key}.csv"'}
    content = territory.as_csv(figures, published.is_simulated, words)
    return Response(content, media_type=SPREADSHEET, headers=headers)


def _page(visit: Visit, address: str, right: Right) -> HTMLResponse:
    published, words = published_list(visit.services.reader, None), Words(visit.language)
    figures = _figures(visit, published, right, words)
    groups = aggregates.by_group(visit.services.reader, published, right.place)["departement"]
    context: dict[str, Any] = {
        "address": address,
        "published": published,
        "is_simulated": published.is_simulated,
        "horizon": published.horizon,
        "is_public": right is EVERYONE,
        "figures": figures,
        "largest_share": {name: largest_share(one) for name, one in figures.items()},
        "chart": months_chart(aggregates.by_month(visit.services.reader, published, right.place), words),
        "map": tile_map(groups, is_public=right is EVERYONE) if len(groups) > 1 else None,
    }
    return render(visit.request, visit.services, visit.account, "territory.html", **context)


def largest_share(figures: Figures) -> float:
    """The largest share in a table: whose bar takes the whole width."""
    return max((cell for row in figures.all_rows for cell in row if isinstance(cell, float)), default=0.0)


def months_chart(months: Mapping[Any, Counts], words: Words) -> Chart | None:
    """The alerts by level in each list, oldest first, as far as they are told; its figures are in the table below."""
    if len(months) < 2:
        return None
    days = list(months)[::-1]
    cells = territory.told([months[day] for day in days], are_parts=False)
    series = [
        Series(words.level(HIGH), tuple(row[3] for row in cells), "second"),  # type: ignore[misc]  # numbers or None
        Series(words.level(MODERATE), tuple(row[4] for row in cells), "first"),  # type: ignore[misc]
    ]
    title = words.say("Firms on alert by level and month")
    span = words.say(
        "From {first} to {last}; the table below holds the figures.",
        first=words.month(days[0]),
        last=words.month(days[-1]),
    )
    svg = drawing.bar_chart(title, span, days, series, lambda value: words.number(value, 1))
    return Chart(title, svg, (), (), [(one.name, one.style) for one in series])


def tile_map(groups: Mapping[str, Counts], is_public: bool) -> dict[str, Any]:
    """The map: its rows of codes, and for each code what its square tells.

    shade: None where the share is not told. steps: the shares from which to which each shade stands.
    """
    known = territory.known_to_agents(list(groups)) if is_public else ()
    cells = dict(zip(groups, territory.told(list(groups.values()), known=known), strict=True))
    shares = {code: row[2] for code, row in cells.items() if isinstance(row[2], float)}
    shade, labels = tiles.shades(shares), mapping("departements", "departement", "departement_label")
    squares = {
        code: {"label": labels.get(code, code), "alerts": row[1], "share": row[2], "shade": shade.get(code)}
        for code, row in cells.items()
    }
    edges = [min(shares.values(), default=0.0), *tiles.bounds(shares.values()), max(shares.values(), default=0.0)]
    return {"rows": tiles.rows_with(groups), "squares": squares, "steps": list(pairwise(edges))}
