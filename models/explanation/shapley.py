"""Exact Shapley values of the calibrated probability: what each group of figures adds to the risk, whatever the order.

The risk is a function of one sum: base + the groups' contributions in log-odds. Adding the groups one after another
moves the risk by amounts that hang on the order; the Shapley value of a group is its mean over all orders (Shapley,
Contributions to the Theory of Games II, 1953). A dozen groups have few enough subsets to go through all of them.
"""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

from models.rows.inputs import Margins, Probabilities

Values = NDArray[np.float64]


def shapley_values(
    base: float | Margins, contributions: Values, probability: Callable[[Margins], Probabilities]
) -> Values:
    """One row per firm, one column per group, in probability: a row's sum is its risk less the risk at `base`.

    base: log-odds, of all firms or of each. contributions: log-odds, one row per firm and one column per group.
    probability: the calibration.
    """
    groups = contributions.shape[1]
    if groups == 0:
        return np.zeros(contributions.shape)
    orders = [factorial(size) * factorial(groups - size - 1) / factorial(groups) for size in range(groups)]
    values = np.zeros(contributions.shape)
    for number in range(2**groups):
        is_in = (number >> np.arange(groups)) & 1 == 1
        size = int(is_in.sum())
        risk = probability(base + contributions[:, is_in].sum(axis=1))[:, None]
        # The subset ends what its members add, and begins what the others would.
        if size > 0:
            values[:, is_in] += orders[size - 1] * risk
        if size < groups:
            values[:, ~is_in] -= orders[size] * risk
    return values


def owen_values(
    base: float, parts: list[Values], probability: Callable[[Margins], Probabilities]
) -> tuple[Values, list[Values]]:
    """The Shapley value of each group of one firm, and how it divides among the group's parts; both add up.

    parts: of each group, the contributions of its parts in log-odds. Within a group, what raises the risk and what
    lowers it are two sides that come in either order, the group being kept together (Owen, Essays in Mathematical
    Economics and Game Theory, 1977); each side's value is divided in proportion to the contributions, so that no part
    raises the risk by a contribution that lowers it.
    """
    up, down = (np.array([side(group, 0.0).sum() for group in parts]) for side in (np.maximum, np.minimum))
    groups, diagonal = len(parts), np.arange(len(parts))
    games = np.tile(up + down, (1 + 2 * groups, 1))
    games[1 + diagonal, diagonal] = up
    games[1 + groups + diagonal, diagonal] = down
    values = shapley_values(base, games, probability)
    whole, only_up, only_down = values[0], values[1 + diagonal, diagonal], values[1 + groups + diagonal, diagonal]
    raised = (only_up + whole - only_down) / 2
    return whole, [
        _shared(raised[n], np.maximum(group, 0.0)) + _shared(whole[n] - raised[n], np.minimum(group, 0.0))
        for n, group in enumerate(parts)
    ]


def _shared(value: float, contributions: Values) -> Values:
    total = contributions.sum()
    return contributions * (value / total) if total else np.zeros(len(contributions))
