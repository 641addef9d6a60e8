"""A model that can score, as plain values: what is registered, and what its identifier is made of."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from models.alerts import Thresholds
from models.calibration.shapes import Calibration, VennAbers, to_json
from models.rows.inputs import Input

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class RiskModel:
    """A model that can score.

    intervals: between which probabilities a firm's own lies, from the rows that the calibration was fitted on.
    refits: the same model on firms drawn again, as text: what a reason is held against to tell whether it is stable.
    facts: as JSON: as_of, split, seed, horizon, data (fingerprint, dictionary, simulated...), code, versions.
    """

    text: str
    inputs: tuple[Input, ...]
    calibration: Calibration
    intervals: VennAbers
    thresholds: Thresholds
    refits: tuple[str, ...]
    facts: Facts

    @property
    def model_id(self) -> str:
        """As-of month and a digest of all that the model is: equal data and seed give equal names."""
        return f"{self.facts['as_of'][:7]}-{hashlib.sha256(as_json(self).encode()).hexdigest()[:10]}"

    @property
    def is_simulated(self) -> bool:
        """Whether it was trained on simulated firms."""
        return bool(self.facts["data"]["simulated"])


def as_json(model: RiskModel) -> str:
    """All that the model is, but its trees, of which the digest: the content of `model.json`."""
    content = {
        "features": [asdict(column) for column in model.inputs],
        "calibration": to_json(model.calibration),
        "intervals": asdict(model.intervals),
        "thresholds": asdict(model.thresholds),
        "model_sha256": digest(model.text),
        "refits_sha256": [digest(text) for text in model.refits],
        **model.facts,
    }
    return json.dumps(content, indent=1, sort_keys=True)


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()
