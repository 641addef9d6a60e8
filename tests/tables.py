"""Tiny tables that a reader can check by eye."""

from collections.abc import Callable
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

DATES = ("period", "month", "started")
DATE_ENDINGS = ("_on", "_at", "_until")


def table(text: str, **types: str) -> ir.Table:
    """A table from `a | b` lines; dates by the column's name, numbers where they look so, blank is unknown."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    names = [name.strip() for name in lines[0].split("|")]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines[1:]]
    schema = {name: types.get(name) or _type(name, [row[n] for row in rows]) for n, name in enumerate(names)}
    columns = {name: [_value(row[n], schema[name]) for row in rows] for n, name in enumerate(names)}
    return ibis.memtable(pd.DataFrame(columns, dtype=object), schema=schema)


def _type(name: str, cells: list[str]) -> str:
    if name in DATES or name.endswith(DATE_ENDINGS):
        return "date"
    known = [cell for cell in cells if cell]
    try:
        [float(cell) for cell in known]
    except ValueError:
        return "string"
    return "string" if name in ("siren", "siret", "naf", "naf_division", "reason") or not known else "float64"


def _value(cell: str, kind: str) -> Any:
    if not cell:
        return None
    if kind == "date":
        return date.fromisoformat(cell)
    if kind.startswith("int"):
        return int(cell)
    return float(cell) if kind == "float64" else cell


def column(result: ir.Table, name: str, siren: str | None = None) -> list[Any]:
    """A column's values in order of firm and period, None where unknown."""
    rows = result if siren is None else result.filter(result.siren == siren)
    values = rows.order_by("siren", "period").to_pyarrow().column(name).to_pylist()
    return [round(value, 6) if isinstance(value, float) else value for value in values]


def months(siren: str, start: str, count: int, **facts: Any) -> ir.Table:
    """A dense calendar of one firm: `count` months from `start`, with constant facts."""
    first = date.fromisoformat(start)
    periods = [date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(count)]
    columns = {"siren": [siren] * count, "period": periods, "started": [first] * count}
    return ibis.memtable(pd.DataFrame(columns | {name: [value] * count for name, value in facts.items()})).cast(
        {"period": "date", "started": "date"}
    )


def prepared(compute: Callable[..., ir.Table], *like: pa.Table) -> Callable[..., pa.Table]:
    """A query that is written once for tables that change: writing one takes a second, running it a tenth of that.

    compute: the query, of one table for each of `like`, of which only the schemas count.
    Returns a function of as many tables: the rows found.
    """
    con = ibis.duckdb.connect()
    # It would compare all parts of a long query with one another, which takes as long as the rest.
    con.raw_sql("SET disabled_optimizers = 'common_subexpressions'")

    def named(rows: tuple[pa.Table, ...]) -> list[str]:
        names = [f"given_{n}" for n in range(len(like))]
        for name, table in zip(names, rows, strict=True):
            con.con.register(name, table)
        return names

    written = compute(*map(con.table, named(like)))
    con._run_pre_execute_hooks(written)
    query = con.compile(written)

    def found(*given: pa.Table) -> pa.Table:
        named(given)
        return con.con.sql(query).to_arrow_table()

    return found
