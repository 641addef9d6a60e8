"""The trees of a LightGBM model, read from its own text: the test of each node, and its training rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.errors import InputError

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Words = NDArray[np.uint32]

# The bits of LightGBM's `decision_type`: whether it is a category, whether unknown values go left, what is unknown.
CATEGORY, DEFAULT_LEFT, MISSING_SHIFT = 1, 2, 2
MISSING_NEVER, MISSING_ZERO = 0, 1
REFUSED = {
    "num_class": ("1", "models of one margin per row (num_class=1)"),
    "num_tree_per_iteration": ("1", "models of one tree per iteration"),
}


@dataclass(frozen=True)
class Tree:
    """A tree of n leaves and n - 1 inner nodes; a negative child is the leaf ~child.

    threshold: the largest value that goes left. is_nan_left: whether an unknown value goes left; is_zero_missing:
    whether 0 counts as unknown. categories: for each node, the codes that go left, as bits; empty at a quantity.
    node_cover, leaf_cover: training rows that came there.
    """

    feature: Integers
    threshold: Floats
    is_nan_left: NDArray[np.bool_]
    is_zero_missing: NDArray[np.bool_]
    categories: tuple[Words, ...]
    left: Integers
    right: Integers
    leaf_value: Floats
    node_cover: Floats
    leaf_cover: Floats

    @property
    def mean(self) -> float:
        """The mean value of the tree over the training rows."""
        if not len(self.feature):
            return float(self.leaf_value[0])
        return float(self.leaf_cover @ self.leaf_value / self.node_cover[0])

    def cover(self, node: int) -> float:
        """The training rows that came to a node or a leaf."""
        return float(self.node_cover[node] if node >= 0 else self.leaf_cover[~node])


def read_trees(text: str) -> tuple[Tree, ...]:
    """The trees of a model's text.

    Raises InputError where the margin is not a plain sum of one value per tree.
    """
    head, *blocks = text.split("\nTree=")
    facts = _facts(head)
    for name, (wanted, words) in REFUSED.items():
        if facts.get(name, wanted) != wanted:
            raise InputError(f"The model has {name}={facts[name]}: contributions are computed for {words} only.")
    if "average_output" in head.splitlines():
        raise InputError("The model averages its trees (boosting=rf): contributions are computed for sums only.")
    return tuple(_tree(_facts(block)) for block in blocks)


def _facts(block: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in block.split("\n\n")[0].splitlines() if "=" in line)


def _tree(facts: dict[str, str]) -> Tree:
    if facts.get("is_linear", "0") != "0":
        raise InputError("The model has linear leaves (linear_tree): train it with linear_tree=False to explain it.")

    def numbers(name: str, kind: Callable[[Any], NDArray[Any]]) -> NDArray[Any]:
        return kind(facts.get(name, "").split())

    kinds, threshold = numbers("decision_type", _integers), numbers("threshold", _floats)
    is_category = (kinds & CATEGORY) > 0
    missing = kinds >> MISSING_SHIFT
    # Where training saw no unknown value, LightGBM reads one as 0; an unknown category goes right.
    is_nan_left = np.where(missing == MISSING_NEVER, threshold >= 0, (kinds & DEFAULT_LEFT) > 0) & ~is_category
    return Tree(
        feature=numbers("split_feature", _integers),
        threshold=threshold,
        is_nan_left=is_nan_left,
        is_zero_missing=(missing == MISSING_ZERO) & ~is_category,
        categories=tuple(_categories(facts, is_category, threshold)),
        left=numbers("left_child", _integers),
        right=numbers("right_child", _integers),
        leaf_value=numbers("leaf_value", _floats),
        node_cover=numbers("internal_count", _floats),
        leaf_cover=numbers("leaf_count", _floats),
    )


def _categories(facts: dict[str, str], is_category: NDArray[np.bool_], threshold: Floats) -> Iterator[Words]:
    bounds = [int(place) for place in facts.get("cat_boundaries", "").split()]
    words = np.array(facts.get("cat_threshold", "").split(), np.uint32)
    for is_set, place in zip(is_category, threshold, strict=True):
        yield words[bounds[int(place)] : bounds[int(place) + 1]] if is_set else words[:0]


def _integers(cells: list[str]) -> Integers:
    return np.array(cells, np.int64)


def _floats(cells: list[str]) -> Floats:
    return np.array(cells, np.float64)
