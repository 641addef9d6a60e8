"""The rows of a list's page: filtered in the Parquet files, read in full only for the firms that are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.alerts import ALERTS
from reports.review.access import Right, visible_reason
from reports.review.data import DataFolder, PublishedList, Row, one_of, source
from reports.review.filters import ORDERS, PAST_LISTS, Condition, Filters, conditions, inside

PAGE_SIZE: Final = 50
# Our column -> how it is read, and from which table beside the list.
READ: Final = {
    **ORDERS,
    "siren": "l.siren",
    "is_protected": "coalesce(f.diffusion, '') <> 'O'",
    "naf": "l.naf",
    "activity": "l.activity",
    "legal_category": "f.legal_category",
    "created_on": "f.created_on",
    "commune": "f.commune_name",
    "region": "l.region",
    "state": "l.state",
    "alert": "l.alert",
    "first_alert": "l.first_alert",
    "since": "l.alert_since",
    "probability_low": "s.probability_low",
    "probability_high": "s.probability_high",
    "main_reason": "l.reasons[1]",
    "has_payment_plan": "x.payment_plans_active > 0",
}


@dataclass(frozen=True)
class Page:
    """rows: of one page, in order; total: firms at the levels asked; counts: firms by level, filters applied."""

    rows: list[Row]
    total: int
    counts: dict[str, int]
    filters: Filters

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // PAGE_SIZE))


def tables(published: PublishedList, names: frozenset[str], only: str = "") -> str:
    """The list joined with the tables named: f the register, x the features, s the scores.

    only: a condition on `siren` that each of them is read under.
    """
    where = f" WHERE {only}" if only else ""
    beside = tables_beside(published, names)
    joins = [f"LEFT JOIN (FROM {source(path)}{where}) {name} USING (siren)" for name, path in beside.items()]
    return f"(FROM {source(published.path)}{where}) l " + " ".join(joins)


def tables_beside(published: PublishedList, names: frozenset[str]) -> dict[str, Path]:
    """Those of the tables named that are there."""
    all_tables = {"f": published.firms, "x": published.features, "s": published.scores}
    return {name: path for name, path in all_tables.items() if name in names and path is not None}


def is_available(published: PublishedList, name: str) -> bool:
    """Whether the tables behind a list hold a column; an older list may have outlived its features."""
    table, _, column = READ[name].partition(".")
    if table == "s":
        return column in published.score_columns
    if name == "since":
        return column in published.columns
    return not (table == "x" and published.features is None)


def columns_for(right: Right, published: PublishedList) -> list[str]:
    """The columns that a user may read of a list."""
    return [name for name in READ if right.may_see_column(name) and is_available(published, name)]


def read_page(
    folder: DataFolder,
    published: PublishedList,
    filters: Filters,
    right: Right,
    reviewed: Sequence[str] = (),
    followed: Sequence[str] = (),
    size: int | None = PAGE_SIZE,
) -> Page:
    """A page of a list for a user; every firm that meets the filters where size is None."""
    filters = filters.allowed(right)
    asked = conditions(filters, right, published, reviewed, followed)
    asked = [_often_on_alert(published, filters.min_alerts), *asked] if filters.min_alerts else asked
    asked = [condition for condition in asked if published.features is not None or "x" not in condition.tables]
    counts = _counts(folder, published, asked) if right.may_see_column("alert") else {}
    if right.may_see_column("alert"):
        asked.append(Condition("l.alert IN (SELECT unnest(?))", (list(filters.levels),)))
    where, parameters, names = _joined(asked)
    order, beside = _order(filters, right, published)
    limit = "" if size is None else f"LIMIT {size} OFFSET {size * (filters.page - 1)}"
    found = folder.query(
        f"SELECT l.siren FROM {tables(published, names | beside)} WHERE {where} ORDER BY {order} {limit}",  # noqa: S608
        parameters,
    )
    total = (
        sum(counts[level] for level in filters.levels)
        if counts
        else folder.query(f"SELECT count(*) AS n FROM {tables(published, names)} WHERE {where}", parameters)[0]["n"]  # noqa: S608
    )
    rows = read_firms(folder, published, [row["siren"] for row in found], right)
    return Page(rows, total, counts, filters)


def read_firms(folder: DataFolder, published: PublishedList, sirens: Sequence[str], right: Right) -> list[Row]:
    """The columns that the user may see of firms of the territory, in the order given."""
    columns = columns_for(right, published)
    selected = ", ".join(f"{READ[name]} AS {name}" for name in columns)
    only, marks = one_of("siren", sirens)
    territory = inside(right, published, only, marks)
    beside = frozenset("fxs") if "probability_low" in published.score_columns else frozenset("fx")
    marks *= 1 + len(tables_beside(published, beside))
    sql = f"SELECT {selected} FROM {tables(published, beside, only)} WHERE {territory.sql}"  # noqa: S608
    rows = {row["siren"]: row for row in folder.query(sql, [*marks, *territory.parameters])}
    for row in rows.values():
        if "main_reason" in row:
            row["main_reason"] = visible_reason(row["main_reason"], right)
    return [rows[siren] for siren in sirens if siren in rows]


def last_lists(folder: DataFolder, sirens: Sequence[str]) -> dict[str, list[str]]:
    """The firms by the last list that each is in: a closed one is no longer in the newest."""
    lists = folder.folder.snapshot().lists.values()
    only, marks = one_of("siren", sirens)
    sql = f"SELECT siren, max(period)::DATE AS period FROM {source(*lists)} WHERE {only} GROUP BY siren "  # noqa: S608
    sql += "ORDER BY period DESC, siren"
    found: dict[str, list[str]] = {}
    for row in folder.query(sql, marks):
        found.setdefault(f"{row['period']:%Y-%m}", []).append(row["siren"])
    return found


def _often_on_alert(published: PublishedList, times: int) -> Condition:
    """Firms on alert in that many of the last lists, this one included."""
    last = (published.path, *published.earlier[: PAST_LISTS - 1])
    sql = f"SELECT siren FROM {source(*last)} WHERE alert <> 'none' GROUP BY siren HAVING count(*) >= ?"  # noqa: S608
    return Condition(f"l.siren IN ({sql})", (times,))


def _counts(folder: DataFolder, published: PublishedList, asked: Sequence[Condition]) -> dict[str, int]:
    where, parameters, names = _joined(asked)
    sql = f"SELECT l.alert AS alert, count(*) AS n FROM {tables(published, names)} WHERE {where} GROUP BY 1"  # noqa: S608
    counts = {row["alert"]: row["n"] for row in folder.query(sql, parameters)}
    return {level: counts.get(level, 0) for level in ALERTS}


def _joined(asked: Sequence[Condition]) -> tuple[str, list[Any], frozenset[str]]:
    where = " AND ".join(f"({condition.sql})" for condition in asked)
    parameters = [value for condition in asked for value in condition.parameters]
    return where, parameters, frozenset().union(*(condition.tables for condition in asked))


def _order(filters: Filters, right: Right, published: PublishedList) -> tuple[str, frozenset[str]]:
    """The order asked, else the list's own, else by name for whoever may not see it; then by SIREN."""
    asked = filters.sort or ("rank" if right.may_see_column("rank") else "name")
    if asked in READ and not is_available(published, asked):
        asked = "name"
    column = ORDERS[asked]
    direction = "DESC" if filters.descending else "ASC"
    beside = frozenset("f") if asked == "name" else frozenset(column[0]) - {"l"}
    return f"{column} {direction} NULLS LAST, l.siren", beside
