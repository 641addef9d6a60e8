"""Which figures are not told, so that neither they nor what subtraction would give tell of a few firms.

A total is told beside its groups. So the groups that are not told are, together, a group that everyone can work out:
where that is small as well, the next smallest group is not told either, and so on.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

# A group of fewer firms is small; none is as telling as a few.
FEWEST: Final = 5
T = TypeVar("T")


def masked(
    groups: Sequence[T],
    is_small: Callable[[T], bool],
    total: Callable[[Iterable[T]], T],
    size: Callable[[T], int],
    already: Sequence[bool] = (),
) -> list[bool]:
    """Which of the groups that make up a total that is told are not told themselves.

    total: of groups, as one. size: by which the next smallest one is found. already: those not told anyway.
    """
    hidden = [is_small(group) for group in groups]
    hidden = [one or other for one, other in zip(hidden, already or hidden, strict=True)]
    while any(hidden) and not all(hidden) and is_small(total(_chosen(groups, hidden))):
        told = [n for n, is_hidden in enumerate(hidden) if not is_hidden]
        hidden[min(told, key=lambda n: size(groups[n]))] = True
    return hidden


def masked_parts(parts: Sequence[int]) -> list[bool]:
    """The same of numbers of firms that make up a total; where no part is small but empty ones, all are told."""
    if all(part == 0 or part >= FEWEST for part in parts):
        return [False] * len(parts)
    return masked(parts, lambda part: part < FEWEST, sum, int)


def _chosen(groups: Sequence[T], chosen: Sequence[bool]) -> list[T]:
    return [group for group, is_chosen in zip(groups, chosen, strict=True) if is_chosen]
