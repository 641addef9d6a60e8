"""Exact path-dependent TreeSHAP (Lundberg et al. 2018), looked up in the tables of `models.explanation.tree_tables`.

A leaf of value v adds to feature i of its path v (o_i - z_i) times the integral over t in (0, 1) of the product, over
the path's other features j, of o_j t + z_j (1 - t): o_j is 1 where the row passes j's tests, z_j the share of training
rows that do. The integrand is a polynomial, so that Gauss-Legendre quadrature is exact; its terms are all positive, so
that nothing is lost by cancellation.

numba compiles this on first use, which takes about 5 s, and caches it beside this file, or in the user's cache folder
where that can't be written (NUMBA_CACHE_DIR sets another one), or not at all.
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

# The bits and sums of so many rows fit the processor's second-level cache.
BLOCK_ROWS = 256
# LightGBM takes smaller values for 0.
LARGEST_ZERO = 1.0000000180025095e-35


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled on first use, without the global lock; cached on disk where a folder can be written."""
    try:
        return numba.njit(function, cache=True, nogil=True, error_model="numpy")  # type: ignore[no-any-return]
    except RuntimeError:
        return numba.njit(function, nogil=True, error_model="numpy")  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Contributions:
    """The tables of a model, from which it gives the exact contributions of any rows.

    base: the mean margin of the training rows.
    """

    plan: Plan
    tables: Floats
    base: float

    def of(self, x: NDArray[np.float32], threads: int | None = None) -> Floats:
        """Rows x features, in log-odds: with the base value they add up to the margin. threads: all cores if None."""
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

    Raises InputError on a model whose margin is not a plain sum over trees.
    """
    trees = read_trees(text)
    plan = plan_of(trees, table_bits)
    tables = np.zeros(plan.cells)
    fill_tables(plan, QUADRATURE, tables)
    return Contributions(plan, tables, sum(tree.mean for tree in trees))


def _quadrature() -> tuple[Floats, Floats]:
    """Points and weights on (0, 1); row n is exact for products over all but one of n features."""
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
    """What a leaf adds to each feature of its path, where the row fails the tests of the bits set in `failed`."""
    points, weights = quadrature
    features = len(shares)
    result[:features] = 0.0
    for n in range((features + 1) // 2):
        point = points[features, n]
        product = value * weights[features, n]
        for j in range(features):
            product *= shares[j] * (1 - point) + point * (1 - ((failed >> j) & 1))
        # The row fails a test that no training row passes: the leaf adds nothing.
        if product == 0:
            continue
        for j in range(features):
            passed = 1 - ((failed >> j) & 1)
            result[j] += product * (passed - shares[j]) / (shares[j] * (1 - point) + point * passed)


@compiled
def fill_tables(plan: Plan, quadrature: Any, tables: Floats) -> None:
    """Fill each part's table: what its leaves add to each of its columns, for every value of its bits."""
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
    """Set `right` to 1 for each row that goes right at a node, by LightGBM's rules, and to 0 for the others."""
    steps = plan.steps
    values, threshold, nan_right = x[steps.feature[step]], steps.threshold[step], 1 - steps.is_nan_left[step]
    first, words = steps.first_word[step], steps.words[step]
    if words:
        for row in range(len(values)):
            value = values[row]
            right[row] = 1
            # LightGBM truncates codes to integers; an unknown code, or one outside the bit set, goes right.
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
    """Set the bits that the answers of a step change."""
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
    """Add to `sums` the contributions of a part, from its table at the bits of each row."""
    parts = plan.parts
    start, size = parts.table[part], 1 << parts.bits[part]
    for column in range(parts.columns[part]):
        cells = tables[start + column * size : start + (column + 1) * size]
        total = sums[plan.column_feature[parts.first_column[part] + column]]
        for row in range(len(outcomes)):
            total[row] += cells[outcomes[row]]


@compiled
def compute(plan: Plan, part: int, quadrature: Any, failed: Integers, found: Floats, sums: Floats) -> None:
    """Add to `sums` the contributions of a leaf that has no table."""
    leaf = plan.parts.first_leaf[part]
    first, features = plan.leaves.first_feature[leaf], plan.leaves.features[leaf]
    shares = plan.leaf_share[first : first + features]
    for row in range(len(failed)):
        leaf_contributions(plan.leaves.value[leaf], shares, failed[row], quadrature, found)
        for j in range(features):
            sums[plan.column_feature[plan.parts.first_column[part] + j], row] += found[j]
