"""The rows of a list's page: filtered in the Parquet files, read in full only for the firms that are shown."""

from array import array
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

from models.alerts import ALERTS
from reports.review import columns, filters
from reports.review.access import Kind, Right
from reports.review.asked import Asked
from reports.review.columns import IDENTITY, Table
from reports.review.conditions import Condition, Scene
from reports.review.data import PublishedList, Reader, Row
from reports.review.firm_rows import joined, kept_firms, paths_of, read_columns
from reports.review.kept import kept
from reports.review.names import names_of
from reports.review.sql import Beside, Sql, beside, every, named, one_of, parquet, part_of, select

PAGE_SIZE: Final = 50
# SIRENs, and where each of these firms is now.
Moves = tuple[Sequence[str], Sequence[str | None]]
NO_MOVES: Final[Moves] = ((), ())
PLACES: Final = (
    "[listed.departement, CASE WHEN moves.siren IS NULL THEN listed.departement ELSE moves.departement END] AS places"
)


@dataclass(frozen=True)
class Page:
    """rows: of one page, in order; total: firms at the levels asked; counts: firms by level, filters applied."""

    rows: list[Row]
    total: int
    counts: dict[str, int]
    asked: Asked

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def read_page(reader: Reader, scene: Scene, asked: Asked, right: Right, size: int | None = PAGE_SIZE) -> Page:
    """A page of a list for a user; every firm that meets the filters where size is None."""
    asked = asked.allowed(right)
    shows_alerts = right.may_see(Kind.SCORES)
    found = _conditions(reader, asked, scene, right)
    counts = _counts(reader, scene.published, found) if shows_alerts else {}
    if shows_alerts:
        found.append(Condition(one_of("listed.alert", asked.levels)))
    sirens = _sirens(reader, scene.published, found, asked, right, size)
    total = sum(counts[level] for level in asked.levels) if counts else _total(reader, scene.published, found)
    return Page(read_firms(reader, scene.published, sirens, right), total, counts, asked)


def read_firms(
    reader: Reader, published: PublishedList, sirens: Sequence[str], right: Right, names: Collection[str] | None = None
) -> list[Row]:
    """The columns that the user may see of firms of the territory, in the order given.

    names: of the columns that are needed; None for all of them.
    """
    shown = [column for column in columns.visible(right, published) if column.table]
    shown = [column for column in shown if names is None or column.name in names]
    selected = [f"{column.expression} AS {named(column.name)}" for column in shown]
    here = inside(reader, published, right)
    rows = read_columns(reader, published, sirens, selected, columns.tables_of(shown), here)
    by_siren = {row["siren"]: columns.without_hidden_figures(row, right) for row in rows}
    if right.departements is not None and any(row.get("rank") for row in rows):
        ranks = _ranks(reader, published, right.place)
        for row in by_siren.values():
            row["rank"] = bisect_right(ranks, row["rank"]) if row["rank"] else None
    return [by_siren[siren] for siren in sirens if siren in by_siren]


@kept
def _ranks(reader: Reader, published: PublishedList, right: Right) -> Sequence[int]:
    """The national ranks of the firms of the territory, in order."""
    ranked = every([Sql("listed.rank IS NOT NULL"), inside(reader, published, right)])
    ranks = "array_agg(listed.rank ORDER BY listed.rank) AS ranks"
    (row,) = reader.query(*select([ranks], part_of(parquet(published.path), Table.LIST), ranked))
    return array("I", row["ranks"] or ())


def inside(reader: Reader, published: PublishedList, right: Right) -> Sql:
    """Firms of the territory, on an older list those that did not leave it since."""
    return inside_lists(reader, (published.path,), published.newest, right)


def inside_lists(reader: Reader, lists: tuple[Path, ...], newest: Path | None, right: Right) -> Sql:
    """Firms of the territory in any of the lists, that did not leave it up to the newest; None where that is the list.

    The newest list is not looked at for each question: of the firms that it holds, it is kept which ones moved.
    """
    here = right.territory("listed.departement")
    moves = moved(reader, lists, newest) if newest and right.departements is not None else NO_MOVES
    if moves == NO_MOVES:
        return here
    there = right.territory("departement")
    elsewhere = Sql(f"({there.text}) IS NOT TRUE", there.values)
    left = select(["siren"], _as_table(moves), elsewhere)
    return every([here, Sql(f"listed.siren NOT IN ({left.text})", left.values)])


def with_places(reader: Reader, lists: tuple[Path, ...], newest: Path | None) -> Beside:
    """The firms of the lists; PLACES are where each was and is: in the territories that `Right.holds` both of.

    So that what is computed once tells of every territory, as `inside_lists` would.
    """
    moves = _as_table(moved(reader, lists, newest) if newest else NO_MOVES)
    return beside(part_of(parquet(*lists), Table.LIST), part_of(moves, "moves"))


def _as_table(moves: Moves) -> Sql:
    sirens, places = moves
    text = "(SELECT unnest(?::VARCHAR[]) AS siren, unnest(?::VARCHAR[]) AS departement)"
    return Sql(text, (list(sirens), list(places)))


