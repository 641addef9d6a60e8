"""Exact path-dependent TreeSHAP (Lundberg et al. 2018) by looking up what `models.explanation.tree_tables` tabulates.

A leaf of value v adds to feature i of its path v (o_i - z_i) times the integral over t in (0, 1) of the product, over
the path's other features j, of o_j t + z_j (1 - t): o_j is 1 where the row passes j's tests, z_j the share of training
rows that do. The integrand is a polynomial, so Gauss-Legendre quadrature is exact, and of positive terms only.

Compiled by numba on first use, about 5 s, and kept: beside this file, else where that can't be written in the user's
cache folder (NUMBA_CACHE_DIR chooses another), else nowhere.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from models.explanation.tree_tables import MOST_FEATURES, TABLE_BITS, Plan, plan_of
from models.explanation.trees import Floats, Integers, read_trees

# A block's bits and sums stay in the second cache.
BLOCK_ROWS = 256
LARGEST_ZERO = 1.0000000180025095e-35


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, for threads; kept on disk where some folder can be written."""
    try:
        return numba.njit(function, cache=True, nogil=True, error_model="numpy")  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(function, nogil=True, error_model="numpy")  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Contributions:
    """A model's tables, made once: exact contributions of any rows.

    base: the mean margin of the training rows.
    """

    plan: Plan
    tables: Floats
    base: float

    def of(self, x: NDArray[np.float32], threads: int | None = None) -> Floats:
        """Rows x features, in log-odds: with the base they add up to the margin."""
        result = np.empty(x.shape)

        def fill(start: int) -> None:
            block = np.ascontiguousarray(x[start : start + BLOCK_ROWS].T, np.float64)
            sums = np.zeros(block.shape)
            add_contributions(self.plan, self.tables, QUADRATURE, block, sums)
            result[start : start + BLOCK_ROWS] = sums.T

        with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
            list(pool.map(fill, range(0, len(x), BLOCK_ROWS)))
        return result


def contributions_of(text: str, table_bits: int = TABLE_BITS) -> Contributions:
    """The tables of a LightGBM model, from its text.

    Raises InputError on a model whose margin is no plain sum of trees.
    """
    trees = read_trees(text)
    plan = plan_of(trees, table_bits)
    tables = np.zeros(plan.cells)
    fill_tables(plan, QUADRATURE, tables)
    return Contributions(plan, tables, sum(tree.mean for tree in trees))


