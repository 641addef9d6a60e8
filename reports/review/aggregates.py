"""The firms of a territory counted: by month, by place, by activity, by size, and what became of those on alert.

Only firms in business are counted. What is counted of a list is kept: its files never change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final

from features.insolvency import IN_BONIS, OPENING
from features.themes.profile import SIZE_CLASSES
from models.alerts import HIGH, MODERATE, NO_ALERT
from reports.review.access import Right
from reports.review.columns import Table
from reports.review.conditions import SECTION
from reports.review.data import PublishedList, Reader
from reports.review.kept import kept
from reports.review.listing import PLACES, inside, inside_lists, moved, with_places
from reports.review.sql import Part, Sql, beside, every, one_of, parquet, part_of, select

# How many lists are looked back at.
PAST: Final = 24
LARGEST_SIZE: Final = "250+"
_SIZE: Final = (
    "CASE "
    + " ".join(f"WHEN listed.headcount < {limit} THEN '{name}'" for limit, name in SIZE_CLASSES)
    + f" WHEN isfinite(listed.headcount::DOUBLE) THEN '{LARGEST_SIZE}' ELSE '' END"
)
# What firms are grouped by -> the expression of a firm's group; blank where it is not known.
DIMENSIONS: Final = {
    "departement": "coalesce(listed.departement, '')",
    "section": f"coalesce({SECTION}, '')",
    "size": _SIZE,
}
_ON_ALERT: Final = f"listed.alert <> '{NO_ALERT}'"
_EMPLOYING: Final = f"FILTER ({_ON_ALERT} AND isfinite(listed.headcount::DOUBLE))"
_COUNTED: Final = (
    "count(*) AS firms",
    f"count(*) FILTER (listed.alert = '{HIGH}') AS high",
    f"count(*) FILTER (listed.alert = '{MODERATE}') AS moderate",
    f"coalesce(sum(listed.headcount) {_EMPLOYING}, 0)::DOUBLE AS employees",
    f"coalesce(max(listed.headcount) {_EMPLOYING}, 0)::DOUBLE AS largest",
)
_IN_BUSINESS: Final = Sql("listed.state = ?", (IN_BONIS,))


@dataclass(frozen=True)
class Counts:
    """Firms in business, those at each level of alert, and how many people those on alert employ.

    largest: how many the largest firm on alert employs.
    """

    firms: int = 0
    high: int = 0
    moderate: int = 0
    employees: float = 0.0
    largest: float = 0.0

    @property
    def alerts(self) -> int:
        """Firms on alert, at either level."""
        return self.high + self.moderate

    @property
    def share(self) -> float | None:
        """The share of the firms that are on alert."""
        return self.alerts / self.firms if self.firms else None

    @staticmethod
    def total(groups: Iterable[Counts]) -> Counts:
        """Groups as one."""
        found = list(groups)
        firms, high = sum(one.firms for one in found), sum(one.high for one in found)
        moderate, employees = sum(one.moderate for one in found), sum(one.employees for one in found)
        return Counts(firms, high, moderate, employees, max((one.largest for one in found), default=0.0))


@dataclass(frozen=True)
class Became:
    """What became, up to a list, of the firms on alert of an earlier one.

    procedure: a procedure opened since; still: on alert; off: not any more; gone: in no list any more.
    """

    period: date
    procedure: int
    still: int
    off: int
    gone: int

    @property
    def parts(self) -> tuple[int, ...]:
        """The firms, by what became of them."""
        return (self.procedure, self.still, self.off, self.gone)


def prepare(reader: Reader, published: PublishedList, right: Right) -> None:
    """Count what the pages of a territory tell, and find the firms that moved from one to another."""
    for count in (by_month, by_group, became):
        count(reader, published, right)
    moved(reader, _past(published), published.newest or published.path)


def by_month(reader: Reader, published: PublishedList, right: Right) -> dict[date, Counts]:
    """The firms in each of the last lists, the newest first."""
    months = _by_month_and_place(reader, published.alone)
    inside = {month: [found for places, found in there if right.holds(places)] for month, there in months.items()}
    return {month: Counts.total(found) for month, found in inside.items() if found}


@lru_cache(maxsize=4)
def _by_month_and_place(
    reader: Reader, published: PublishedList
) -> Mapping[date, Sequence[tuple[Sequence[str | None], Counts]]]:
    """Once for all territories: the firms in each of the last lists, the newest first, by where they were and are."""
    firms = with_places(reader, _past(published)[:PAST], published.newest or published.path)
    told = ["listed.period::DATE AS period", PLACES, *_COUNTED]
    rows = reader.query(*select(told, firms, _IN_BUSINESS, "GROUP BY ALL ORDER BY 1 DESC"))
    found: dict[date, list[tuple[Sequence[str | None], Counts]]] = {}
    for row in rows:
        found.setdefault(row.pop("period"), []).append((row.pop("places"), Counts(**row)))
    return found


@kept
def by_group(reader: Reader, published: PublishedList, right: Right) -> dict[str, dict[str, Counts]]:
    """The firms of a list by each of DIMENSIONS: dimension -> code -> counts."""
    firms = part_of(parquet(published.path), Table.LIST)
    selected = [f"{expression} AS by_{name}" for name, expression in DIMENSIONS.items()]
    sets = ", ".join(f"(by_{name})" for name in DIMENSIONS)
    then = f"GROUP BY GROUPING SETS ({sets}) ORDER BY ALL"
    where = every([inside(reader, published, right), _IN_BUSINESS])
    rows = reader.query(*select([*selected, *_COUNTED], firms, where, then))
    found: dict[str, dict[str, Counts]] = {name: {} for name in DIMENSIONS}
    for row in rows:
        codes = {name: row.pop(f"by_{name}") for name in DIMENSIONS}
        (name,) = (name for name, code in codes.items() if code is not None)
        found[name][codes[name]] = Counts(**row)
    return found


@lru_cache(maxsize=256)
def became(reader: Reader, published: PublishedList, right: Right) -> list[Became]:
    """What became of the firms on alert of each earlier list, the newest first."""
    if not published.earlier:
        return []
    earlier = part_of(parquet(*_past(published)[1:]), Table.LIST)
    others: list[Part | Sql] = [part_of(parquet(published.path), "today")]
    opened = _openings(published)
    has_opened = f"today.state <> '{IN_BONIS}'"
    if opened is not None:
        others.append(opened)
        has_opened = f"({has_opened} OR opened.opened_on >= listed.period)"
    on_alert = f"today.alert <> '{NO_ALERT}'"
    parts = {
        "procedure": f"({has_opened}) IS TRUE",
        "still": f"({has_opened}) IS NOT TRUE AND {on_alert}",
        "off": f"({has_opened}) IS NOT TRUE AND NOT {on_alert}",
        "gone": f"({has_opened}) IS NOT TRUE AND today.alert IS NULL",
    }
    counted = [f"count(*) FILTER ({condition}) AS {name}" for name, condition in parts.items()]
    where = every([_inside_past(reader, published, right), Sql(_ON_ALERT)])
    then = "GROUP BY 1 ORDER BY 1 DESC"
    asked = select(["listed.period::DATE AS period", *counted], beside(earlier, *others), where, then)
    return [Became(**row) for row in reader.query(*asked)]


def _openings(published: PublishedList) -> Sql | None:
    """The last opening of a procedure of each firm as known on the list's day; None where a build kept none."""
    table = published.snapshot.table
    if table is None or not table.procedures.exists():
        return None
    day = published.period
    known = Sql("stage = ? AND known_at <= ? AND (withdrawn_at IS NULL OR withdrawn_at > ?)", (OPENING, day, day))
    last = select(["siren", "max(effective_on) AS opened_on"], parquet(table.procedures), known, "GROUP BY siren")
    return Sql(f"({last.text}) opened", last.values)


