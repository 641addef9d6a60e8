"""A model that can score, as plain values: what is registered, and what its identifier is made of."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

from features.records import as_json
from models.calibration.curve import ShorterHorizon
from models.calibration.interval import RiskInterval
from models.calibration.shapes import Calibration
from models.registry.records import ModelFacts, ModelRecord
from models.registry.upgrades import MODEL_UPGRADES
from models.rows.inputs import Input


@dataclass(frozen=True)
class RiskModel:
    """A model that can score.

    text: LightGBM's own text of the trees in use. tested: of the trees that were evaluated, with the same inputs and
    calibration, where they are others: models are compared by these. Whatever is said of firms comes from `text`.
    interval: how uncertain the calibration is; None of a model that version 0.2.0, or one before it, registered.
    curve: its risks at shorter horizons; empty where it tells none.
    refits: the same model fitted on firms drawn again, as text: a reason that they do not share is unstable.
    former_id: the identifier of a model that an earlier version registered, empty for those of this version.
    """

    text: str
    inputs: tuple[Input, ...]
    calibration: Calibration
    interval: RiskInterval | None
    curve: tuple[ShorterHorizon, ...]
    refits: tuple[str, ...]
    facts: ModelFacts
    tested: str | None = None
    former_id: str = ""

    @cached_property
    def model_id(self) -> str:
        """As-of month and a digest of all that the model is: the same data and seed give the same identifier."""
        return self.former_id or identifier(self.facts, record_text(self))

    @property
    def evidence(self) -> str:
        """The trees that were evaluated."""
        return self.tested or self.text

    @property
    def knows_later_states(self) -> bool:
        """Whether its trees learnt from soft labels, as those of older versions did not: LightGBM's text tells it."""
        return "\nobjective=cross_entropy\n" in self.text

    @property
    def is_simulated(self) -> bool:
        """Whether it was trained on simulated firms."""
        return self.facts.data.simulated


def record_text(model: RiskModel) -> str:
    """The content of the model's `model.json`."""
    record = ModelRecord(
        model.inputs,
        model.calibration,
        model.interval,
        model.curve,
        digest(model.text),
        None if model.tested is None else digest(model.tested),
        tuple(digest(text) for text in model.refits),
        model.facts,
    )
    return as_json(record, MODEL_UPGRADES)


def identifier(facts: ModelFacts, text: str) -> str:
    """The identifier of the model whose `model.json` has that text."""
    return f"{facts.as_of:%Y-%m}-{digest(text)[:10]}"


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
