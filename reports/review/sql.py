"""The application's SQL, put together in one place.

The text of a query comes from the program: names of columns, checked to be plain names, and expressions that columns
and filters declare. What a user gives, and the path of every file, is a value behind a `?`, never part of the text.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

_NAME: Final = re.compile("[a-z][a-z0-9_]*")
# With more values than this, a text with one `?` for each takes longer to parse than the files take to read.
FEW: Final = 200


class Sql(NamedTuple):
    """A query or a part of one, with the values of its `?` in their order."""

    text: str
    values: tuple[Any, ...] = ()


NO_CONDITION: Final = Sql("true")


def named(name: str) -> str:
    """The name of a column, to stand in a text.

    Raises ValueError on what is more than a plain name.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f'"{name}" is no name of a column.')
    return name


def parquet(*paths: Path) -> Sql:
    """Parquet files as one table."""
    return Sql("read_parquet(?, hive_partitioning = false)", ([str(path) for path in paths],))


def parquet_by_period(*paths: Path) -> Sql:
    """Files of the feature table as one table, whose `period` is in the names of their folders."""
    return Sql("read_parquet(?, hive_partitioning = true)", ([str(path) for path in paths],))


def one_of(column: str, values: Sequence[str]) -> Sql:
    """That a column holds one of the values. Few values are compared one by one: DuckDB then skips row groups."""
    if len(values) > FEW:
        return Sql(f"{column} IN (SELECT unnest(?))", (list(values),))
    return Sql(f"{column} IN ({', '.join('?' * len(values))})" if values else "false", tuple(values))


def of_firm(siren: str) -> Sql:
    """That a row is of a firm."""
    return Sql("siren = ?", (siren,))


def every(conditions: Iterable[Sql]) -> Sql:
    """That all conditions hold."""
    found = list(conditions)
    text = " AND ".join(f"({condition.text})" for condition in found) or "true"
    return Sql(text, tuple(value for condition in found for value in condition.values))


class Part(NamedTuple):
    """The rows of a table that meet a condition, under a name."""

    table: Sql
    alias: str
    only: Sql

    def read_for(self, texts: Sequence[str]) -> Sql:
        """Its firms, with the columns that the texts of a query name: each further one takes DuckDB time to prepare.

        A text that is its name alone asks for its whole rows, each as one value.
        """
        asked = ["siren", *re.findall(rf"\b{self.alias}\.({_NAME.pattern})", " ".join(texts))]
        part = select(["*"] if self.alias in texts else dict.fromkeys(asked), self.table, self.only)
        return Sql(f"({part.text}) {self.alias}", part.values)


class Beside(NamedTuple):
    """A table with what others hold of its firms."""

    parts: tuple[Part | Sql, ...]

    def read_for(self, texts: Sequence[str]) -> Sql:
        """Them joined, each with the columns that the texts of a query name."""
        first, *others = (part if isinstance(part, Sql) else part.read_for(texts) for part in self.parts)
        text = first.text + "".join(f" LEFT JOIN {other.text} USING (siren)" for other in others)
        return Sql(text, tuple(value for table in (first, *others) for value in table.values))


def part_of(table: Sql, alias: str, only: Sql = NO_CONDITION) -> Part:
    """The rows of a table that meet a condition, under a name."""
    return Part(table, named(alias), only)


def beside(first: Part, *others: Part | Sql) -> Beside:
    """A table with what others hold of its firms."""
    return Beside((first, *others))


def select(columns: Iterable[str | Sql], table: Sql | Part | Beside, where: Sql | None = None, then: str = "") -> Sql:
    """A query.

    columns: names, or expressions with their names; of a part, each with the part's name before it.
    then: what follows the condition: groups, order, limit.
    """
    where = where or NO_CONDITION
    wanted = [Sql(column) if isinstance(column, str) else column for column in columns]
    if not isinstance(table, Sql):
        table = table.read_for([*(column.text for column in wanted), where.text, then])
    listed = ", ".join(column.text for column in wanted)
    # The one place where queries are put together: no part of the text is of a user's making (see above).
    text = f"SELECT {listed} FROM {table.text} WHERE {where.text} {then}"  # noqa: S608
    return Sql(text.strip(), (*(value for column in wanted for value in column.values), *table.values, *where.values))


def kept_as(name: str, query: Sql) -> Sql:
    """That the rows of a query are kept in memory, as a table of that name."""
    return Sql(f"CREATE TABLE {named(name)} AS {query.text}", query.values)


def dropped(name: str) -> Sql:
    """That a table is no longer kept, if it is."""
    return Sql(f"DROP TABLE IF EXISTS {named(name)}")
