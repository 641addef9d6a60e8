"""The names of the newest list's firms as they are searched: kept in memory, without accents and capitals.

A search of all of France would else join the list with the register, and take the accents off, once for each page.
"""

from functools import lru_cache

from reports.review.columns import Table
from reports.review.conditions import PLAIN_NAME
from reports.review.data import PublishedList, Reader
from reports.review.kept import KeptTables
from reports.review.sql import Sql, beside, parquet, part_of, select


def names_of(reader: Reader, published: PublishedList) -> Sql | None:
    """The table (siren, name) of the newest list; None of an older one."""
    return None if published.newest else _names(reader).made(published, lambda: _plain_names(published))


def _plain_names(published: PublishedList) -> Sql:
    firms = beside(part_of(parquet(published.path), Table.LIST), part_of(parquet(published.firms), Table.REGISTER))
    return select(["listed.siren AS siren", f"{PLAIN_NAME} AS name"], firms)


@lru_cache(maxsize=4)
def _names(reader: Reader) -> KeptTables:
    return KeptTables(reader)
