"""The rows of a list's page: filtered in the Parquet files, read in full only for the firms that are shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from models.alerts import ALERTS
from reports.review import columns, filters
from reports.review.access import Kind, Right
from reports.review.asked import Asked
from reports.review.columns import Table
from reports.review.conditions import Condition, Scene
from reports.review.data import PublishedList, Reader, Row
from reports.review.sql import Sql, beside, every, named, one_of, parquet, part_of, select

PAGE_SIZE: Final = 50
NO_CONDITION: Final = Sql("true")


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
    found = _conditions(asked, scene, right)
    counts = _counts(reader, scene.published, found) if shows_alerts else {}
    if shows_alerts:
        found.append(Condition(one_of("listed.alert", asked.levels)))
    sirens = _sirens(reader, scene.published, found, asked, right, size)
    total = sum(counts[level] for level in asked.levels) if counts else _total(reader, scene.published, found)
    return Page(read_firms(reader, scene.published, sirens, right), total, counts, asked)


def read_firms(reader: Reader, published: PublishedList, sirens: Sequence[str], right: Right) -> list[Row]:
    """The columns that the user may see of firms of the territory, in the order given."""
    shown = [column for column in columns.visible(right, published) if column.table]
    only = one_of("siren", sirens)
    selected = [f"{column.expression} AS {named(column.name)}" for column in shown]
    tables = _joined(published, columns.tables_of(shown), only)
    rows = reader.query(*select(selected, tables, inside(right, published, only)))
    by_siren = {row["siren"]: columns.without_hidden_figures(row, right) for row in rows}
    if right.may_see(Kind.SCORES) and right.departements is not None:
        for row in _ranks(reader, published, list(by_siren), right):
            by_siren[row["siren"]]["rank"] = row["rank"]
    return [by_siren[siren] for siren in sirens if siren in by_siren]


def _ranks(reader: Reader, published: PublishedList, sirens: Sequence[str], right: Right) -> list[Row]:
    """The rank of firms among those of the territory: siren, rank."""
    firms = part_of(parquet(published.path), Table.LIST, NO_CONDITION)
    ranked = every([Sql("listed.rank IS NOT NULL"), inside(right, published)])
    among = select(["siren", "row_number() OVER (ORDER BY listed.rank) AS rank"], firms, ranked)
    return reader.query(*select(["*"], Sql(f"({among.text}) among", among.values), one_of("siren", sirens)))


def inside(right: Right, published: PublishedList, only: Sql = NO_CONDITION) -> Sql:
    """Firms of the territory, on an older list those that did not leave it since.

    only: a condition on `siren`, to which the newest list is narrowed down.
    """
    return inside_since(right, published.newest, only)


def inside_since(right: Right, newest: Path | None, only: Sql = NO_CONDITION) -> Sql:
    """Firms of the territory that did not leave it up to the newest list; None where it is the one that is read."""
    here = right.territory("listed.departement")
    if right.departements is None or newest is None:
        return here
    there = right.territory("departement")
    elsewhere = Sql(f"({there.text}) IS NOT TRUE", there.values)
    left = select(["siren"], parquet(newest), every([only, elsewhere]))
    return every([here, Sql(f"listed.siren NOT IN ({left.text})", left.values)])


@lru_cache(maxsize=256)
def offered_codes(reader: Reader, published: PublishedList, right: Right) -> Mapping[str, Collection[str]]:
    """For each filter that offers only the codes of the user's firms, by its name: those codes."""
    held = [f"array_agg(DISTINCT {one.held}) AS {named(one.name)}" for one in filters.FILTERS if one.held]
    firms = part_of(parquet(published.path), Table.LIST, NO_CONDITION)
    (row,) = reader.query(*select(held, firms, inside(right, published)))
    return {name: frozenset(codes or ()) for name, codes in row.items()}


def seen_last(reader: Reader, sirens: Sequence[str], right: Right) -> dict[str, tuple[Row, str]]:
    """Those of the firms that the user may see, each as the last list that holds it shows it, and that list's key."""
    newest = reader.published(None)
    found = {row["siren"]: (row, newest.key) for row in read_firms(reader, newest, sirens, right)}
    others = [siren for siren in sirens if siren not in found]
    for key, left in last_lists(reader, others).items() if others else ():
        if key != newest.key:
            found |= {row["siren"]: (row, key) for row in read_firms(reader, reader.published(key), left, right)}
    return found


def last_lists(reader: Reader, sirens: Sequence[str]) -> dict[str, list[str]]:
    """The firms by the last list that each is in: a closed one is no longer in the newest. Newest list first."""
    found: dict[str, list[str]] = {}
    left = set(sirens)
    # Most are in the newest list: older ones are read only for the others.
    for period, path in sorted(reader.folder.snapshot().lists.items(), reverse=True):
        if not left:
            break
        rows = reader.query(*select(["siren"], parquet(path), one_of("siren", sorted(left)), "ORDER BY siren"))
        if rows:
            found[f"{period:%Y-%m}"] = [row["siren"] for row in rows]
            left -= {row["siren"] for row in rows}
    return found


def _conditions(asked: Asked, scene: Scene, right: Right) -> list[Condition]:
    """All conditions but that of the alert level: territory first, then what is asked and can be told of this list."""
    found = [
        one.condition(asked.values[one.name], scene)
        for one in filters.FILTERS
        if one.name in asked.values and one.name != "alert"
    ]
    is_there = _paths(scene.published)
    return [Condition(inside(right, scene.published)), *(one for one in found if one.table in is_there)]


def _paths(published: PublishedList) -> dict[Table, Path]:
    """The tables behind a list that are there."""
    paths = {
        Table.LIST: published.path,
        Table.REGISTER: published.firms,
        Table.FEATURES: published.features,
        Table.SCORES: published.scores,
    }
    return {table: path for table, path in paths.items() if path is not None}


def _joined(published: PublishedList, tables: Collection[Table], only: Sql = NO_CONDITION) -> Sql:
    """The list with what the tables hold of its firms; only: a condition on `siren` that each of them is read under."""
    paths = _paths(published)
    first, *others = (
        part_of(parquet(paths[table]), table, only) for table in Table if table is Table.LIST or table in tables
    )
    return beside(first, *others)


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
    tables = _joined(published, {one.table for one in found} | columns.tables_of([by]))
    rows = reader.query(*select(["listed.siren"], tables, every(one.sql for one in found), then))
    return [row["siren"] for row in rows]


def _total(reader: Reader, published: PublishedList, found: Sequence[Condition]) -> int:
    tables = _joined(published, {one.table for one in found})
    (row,) = reader.query(*select(["count(*) AS n"], tables, every(one.sql for one in found)))
    return int(row["n"])


def _counts(reader: Reader, published: PublishedList, found: Sequence[Condition]) -> dict[str, int]:
    """Firms by level of alert."""
    tables = _joined(published, {one.table for one in found})
    where = every(one.sql for one in found)
    rows = reader.query(*select(["listed.alert AS alert", "count(*) AS n"], tables, where, "GROUP BY 1"))
    counts = {row["alert"]: row["n"] for row in rows}
    return {level: counts.get(level, 0) for level in ALERTS}
