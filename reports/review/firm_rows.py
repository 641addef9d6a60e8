"""What the tables of a list hold of firms: from memory for those on alert and others that pages tell of.

From files, DuckDB prepares each of 190 columns and unpacks thousands of rows of it, for the row of one firm: that took
most of the time of a firm's page (`benchmarks/review_load.py`).
"""

from collections.abc import Collection, Iterable, Sequence, Set
from functools import lru_cache
from pathlib import Path
from typing import Final

from models.alerts import NO_ALERT
from reports.review.columns import Table
from reports.review.data import PublishedList, Reader, Row
from reports.review.kept import KeptTables
from reports.review.sql import NO_CONDITION, Beside, Part, Sql, beside, every, of_firm, one_of, parquet, part_of, select

# Of how many lists a firm's risk is told.
HISTORY: Final = 36
# What there is of a firm beside its rows of the list's tables.
CONTRIBUTIONS, PAST = "contributions", "past"
_TOLD: Final = {PAST: "past.risks AS past"}


def paths_of(published: PublishedList) -> dict[Table, Path]:
    """The tables behind a list that are there."""
    paths = {
        Table.LIST: published.path,
        Table.REGISTER: published.firms,
        Table.FEATURES: published.features,
        Table.SCORES: published.scores,
    }
    return {table: path for table, path in paths.items() if path is not None}


def joined(published: PublishedList, tables: Collection[Table], only: Sql = NO_CONDITION) -> Beside:
    """The list with what the tables hold of its firms; only: a condition on `siren` that each of them is read under."""
    paths = paths_of(published)
    first, *others = (
        part_of(parquet(paths[table]), table, only) for table in Table if table is Table.LIST or table in tables
    )
    return beside(first, *others)


def read_columns(
    reader: Reader,
    published: PublishedList,
    sirens: Sequence[str],
    expressions: Sequence[str],
    tables: Collection[Table],
    where: Sql,
) -> list[Row]:
    """Expressions on tables of a list, `siren` among them, of those of the firms that meet a condition; in no order."""
    at_hand = _at_hand(reader).found(published)
    # There, each table is a column that holds its rows: expressions and conditions read the same.
    wanted = every([one_of("siren", sirens), where])
    held, is_single = kept_firms(reader, published, sirens), len(sirens) == 1
    rows = reader.query(*select(expressions, at_hand, wanted)) if at_hand and (held or is_single) else []
    # Of a single one that does not meet the condition, files are read too: it takes as long as of one that is none.
    found = {row["siren"] for row in rows} if is_single else held
    others = [siren for siren in sirens if siren not in found]
    if others:
        rows += reader.query(*select(expressions, joined(published, tables, one_of("siren", others)), where))
    return rows


def kept_firms(reader: Reader, published: PublishedList, sirens: Iterable[str]) -> Set[str]:
    """Those of the firms that are kept in memory: they are in the list."""
    at_hand = _at_hand(reader).found(published)
    return _held(reader, at_hand).intersection(sirens) if at_hand else set()


@lru_cache(maxsize=4)
def _held(reader: Reader, at_hand: Sql) -> frozenset[str]:
    return frozenset(row["siren"] for row in reader.query(*select(["siren"], at_hand)))


def read_whole(reader: Reader, published: PublishedList, siren: str, names: Sequence[str]) -> Row:
    """Whole rows of a firm of the list, by the table's name, None where there is none: for the pages of that firm.

    names: of `Table`, CONTRIBUTIONS, and PAST: period, probability and alert in each list up to this one.
    """
    at_hand = _at_hand(reader).found(published)
    if at_hand and siren in _held(reader, at_hand):
        asked = select(names, at_hand, of_firm(siren))
    else:
        asked = _whole(published, names, of_firm(siren))
    rows = reader.query(*asked)
    return rows[0] if rows else dict.fromkeys(names)


def prepare(reader: Reader, published: PublishedList, others: Collection[str]) -> None:
    """Keep the firms on alert of the newest list in memory, and others that pages tell of."""
    if published.newest is None:
        _at_hand(reader).made(
            published, lambda: _whole(published, [*Table, CONTRIBUTIONS, PAST], _kept(published, others))
        )
        kept_firms(reader, published, ())


@lru_cache(maxsize=4)
def _at_hand(reader: Reader) -> KeptTables:
    return KeptTables(reader)


def _kept(published: PublishedList, others: Collection[str]) -> Sql:
    is_asked = Sql("alert <> ? OR siren IN (SELECT unnest(?::VARCHAR[]))", (NO_ALERT, list(others)))
    firms = select(["siren"], parquet(published.path), is_asked)
    return Sql(f"siren IN ({firms.text})", firms.values)


def _whole(published: PublishedList, names: Sequence[str], only: Sql) -> Sql:
    """A query of firms of the list, with their whole rows of the tables named, each as one value."""
    parts = _parts(published, only)
    told = [_TOLD.get(name, name) if name in parts else f"NULL AS {name}" for name in names]
    read = [part for name, part in parts.items() if name == Table.LIST or name in names]
    return select(["listed.siren AS siren", *told], beside(*read))


def _parts(published: PublishedList, only: Sql) -> dict[str, Part]:
    """What there is of firms of the list, the list itself first."""
    paths: dict[str, Path] = {str(table): path for table, path in paths_of(published).items()}
    if published.contributions is not None:
        paths[CONTRIBUTIONS] = published.contributions
    parts = {name: part_of(parquet(path), name, only) for name, path in paths.items()}
    risks = "list({'period': period, 'probability': probability, 'alert': alert} ORDER BY period) AS risks"
    lists = parquet(*[published.path, *published.earlier][:HISTORY])
    past = select(["siren", risks], lists, only, "GROUP BY siren")
    return {**parts, PAST: part_of(Sql(f"({past.text})", past.values), PAST)}
