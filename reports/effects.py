"""What each theme and figure adds to the risk of a firm, in probability: exact, and the same in whatever order."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np

from models.explanation.shapley import owen_values
from models.rows.inputs import Margins, Probabilities

Probability = Callable[[Margins], Probabilities]


@dataclass(frozen=True)
class Effect:
    """What a theme or a figure adds to the risk (0-1, below 0 where it lowers it); parts: its own, one level down."""

    name: str
    change: float
    parts: tuple["Effect", ...] = ()


def effects(base: float, groups: Mapping[str, Mapping[str, float]], probability: Probability) -> tuple[Effect, ...]:
    """The effect of each group and of its parts, the largest first.

    base, groups: log-odds; probability: the calibration. The effects add up to the firm's risk less that at `base`, and
    the parts of each to it: see `models.explanation.shapley`.
    """
    parts = [np.array(list(group.values()), np.float64) for group in groups.values()]
    whole, divided = owen_values(base, parts, probability)
    return largest_first(
        Effect(name, float(change), largest_first(map(Effect, groups[name], map(float, shares))))
        for name, change, shares in zip(groups, whole, divided, strict=True)
    )


def largest_first(found: Iterable[Effect]) -> tuple[Effect, ...]:
    """By the size of the effect, whether it raises the risk or lowers it; then by name."""
    return tuple(sorted(found, key=lambda effect: (-abs(effect.change), effect.name)))


def merged(found: Sequence[Effect], name: str) -> Effect:
    """Several effects as one, which does not tell its parts."""
    return Effect(name, sum(effect.change for effect in found))


def rounded_changes(start: float, changes: Sequence[float], decimals: int = 1) -> list[float]:
    """Changes in points, between sums as they are shown, so that what is read adds up. start, changes: 0-1."""
    shown = [round(100 * value, decimals) for value in accumulate(changes, initial=start)]
    return [round(after - before, decimals) for before, after in pairwise(shown)]
