"""What is computed of lists and kept: their files never change."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Protocol, TypeVar

from reports.review.access import Right
from reports.review.data import PublishedList, Reader

T_co = TypeVar("T_co", covariant=True)


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
