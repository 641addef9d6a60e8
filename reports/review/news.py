"""What is new on a list for a user: the firms newly on alert, and those whose risk rose most since the list before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from features.insolvency import IN_BONIS
from reports.review.access import Right
from reports.review.conditions import Scene, newly_on_alert
from reports.review.data import PublishedList, Reader, Row
from reports.review.kept import kept
from reports.review.listing import PLACES, read_firms, with_places
from reports.review.sql import Beside, Sql, parquet, part_of, select

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


def new_alerts(reader: Reader, published: PublishedList, right: Right) -> tuple[tuple[str, ...], int]:
    """The firms most at risk of those on alert that were not on the list before, and how many these are."""
    rows = [row for row in _new_by_place(reader, published.alone) if right.holds(row["places"])]
    count = sum(row["n"] for row in rows if row["place_rank"] == 1)
    return tuple(row["siren"] for row in rows[:SHOWN]), count


@lru_cache(maxsize=4)
def _new_by_place(reader: Reader, published: PublishedList) -> Sequence[Row]:
    """Of each place, the first ones and how many there are: those of any territory are among them."""
    firms = with_places(reader, (published.path,), published.newest)
    where = newly_on_alert(None, Scene(published)).sql
    order = "listed.rank, listed.siren"
    told = ["listed.siren AS siren", PLACES, "count(*) OVER (PARTITION BY places) AS n", _rank_in_place(order)]
    return reader.query(*select(told, firms, where, f"QUALIFY place_rank <= {SHOWN} ORDER BY {order}"))


@kept
def risen(reader: Reader, published: PublishedList, right: Right) -> tuple[Risen, ...]:
    """The firms in business whose risk rose most since the list before; none on the first list."""
    inside = (row for row in _risen_by_place(reader, published) if right.holds(row["places"]))
    return tuple(Risen(row["siren"], row["before"], row["now"], row["movement"]) for row in islice(inside, SHOWN))


@lru_cache(maxsize=4)
def _risen_by_place(reader: Reader, published: PublishedList) -> Sequence[Row]:
    """Of each place, those whose risk rose most: those of any territory are among them."""
    if not published.earlier:
        return []
    rise = "listed.probability - earlier.probability"
    firms = with_places(reader, (published.path,), published.newest)
    tables = Beside((*firms.parts, part_of(parquet(published.earlier[0]), "earlier")))
    has_risen = Sql(f"listed.state = ? AND {rise} >= ?", (IN_BONIS, SMALLEST_RISE))
    order = f"{rise} DESC, listed.siren"
    told = ["listed.siren AS siren", PLACES, "earlier.probability AS before", "listed.probability AS now"]
    told += ["listed.movement AS movement" if "movement" in published.columns else "NULL AS movement"]
    told += [_rank_in_place(order)]
    return reader.query(*select(told, tables, has_risen, f"QUALIFY place_rank <= {SHOWN} ORDER BY {order}"))


def _rank_in_place(order: str) -> str:
    return f"row_number() OVER (PARTITION BY places ORDER BY {order}) AS place_rank"


def told_anywhere(reader: Reader, published: PublishedList) -> Sequence[str]:
    """The firms that are in the news of some territory."""
    found = (*_new_by_place(reader, published.alone), *_risen_by_place(reader, published.alone))
    return [row["siren"] for row in found]


@lru_cache(maxsize=256)
def firms_in_the_news(reader: Reader, published: PublishedList, right: Right) -> Mapping[str, Row]:
    """The firms of `new_alerts` and `risen` as the user may see them, by SIREN."""
    place = right.place
    sirens = [*new_alerts(reader, published, place)[0], *(one.siren for one in risen(reader, published, place))]
    return {row["siren"]: row for row in read_firms(reader, published, list(dict.fromkeys(sirens)), right)}
