"""The names of the newest list's firms as they are searched: kept in memory, without accents and capitals.

A search of all of France would else join the list with the register, and take the accents off, once for each page.
"""

from functools import lru_cache
from itertools import count
from threading import Lock
from typing import Final

from reports.review.columns import Table
from reports.review.conditions import PLAIN_NAME
from reports.review.data import PublishedList, Reader
from reports.review.sql import Sql, beside, dropped, kept_as, parquet, part_of, select

# The list before stays for those who are searching it while another is published.
MOST: Final = 2
# Of tables: none is named twice, whichever of several readers made it.
_numbers: Final = count(1)


def names_of(reader: Reader, published: PublishedList) -> Sql | None:
    """The table (siren, name) of the newest list; None of an older one."""
    return None if published.newest else _names(reader).of(published)


class _Names:
    """The tables of a worker, by list, the oldest first."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.lock = reader, Lock()
        self.tables: dict[PublishedList, str] = {}

    def of(self, published: PublishedList) -> Sql:
        """The table of a list. Where many search it at once, one makes it and the others wait."""
        with self.lock:
            if published not in self.tables:
                self.tables[published] = self.made(published)
                for former in list(self.tables)[:-MOST]:
                    self.reader.query(*dropped(self.tables.pop(former)))
            return Sql(self.tables[published])

    def made(self, published: PublishedList) -> str:
        """A new table, under a name that none had."""
        name = f"names_{next(_numbers)}"
        firms = beside(part_of(parquet(published.path), Table.LIST), part_of(parquet(published.firms), Table.REGISTER))
        self.reader.query(*kept_as(name, select(["listed.siren AS siren", f"{PLAIN_NAME} AS name"], firms)))
        return name


@lru_cache(maxsize=4)
def _names(reader: Reader) -> _Names:
    return _Names(reader)