def _quadrature() -> tuple[Floats, Floats]:
    """Points and weights on (0, 1), a row a number of features: exact for the products over all but one of them."""
    most = MOST_FEATURES + 1
    points, weights = np.zeros((most, most // 2 + 1)), np.zeros((most, most // 2 + 1))
    for features in range(1, most):
        count = (features + 1) // 2
        on_both_sides, doubled = np.polynomial.legendre.leggauss(count)
        points[features, :count], weights[features, :count] = (on_both_sides + 1) / 2, doubled / 2
    return points, weights


QUADRATURE = _quadrature()


@compiled
def leaf_contributions(value: float, shares: Floats, failed: int, quadrature: Any, result: Floats) -> None:
    """What a leaf adds to each feature of its path, of which those in the bits of `failed` fail."""
    points, weights = quadrature
    features = len(shares)
    result[:features] = 0.0
    for n in range((features + 1) // 2):
        point = points[features, n]
        product = value * weights[features, n]
        for j in range(features):
            product *= shares[j] * (1 - point) + point * (1 - ((failed >> j) & 1))
        # No training row passes a failed test: nothing is added.
        if product == 0:
            continue
        for j in range(features):
            passed = 1 - ((failed >> j) & 1)
            result[j] += product * (passed - shares[j]) / (shares[j] * (1 - point) + point * passed)


@compiled
def fill_tables(plan: Plan, quadrature: Any, tables: Floats) -> None:
    """Add up, in each part's table, what its leaves add to its columns under each outcome of its bits."""
    found = np.empty(64)
    parts, leaves = plan.parts, plan.leaves
    for part in range(len(parts.place)):
        if parts.table[part] < 0:
            continue
        outcomes = 1 << parts.bits[part]
        for leaf in range(parts.first_leaf[part], parts.first_leaf[part] + parts.leaves[part]):
            first, features = leaves.first_feature[leaf], leaves.features[leaf]
            shares = plan.leaf_share[first : first + features]
            conditions = plan.conditions[leaves.first_condition[leaf] :][: leaves.conditions[leaf]]
            for outcome in range(outcomes):
                failed = outcome & ((1 << parts.above[part]) - 1)
                for n in range(len(conditions)):
                    bit, side, place = conditions[n]
                    if (outcome >> bit) & 1 != side:
                        failed |= 1 << place
                leaf_contributions(leaves.value[leaf], shares, failed, quadrature, found)
                for j in range(features):
                    column = plan.leaf_column[first + j]
                    tables[parts.table[part] + column * outcomes + outcome] += found[j]


@compiled
def add_contributions(plan: Plan, tables: Floats, quadrature: Any, x: Floats, sums: Floats) -> None:
    """Add each tree's contributions to `sums`; x, sums: features x rows."""
    rows = x.shape[1]
    state = np.empty((plan.places, rows), np.int64)
    right = np.empty(rows, np.int64)
    found = np.empty(64)
    for tree in range(len(plan.tree_parts) - 1):
        state[:] = 0
        for step in range(plan.tree_steps[tree], plan.tree_steps[tree + 1]):
            answer(plan, step, x, right)
            spread(plan, step, right, state)
        for part in range(plan.tree_parts[tree], plan.tree_parts[tree + 1]):
            if plan.parts.table[part] >= 0:
                look_up(plan, part, tables, state[plan.parts.place[part]], sums)
            else:
                compute(plan, part, quadrature, state[plan.parts.place[part]], found, sums)


@compiled
def answer(plan: Plan, step: int, x: Floats, right: Integers) -> None:
    """1 for each row that goes right, by LightGBM's rules."""
    steps = plan.steps
    values, threshold, nan_right = x[steps.feature[step]], steps.threshold[step], 1 - steps.is_nan_left[step]
    first, words = steps.first_word[step], steps.words[step]
    if words:
        for row in range(len(values)):
            value = values[row]
            right[row] = 1
            # A code is cut to a whole number; one that is unknown, below 0 or above all sets goes right.
            if -1 < value < 32 * words:
                code = int(value)
                right[row] = 1 - ((plan.words[first + code // 32] >> np.uint32(code % 32)) & 1)
    elif steps.is_zero_missing[step]:
        for row in range(len(values)):
            is_missing = np.isnan(values[row]) or abs(values[row]) <= LARGEST_ZERO
            right[row] = nan_right if is_missing else values[row] > threshold
    elif nan_right:
        for row in range(len(values)):
            right[row] = not values[row] <= threshold
    else:
        for row in range(len(values)):
            right[row] = values[row] > threshold


@compiled
def spread(plan: Plan, step: int, right: Integers, state: NDArray[np.int64]) -> None:
    """Set the bits that an answer changes."""
    steps = plan.steps
    bit, left_state, above = steps.bit[step], state[steps.left[step]], steps.above[step]
    if above < 0:
        for row in range(len(right)):
            left_state[row] |= right[row] << bit
        return
    own, right_state = state[above], state[steps.right[step]]
    for row in range(len(right)):
        left_state[row] = own[row] | (right[row] << bit)
        right_state[row] = own[row] | ((1 - right[row]) << bit)


@compiled
def look_up(plan: Plan, part: int, tables: Floats, outcomes: Integers, sums: Floats) -> None:
    """Add a part's contributions under each row's outcome."""
    parts = plan.parts
    start, size = parts.table[part], 1 << parts.bits[part]
    for column in range(parts.columns[part]):
        cells = tables[start + column * size : start + (column + 1) * size]
        total = sums[plan.column_feature[parts.first_column[part] + column]]
        for row in range(len(outcomes)):
            total[row] += cells[outcomes[row]]


@compiled
def compute(plan: Plan, part: int, quadrature: Any, failed: Integers, found: Floats, sums: Floats) -> None:
    """Add the contributions of a leaf that is not tabulated."""
    leaf = plan.parts.first_leaf[part]
    first, features = plan.leaves.first_feature[leaf], plan.leaves.features[leaf]
    shares = plan.leaf_share[first : first + features]
    for row in range(len(failed)):
        leaf_contributions(plan.leaves.value[leaf], shares, failed[row], quadrature, found)
        for j in range(features):
            sums[plan.column_feature[plan.parts.first_column[part] + j], row] += found[j]
