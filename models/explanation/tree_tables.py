"""How a model's trees are cut into parts whose contributions can be tabulated, as flat arrays for compiled code.

What a part of a tree adds to each feature depends only on which of its bits are set: of each feature tested above it,
whether the row failed a test (Lundberg et al. 2018; a feature tested twice is one condition), and of each node in it,
whether the row goes right. So a part of b bits has at most 2^b outcomes, and a row's contributions are looked up.
A leaf of more bits than are tabulated is computed for each row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.errors import InputError
from models.explanation.trees import Floats, Integers, Tree

# A table of so many bits is 8 KB a feature: it stays in the nearest cache while a block of rows is looked up.
TABLE_BITS = 10
# The failed tests above a leaf are the bits of one word.
MOST_FEATURES = 62


class Steps(NamedTuple):
    """A row an inner node: what it asks, and the places that its answer changes.

    A place holds a row's bits. above: the place whose bits both children inherit, each with `bit` set where the row
    goes the other way; for a node inside a part -1, and `bit` of the part's place, `left`, is set where it goes right.
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
    """A row a part: its bits, how many of them are of features tested above it, its columns (features), its leaves.

    table: where its table begins, a column after the other, each of 2^bits cells; -1 where it is not tabulated.
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
    """A row a leaf: its value, the features on its path, and the conditions that lie inside its part."""

    value: Floats
    first_feature: Integers
    features: Integers
    first_condition: Integers
    conditions: Integers


class Plan(NamedTuple):
    """All trees, flat.

    tree_steps, tree_parts: where each tree's begin; places: the most of any tree; words: sets of categories.
    column_feature: of each column; leaf_share, leaf_column: of each feature on a leaf's path, the share of training
    rows that pass its tests, and its column in the part; conditions: (bit, side, place of the feature on the path).
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
    """The tests above a node: of each feature, in order of its first test, the share of rows that pass."""

    features: tuple[int, ...] = ()
    shares: tuple[float, ...] = ()

    def after(self, feature: int, share: float) -> "Path":
        """With one more test."""
        if feature not in self.features:
            return Path((*self.features, feature), (*self.shares, share))
        shares = list(self.shares)
        shares[self.features.index(feature)] *= share
        return replace(self, shares=tuple(shares))


@dataclass
class _Rows:
    """The arrays of a plan while they grow."""

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
    """Add one tree's steps and parts; how many places it takes."""
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
    """Of each inner node, itself and the inner nodes below it."""
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
    """Add the part below `top` with its leaves; the steps of its inner nodes."""
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
