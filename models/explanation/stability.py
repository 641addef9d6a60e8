"""Whether reasons stay the same when the model is fitted again on other firms: overlap of each firm's top three."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from models.explanation.sums import by_root, by_theme
from models.rows.inputs import Input

if TYPE_CHECKING:
    import pandas as pd

TOP = 3
# A reason is stable where at least this share of the refits has it in its own top three.
STABLE_SHARE = 0.5
Grouping = Callable[["pd.DataFrame", Sequence[Input]], "pd.DataFrame"]


@dataclass(frozen=True)
class Stability:
    """Mean Jaccard overlap (0-1; 1: the same) of the top three of the model and of each refit; None without firms."""

    themes: float | None
    features: float | None
    firms: int
    refits: int


def bootstrap_firms(sirens: Sequence[str] | pd.Series, seed: int) -> NDArray[np.float32]:
    """One weight per row: how often its firm is drawn, when as many firms as there are are drawn with replacement.

    A firm's months are not independent: they are drawn together. The order of the rows does not matter.
    """
    firms, place = np.unique(np.asarray(sirens, dtype=str), return_inverse=True)
    drawn = np.random.default_rng(seed).integers(0, len(firms), len(firms))
    return np.bincount(drawn, minlength=len(firms)).astype(np.float32)[place]


def top(grouped: pd.DataFrame, count: int = TOP) -> NDArray[np.bool_]:
    """Firms x groups: whether a group is one of the `count` that raise the firm's risk most; ties go to the first."""
    values = grouped.to_numpy(np.float64)
    chosen = np.zeros(values.shape, bool)
    np.put_along_axis(chosen, np.argsort(-values, axis=1, kind="stable")[:, :count], True, axis=1)
    return chosen & (values > 0)


def overlap(ours: NDArray[np.bool_], theirs: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The Jaccard overlap of each firm's two sets; 1 where both are empty."""
    union = (ours | theirs).sum(axis=1)
    shared = (ours & theirs).sum(axis=1)
    return np.asarray(np.divide(shared, union, out=np.ones(len(ours)), where=union > 0), np.float64)


def stability(contributions: pd.DataFrame, refits: Sequence[pd.DataFrame], inputs: Sequence[Input]) -> Stability:
    """How far the top three themes and root features of the model are those of its refits.

    contributions, refits: one row per firm on alert, in the same order, and one column per input.
    """
    return Stability(
        _mean_overlap(contributions, refits, inputs, by_theme),
        _mean_overlap(contributions, refits, inputs, by_root),
        len(contributions),
        len(refits),
    )


def _mean_overlap(
    contributions: pd.DataFrame, refits: Sequence[pd.DataFrame], inputs: Sequence[Input], grouping: Grouping
) -> float | None:
    ours = top(grouping(contributions, inputs))
    overlaps = [overlap(ours, top(grouping(refit, inputs))) for refit in refits]
    return float(np.mean(overlaps)) if overlaps and len(ours) else None


def unstable(
    contributions: pd.DataFrame, refits: Sequence[pd.DataFrame], inputs: Sequence[Input], grouping: Grouping = by_root
) -> list[frozenset[str]]:
    """For each firm, the groups of its top three that are in the top three of fewer than half of the refits.

    grouping: how contributions are summed: `by_root`, `by_theme`, or by the subjects of the reports. Without refits,
    no group is unstable.
    """
    grouped = grouping(contributions, inputs)
    if not refits:
        return [frozenset()] * len(grouped)
    share = np.mean([top(grouping(refit, inputs)) for refit in refits], axis=0)
    doubtful = top(grouped) & (share < STABLE_SHARE)
    return [frozenset(grouped.columns[firm]) for firm in doubtful]
