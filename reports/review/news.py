"""What is new on a list for a user: the firms newly on alert, and those whose risk rose most since the list before."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from features.insolvency import IN_BONIS
from reports.review.access import Right
from reports.review.columns import Table
from reports.review.conditions import Scene, newly_on_alert
from reports.review.data import PublishedList, Reader, Row
from reports.review.kept import kept
from reports.review.listing import inside, read_firms
from reports.review.sql import Sql, beside, every, one_of, parquet, part_of, select

SHOWN: Final = 5
# A smaller rise of the risk is not told: one point.
SMALLEST_RISE: Final = 0.01


@dataclass(frozen=True)
class Risen:
    """A firm whose risk rose from one probability to another. movement: the list's record of why, None without one."""

    siren: str
    before: float
    now: float
    movement: object


def prepare(reader: Reader, published: PublishedList, place: Right) -> None:
    """Find what is new in a territory."""
    new_alerts(reader, published, place)
    risen(reader, published, place)


@kept
def new_alerts(reader: Reader, published: PublishedList, right: Right) -> tuple[tuple[str, ...], int]:
    """The firms most at risk of those on alert that were not on the list before, and how many these are."""
    firms = part_of(parquet(published.path), Table.LIST)
    where = every([inside(reader, published, right), newly_on_alert(None, Scene(published)).sql])
    then = f"ORDER BY listed.rank, listed.siren LIMIT {SHOWN}"
    rows = reader.query(*select(["listed.siren", "count(*) OVER () AS n"], firms, where, then))
    return tuple(row["siren"] for row in rows), rows[0]["n"] if rows else 0


@kept
def risen(reader: Reader, published: PublishedList, right: Right) -> tuple[Risen, ...]:
    """The firms in business whose risk rose most since the list before; none on the first list."""
    if not published.earlier:
        return ()
    rise = "listed.probability - earlier.probability"
    tables = beside(part_of(parquet(published.path), Table.LIST), part_of(parquet(published.earlier[0]), "earlier"))
    has_risen = Sql(f"listed.state = ? AND {rise} >= ?", (IN_BONIS, SMALLEST_RISE))
    where = every([inside(reader, published, right), has_risen])
    then = f"ORDER BY {rise} DESC, listed.siren LIMIT {SHOWN}"
    told = ["listed.siren", "earlier.probability AS before", "listed.probability AS now"]
    rows = reader.query(*select(told, tables, where, then))
    movements = _movements(reader, published, [row["siren"] for row in rows])
    return tuple(Risen(**row, movement=movements.get(row["siren"])) for row in rows)


def _movements(reader: Reader, published: PublishedList, sirens: list[str]) -> dict[str, object]:
    if "movement" not in published.columns or not sirens:
        return {}
    rows = reader.query(*select(["siren", "movement"], parquet(published.path), one_of("siren", sirens)))
    return {row["siren"]: row["movement"] for row in rows}


@lru_cache(maxsize=256)
def firms_in_the_news(reader: Reader, published: PublishedList, right: Right) -> Mapping[str, Row]:
    """The firms of `new_alerts` and `risen` as the user may see them, by SIREN."""
    place = right.place
    sirens = [*new_alerts(reader, published, place)[0], *(one.siren for one in risen(reader, published, place))]
    return {row["siren"]: row for row in read_firms(reader, published, list(dict.fromkeys(sirens)), right)}