@lru_cache(maxsize=32)
def moved(reader: Reader, lists: tuple[Path, ...], newest: Path) -> Moves:
    """The firms that one of the lists places elsewhere than the newest does, and where that places them."""
    tables = beside(part_of(parquet(*lists), Table.LIST), part_of(parquet(newest), "today"))
    where = Sql("today.siren IS NOT NULL AND listed.departement IS DISTINCT FROM today.departement")
    told = ["today.siren AS siren", "today.departement AS departement"]
    rows = reader.query(*select(told, tables, where, "GROUP BY ALL"))
    return tuple(row["siren"] for row in rows), tuple(row["departement"] for row in rows)


@kept
def offered_codes(reader: Reader, published: PublishedList, right: Right) -> Mapping[str, Collection[str]]:
    """For each filter that offers only the codes of the user's firms, by its name: those codes."""
    inside = [held for places, held in _codes_by_place(reader, published) if right.holds(places)]
    return {one.name: frozenset().union(*(held[one.name] for held in inside)) for one in filters.FILTERS if one.held}


@lru_cache(maxsize=4)
def _codes_by_place(reader: Reader, published: PublishedList) -> Sequence[tuple[Sequence[str | None], Row]]:
    held = [f"array_agg(DISTINCT {one.held}) AS {named(one.name)}" for one in filters.FILTERS if one.held]
    firms = with_places(reader, (published.path,), published.newest)
    rows = reader.query(*select([PLACES, *held], firms, None, "GROUP BY ALL"))
    return [(row.pop("places"), row) for row in rows]


def seen_last(reader: Reader, sirens: Sequence[str], right: Right) -> dict[str, tuple[Row, str]]:
    """Those of the firms that the user may see: IDENTITY in the last list that holds each, and that list's key."""
    newest = reader.published(None)
    found = {row["siren"]: (row, newest.key) for row in read_firms(reader, newest, sirens, right, IDENTITY)}
    others = [siren for siren in sirens if siren not in found]
    # What is kept of the newest list tells that a firm is in it, wherever it is.
    here = kept_firms(reader, newest, others)
    others = [siren for siren in others if siren not in here]
    for key, left in last_lists(reader, others).items() if others else ():
        if key != newest.key:
            rows = read_firms(reader, reader.published(key), left, right, IDENTITY)
            found |= {row["siren"]: (row, key) for row in rows}
    return found


def last_lists(reader: Reader, sirens: Sequence[str]) -> dict[str, list[str]]:
    """The firms by the last list that each is in: a closed one is no longer in the newest. Newest list first."""
    found: dict[str, list[str]] = {}
    left = set(sirens)
    # Most are in the newest list: older ones are read only for the others.
    for period, path in sorted(reader.snapshot().lists.items(), reverse=True):
        if not left:
            break
        rows = reader.query(*select(["siren"], parquet(path), one_of("siren", sorted(left)), "ORDER BY siren"))
        if rows:
            found[f"{period:%Y-%m}"] = [row["siren"] for row in rows]
            left -= {row["siren"] for row in rows}
    return found


def _conditions(reader: Reader, asked: Asked, scene: Scene, right: Right) -> list[Condition]:
    """All conditions but that of the alert level: territory first, then what is asked and can be told of this list."""
    if "q" in asked.values:
        scene = replace(scene, names=names_of(reader, scene.published))
    found = [
        one.condition(asked.values[one.name], scene)
        for one in filters.FILTERS
        if one.name in asked.values and one.name != "alert"
    ]
    is_there = paths_of(scene.published)
    return [Condition(inside(reader, scene.published, right)), *(one for one in found if one.table in is_there)]


def _sirens(
    reader: Reader,
    published: PublishedList,
    found: Sequence[Condition],
    asked: Asked,
    right: Right,
    size: int | None,
) -> list[str]:
    """The firms of a page, by the order asked, else the list's own, else by name for whoever may not see it."""
    by = columns.column(asked.sort or ("rank" if right.may_see(Kind.SCORES) else "name"))
    by = by if by.is_held(published) else columns.column("name")
    direction = "DESC" if asked.descending else "ASC"
    then = f"ORDER BY {by.expression} {direction} NULLS LAST, listed.siren"
    if size is not None:
        then += f" LIMIT {size} OFFSET {size * (asked.page - 1)}"
    tables = joined(published, {one.table for one in found} | columns.tables_of([by]))
    rows = reader.query(*select(["listed.siren"], tables, every(one.sql for one in found), then))
    return [row["siren"] for row in rows]


def _total(reader: Reader, published: PublishedList, found: Sequence[Condition]) -> int:
    tables = joined(published, {one.table for one in found})
    (row,) = reader.query(*select(["count(*) AS n"], tables, every(one.sql for one in found)))
    return int(row["n"])


def _counts(reader: Reader, published: PublishedList, found: Sequence[Condition]) -> dict[str, int]:
    """Firms by level of alert."""
    tables = joined(published, {one.table for one in found})
    where = every(one.sql for one in found)
    rows = reader.query(*select(["listed.alert AS alert", "count(*) AS n"], tables, where, "GROUP BY 1"))
    counts = {row["alert"]: row["n"] for row in rows}
    return {level: counts.get(level, 0) for level in ALERTS}
