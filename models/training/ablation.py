"""What each part of a model adds: the model trained again without it, on the same rows, beside the model itself.

A part is a source, a theme, or the directions of a theme, which the model may not go against: what these add is mostly
below 0, and is the price of reasons that nobody can call absurd.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sklearn.base import clone

from features.assemble import CATALOG
from features.catalog import Feature
from models.estimators.challengers import fit, margins_of
from models.estimators.fitted import FittedModel
from models.estimators.soft_labels import course_of
from models.evaluation.records import DIRECTIONS, SOURCE, THEME, Ablation
from models.evaluation.uncertainty import paired_difference
from models.protocol import Progress
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Input
from models.rows.reading import Rows

TOLD: Final = {SOURCE: "the source", THEME: "the theme", DIRECTIONS: "the directions of"}


@dataclass(frozen=True)
class Without:
    """The inputs that are left without a part; concerned: how many are left out, or lose their direction."""

    part: str
    name: str
    inputs: tuple[Input, ...]
    concerned: int


def without_each(inputs: Sequence[Input], catalog: Sequence[Feature] = CATALOG) -> Iterator[Without]:
    """The inputs without each source, each theme, and the directions of each theme, in the order of the catalogue.

    A part that concerns no input, or without which none is left, is passed over.
    """
    sources = {feature.name: feature.sources for feature in catalog}
    for source in dict.fromkeys(name for column in inputs for name in sources[column.name]):
        yield from _kept(SOURCE, source, inputs, [c for c in inputs if source not in sources[c.name]])
    for theme in dict.fromkeys(column.theme for column in inputs):
        yield from _kept(THEME, theme, inputs, [c for c in inputs if c.theme != theme])
        freed = tuple(replace(column, direction=0) if column.theme == theme else column for column in inputs)
        if changed := sum(one != other for one, other in zip(freed, inputs, strict=True)):
            yield Without(DIRECTIONS, theme, freed, changed)


def _kept(part: str, name: str, inputs: Sequence[Input], kept: Sequence[Input]) -> Iterator[Without]:
    if 0 < len(kept) < len(inputs):
        yield Without(part, name, tuple(kept), len(inputs) - len(kept))


def ablations(model: FittedModel, rows: Rows, seed: int, progress: Progress) -> tuple[Ablation, ...]:
    """What each part adds to the average precision of a model of boosted trees on the test rows, one fit for each."""
    labels, firms, course = labels_of(rows.test), rows.test["siren"], course_of(rows.train)
    with_all = model.margins(rows.test)
    found = []
    for one in without_each(model.inputs):
        progress(f"the same without {TOLD[one.part]} {one.name.replace('_', ' ')}")
        estimator = clone(model.estimator).set_params(inputs=one.inputs)
        fitted = fit(estimator, matrix(rows.train, one.inputs), labels_of(rows.train), rows.weights, course)
        margins = margins_of(fitted, matrix(rows.test, one.inputs))
        adds = paired_difference(with_all, margins, labels, firms, seed=seed)["average_precision"]
        found.append(Ablation(one.part, one.name, one.concerned, adds))
    return tuple(found)
