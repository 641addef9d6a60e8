"""How a model's trees are cut into parts whose contributions can be tabulated, as flat arrays for compiled code.

A part is a node with all that is below it. What it adds to each feature depends only on the part's bits, which a row
sets: one for each feature tested above the part (whether the row failed one of the tests; Lundberg et al. 2018), and
one for each node inside it (whether the row goes right). A part of b bits has a table of 2^b cells per feature,
in which a row's contributions are looked up. A leaf with too many features above it for a table is computed per row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.errors import InputError
from models.explanation.trees import Floats, Integers, Tree

# With 10 bits a table takes 8 KB per feature, which fits the processor's first-level cache.
TABLE_BITS = 10
# The features above a leaf are the bits of one 64-bit integer.
MOST_FEATURES = 62


class Steps(NamedTuple):
    """One entry per inner node: its test, and the places in which the answer sets a bit.

    A place holds the bits that a row has set so far. For a node above all parts: left, right are the places of its
    children, which copy the bits of the place `above`, and set `bit` where the row goes to the other child. For a node
    inside a part: above is -1, and `bit` of the part's place, `left`, is set where the row goes right.
    """

    feature: Integers
    threshold: Floats
    is_nan_left: NDArray[np.bool_]
    is_zero_missing: NDArray[np.bool_]
    first_word: Integers
    words: Integers
    above: Integers
    bit: Integers
    left: Integers
    right: Integers


class Parts(NamedTuple):
    """One entry per part: its place, its bits, and where its columns (one per feature) and its leaves begin.

    above: how many of the bits stand for features tested above it. table: where its table begins, one column of 2^bits
    cells after the other; -1 for a part without a table.
    """

    place: Integers
    bits: Integers
    above: Integers
    first_column: Integers
    columns: Integers
    first_leaf: Integers
    leaves: Integers
    table: Integers


class Leaves(NamedTuple):
    """One entry per leaf: its value, and where its features and the conditions inside its part begin, how many each."""

    value: Floats
    first_feature: Integers
    features: Integers
    first_condition: Integers
    conditions: Integers


class Plan(NamedTuple):
    """All trees as flat arrays.

    tree_steps, tree_parts: where the steps and parts of each tree begin. places: the most that a tree needs.
    cells: of all tables. words: sets of categories, as bits.
    column_feature: the feature of each column. For each feature on a leaf's path, leaf_share: the share of the training
    rows at the tests that pass them; leaf_column: its column in the part.
    conditions: (bit, side, number of the feature on the path): the side of a node on which the leaf lies.
    """

    tree_steps: Integers
    tree_parts: Integers
    places: int
    cells: int
    steps: Steps
    parts: Parts
    leaves: Leaves
    words: NDArray[np.uint32]
    column_feature: Integers
    leaf_share: Floats
    leaf_column: Integers
    conditions: Integers


@dataclass(frozen=True)
class Path:
    """The tests above a node: each feature once, in order, and the share of training rows that pass all its tests."""

    features: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()

    def after(self, feature: int, share: float) -> "Path":
        """The path with one more test, which that share of the training rows pass."""
        if feature not in self.features:
            return Path((*self.features, feature), (*self.shares, share))
        shares = list(self.shares)
        shares[self.features.index(feature)] *= share
        return replace(self, shares=tuple(shares))


@dataclass
class _Rows:
    """The arrays of a plan, as lists while it is made."""

    steps: list[tuple[Any, ...]] = field(default_factory=list)
    parts: list[tuple[int, ...]] = field(default_factory=list)
    leaves: list[tuple[Any, ...]] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    column_feature: list[int] = field(default_factory=list)
    leaf_share: list[float] = field(default_factory=list)
    leaf_column: list[int] = field(default_factory=list)
    conditions: list[tuple[int, int, int]] = field(default_factory=list)
    cells: int = 0


def plan_of(trees: Sequence[Tree], table_bits: int = TABLE_BITS) -> Plan:
    """Cut each tree into the largest parts of at most `table_bits` bits.

    Raises InputError where a path tests more than MOST_FEATURES features.
    """
    rows, tree_steps, tree_parts, places = _Rows(), [0], [0], 1
    for tree in trees:
        places = max(places, _cut(tree, rows, table_bits))
        tree_steps.append(len(rows.steps))
        tree_parts.append(len(rows.parts))
    return Plan(
        np.array(tree_steps),
        np.array(tree_parts),
        places,
        rows.cells,
        Steps(*_columns(rows.steps, (int, float, bool, bool, int, int, int, int, int, int))),
        Parts(*_columns(rows.parts, (int,) * 8)),
        Leaves(*_columns(rows.leaves, (float, int, int, int, int))),
        np.array(rows.words, np.uint32),
        np.array(rows.column_feature, np.int64),
        np.array(rows.leaf_share, np.float64),
        np.array(rows.leaf_column, np.int64),
        np.array(rows.conditions, np.int64).reshape(-1, 3),
    )


def _columns(rows: Sequence[tuple[Any, ...]], kinds: Sequence[type]) -> Iterator[NDArray[Any]]:
    for n, kind in enumerate(kinds):
        yield np.array([row[n] for row in rows], kind)


def _cut(tree: Tree, rows: _Rows, table_bits: int) -> int:
    """Add the steps and the parts of one tree; the number of places that it needs."""
    if not len(tree.feature):
        return 1
    inner = _inner_nodes(tree)
    places = 1
    waiting = [(0, Path(), 0)]
    inside: list[tuple[Any, ...]] = []
    while waiting:
        node, path, place = waiting.pop()
        if len(path.features) > MOST_FEATURES:
            raise InputError(f"A path of the model tests over {MOST_FEATURES} features: train it with fewer leaves.")
        if node < 0 or len(path.features) + len(inner[node]) <= table_bits:
            inside += _add_part(tree, rows, node, path, place, inner.get(node, ()), table_bits)
            continue
        feature = int(tree.feature[node])
        left, right = (path.after(feature, tree.cover(c) / tree.cover(node)) for c in _children(tree, node))
        rows.steps.append((*_question(tree, rows, node), place, left.features.index(feature), places, places + 1))
        waiting += [(int(tree.left[node]), left, places), (int(tree.right[node]), right, places + 1)]
        places += 2
    rows.steps += inside
    return places


def _children(tree: Tree, node: int) -> tuple[int, int]:
    return int(tree.left[node]), int(tree.right[node])


def _inner_nodes(tree: Tree) -> dict[int, tuple[int, ...]]:
    """For each inner node, itself and the inner nodes below it."""
    below: dict[int, tuple[int, ...]] = {}
    # LightGBM numbers nodes as it splits: children come after their parent.
    for node in reversed(range(len(tree.feature))):
        below[node] = (node, *(inner for child in _children(tree, node) if child >= 0 for inner in below[child]))
    return below


def _question(tree: Tree, rows: _Rows, node: int) -> tuple[Any, ...]:
    first, words = len(rows.words), tree.categories[node].tolist()
    rows.words += words
    return (
        int(tree.feature[node]),
        float(tree.threshold[node]),
        bool(tree.is_nan_left[node]),
        bool(tree.is_zero_missing[node]),
        first,
        len(words),
    )


def _add_part(
    tree: Tree, rows: _Rows, top: int, path: Path, place: int, inner: Sequence[int], table_bits: int
) -> list[tuple[Any, ...]]:
    """Add the part that begins at `top`, with its leaves; the steps of its inner nodes."""
    bit_of = {node: len(path.features) + n for n, node in enumerate(inner)}
    columns = list(dict.fromkeys([*path.features, *(int(tree.feature[node]) for node in inner)]))
    bits, first_leaf = len(path.features) + len(inner), len(rows.leaves)
    waiting: list[tuple[int, Path, tuple[tuple[int, int, int], ...]]] = [(top, path, ())]
    while waiting:
        node, own, conditions = waiting.pop()
        if node < 0:
            value = float(tree.leaf_value[~node])
            rows.leaves.append((value, len(rows.leaf_share), len(own.features), len(rows.conditions), len(conditions)))
            rows.leaf_share += own.shares
            rows.leaf_column += [columns.index(feature) for feature in own.features]
            rows.conditions += conditions
            continue
        feature = int(tree.feature[node])
        for side, child in enumerate(_children(tree, node)):
            longer = own.after(feature, tree.cover(child) / tree.cover(node))
            condition = (bit_of[node], side, longer.features.index(feature))
            waiting.append((child, longer, (*conditions, condition)))
    table = rows.cells if bits <= table_bits else -1
    leaves = len(rows.leaves) - first_leaf
    above = len(path.features)
    rows.parts.append((place, bits, above, len(rows.column_feature), len(columns), first_leaf, leaves, table))
    rows.cells += len(columns) << bits if table >= 0 else 0
    rows.column_feature += columns
    return [(*_question(tree, rows, node), -1, bit, place, -1) for node, bit in bit_of.items()]