def on_alert_among(reader: Reader, published: PublishedList, right: Right, sirens: Iterable[str]) -> Set[str]:
    """Those of the firms that are on alert in the territory."""
    return _on_alert(reader, published, right.place).intersection(sirens)


@kept
def _on_alert(reader: Reader, published: PublishedList, right: Right) -> frozenset[str]:
    where = every([inside(reader, published, right), Sql(_ON_ALERT)])
    rows = reader.query(*select(["listed.siren"], part_of(parquet(published.path), Table.LIST), where))
    return frozenset(row["siren"] for row in rows)


def in_any_list(reader: Reader, published: PublishedList, right: Right, sirens: Iterable[str]) -> list[str]:
    """Those of the firms that are in the territory on one of the last lists: some are no longer in the newest."""
    lists = part_of(parquet(*_past(published)[:PAST]), Table.LIST)
    where = every([_inside_past(reader, published, right), one_of("listed.siren", list(sirens))])
    return [row["siren"] for row in reader.query(*select(["DISTINCT listed.siren"], lists, where))]


def _past(published: PublishedList) -> tuple[Path, ...]:
    """The list and those that are looked back at, the newest first."""
    return (published.path, *published.earlier[:PAST])


def _inside_past(reader: Reader, published: PublishedList, right: Right) -> Sql:
    """Firms of the territory in any of these lists, but those that left it up to the newest of all."""
    return inside_lists(reader, _past(published), published.newest or published.path, right)
