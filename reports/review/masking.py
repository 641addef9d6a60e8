"""Which figures are not told, so that neither they nor what subtraction would give tell of a few firms.

A total is told beside its groups. So the groups that are not told are, together, a group that everyone can work out:
where that is small as well, the next smallest group is not told either, and so on. Where some readers know groups from
elsewhere, what is left without these is not small either.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
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
    known: Collection[frozenset[int]] = (),
) -> list[bool]:
    """Which of the groups that make up a total that is told are not told themselves.

    total: of groups, as one. size: by which the next smallest one is found. already: those not told anyway. known: the
    places of groups that one reader may know.
    """
    hidden = {n for n, group in enumerate(groups) if is_small(group) or (already and already[n])}

    def can_be_found() -> bool:
        rests = (hidden, *(hidden - theirs for theirs in known))
        return any(rest and is_small(total(groups[n] for n in sorted(rest))) for rest in rests)

    while len(hidden) < len(groups) and can_be_found():
        hidden.add(min((n for n in range(len(groups)) if n not in hidden), key=lambda n: size(groups[n])))
    return [n in hidden for n in range(len(groups))]


def masked_parts(parts: Sequence[int]) -> list[bool]:
    """The same of numbers of firms that make up a total; where no part is small but empty ones, all are told."""
    if all(part == 0 or part >= FEWEST for part in parts):
        return [False] * len(parts)
    return masked(parts, lambda part: part < FEWEST, sum, int)
