"""What is computed of lists and kept: their files never change."""

from collections.abc import Callable
from functools import lru_cache, wraps
from itertools import count
from threading import Lock
from typing import Any, Final, Protocol, TypeVar, TypeVarTuple

from reports.review.access import Right
from reports.review.data import PublishedList, Reader
from reports.review.sql import Sql, dropped, kept_as

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
# The table of the list before stays for those who are reading it while another is published.
MOST: Final = 2
# Of tables: none is named twice, whichever of several readers made it.
_numbers: Final = count(1)


class OfLists(Protocol[T_co]):
    """Computes something of a list and those before it, for a territory."""

    def __call__(self, reader: Reader, published: PublishedList, right: Right) -> T_co:
        """right: of the territory alone, see `Right.place`."""
        ...


def kept(compute: Callable[[Reader, PublishedList, Right], T_co]) -> OfLists[T_co]:
    """Compute once for each list and territory, also where the feature table is replaced: it may read lists alone."""
    cached = lru_cache(maxsize=256)(compute)

    @wraps(compute)
    def of(reader: Reader, published: PublishedList, right: Right) -> Any:
        return cached(reader, published.alone, right)

    return of


def once(maxsize: int) -> Callable[[Callable[[*Ts], T]], Callable[[*Ts], T]]:
    """Compute once of the same arguments, for the last `maxsize` of them.

    Where many ask for the same at once, one computes it and the others wait; who asks for something else does not.
    """

    def of(compute: Callable[[*Ts], T]) -> Callable[[*Ts], T]:
        cached, lock_of = lru_cache(maxsize)(compute), lru_cache(maxsize)(lambda *_: Lock())

        @wraps(compute)
        def found(*args: *Ts) -> T:
            with lock_of(*args):
                return cached(*args)

        return found

    return of


class KeptTables:
    """The rows of queries as tables in memory, one of each of the last lists asked for; of each reader its own."""

    def __init__(self, reader: Reader) -> None:
        """reader: in whose memory they are."""
        self._reader, self._lock = reader, Lock()
        self._tables: dict[PublishedList, str] = {}

    def made(self, published: PublishedList, query: Callable[[], Sql]) -> Sql:
        """The table of a list, made by that query. Where many ask for it at once, one makes it and the others wait.

        Nobody waits for a table that is there. Raises UnreadableError where a file is missing or broken.
        """
        if (there := self.found(published)) is not None:
            return there
        with self._lock:
            if published not in self._tables:
                name = f"kept_{next(_numbers)}"
                self._reader.query(*kept_as(name, query()))
                self._tables[published] = name
                for former in list(self._tables)[:-MOST]:
                    self._reader.query(*dropped(self._tables.pop(former)))
            return Sql(self._tables[published])

    def found(self, published: PublishedList) -> Sql | None:
        """The table of a list, None where none was made: nobody waits."""
        name = self._tables.get(published)
        return Sql(name) if name else None
