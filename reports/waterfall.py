"""From contributions in log-odds to steps of calibrated probability, which add up exactly. Records only, no chart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

Probability = Callable[[float], float]


@dataclass(frozen=True)
class Step:
    """A contribution, and the risk before and after it is added; parts: its own steps, one level down."""

    name: str
    contribution: float
    before: float
    after: float
    parts: tuple["Step", ...] = ()

    @property
    def change(self) -> float:
        """In probability, 0-1."""
        return self.after - self.before


def steps(base: float, contributions: Mapping[str, float], probability: Probability) -> tuple[Step, ...]:
    """One step per contribution, the largest first, from the risk at `base` to that at the margin.

    base, contributions: log-odds; probability: the calibration. Each step starts where the one before ended, so that
    the changes add up to the difference between the risk and the mean risk.
    """
    found, margin = [], base
    for name, contribution in sorted(contributions.items(), key=lambda item: (-abs(item[1]), item[0])):
        before, margin = margin, margin + contribution
        found.append(Step(name, contribution, probability(before), probability(margin)))
    return tuple(found)


def nested_steps(base: float, groups: Mapping[str, Mapping[str, float]], probability: Probability) -> tuple[Step, ...]:
    """Steps by group, each opened into the steps of its parts; both levels add up."""
    totals = {name: sum(parts.values()) for name, parts in groups.items()}
    found, margin = [], base
    for step in steps(base, totals, probability):
        found.append(replace(step, parts=steps(margin, groups[step.name], probability)))
        margin += step.contribution
    return tuple(found)


def rounded_changes(start: float, ends: Sequence[float], decimals: int = 1) -> list[float]:
    """The change of each step in points, between percentages as they are shown, so that what is read adds up."""
    shown = [round(100 * value, decimals) for value in (start, *ends)]
    return [round(after - before, decimals) for before, after in pairwise(shown)]
