"""The registered models: LightGBM's own text plus JSON, never a pickle; which is champion, and why."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb

from features import store
from features.errors import InputError
from models.calibration import Platt
from models.dataset import Input
from models.evaluation import Metrics
from models.thresholds import Thresholds

CHAMPION, REFERENCE = "champion", "reference.json"
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class RiskModel:
    """A model that can score.

    facts: as JSON: as_of, split, seed, horizon, data (fingerprint, dictionary_version, simulated...), versions.
    """

    text: str
    inputs: tuple[Input, ...]
    calibration: Platt
    thresholds: Thresholds
    facts: Facts

    @property
    def booster(self) -> lgb.Booster:
        """LightGBM's model, read from its text."""
        return lgb.Booster(model_str=self.text)

    @property
    def model_id(self) -> str:
        """As-of month and a digest of all that the model is: equal data and seed give equal names."""
        return f"{self.facts['as_of'][:7]}-{hashlib.sha256(_json(self).encode()).hexdigest()[:10]}"

    @property
    def is_simulated(self) -> bool:
        """Whether it was trained on simulated firms."""
        return bool(self.facts["data"]["simulated"])


def _json(model: RiskModel) -> str:
    content = {
        "features": [asdict(column) for column in model.inputs],
        "calibration": asdict(model.calibration),
        "thresholds": asdict(model.thresholds),
        "model_sha256": hashlib.sha256(model.text.encode()).hexdigest(),
        **model.facts,
    }
    return json.dumps(content, indent=1, sort_keys=True)


def save(
    models: Path, model: RiskModel, metrics: Mapping[str, Metrics], card: str, reference: Facts | None = None
) -> str:
    """Register a model whole or not at all; its identifier. reference: what later periods are held against."""
    with store.new_folder(models / model.model_id) as folder:
        store.write_text(folder / "model.txt", model.text)
        store.write_text(folder / "model.json", _json(model))
        store.write_text(folder / "metrics.json", json.dumps(metrics, indent=1))
        store.write_text(folder / "card.md", card)
        if reference is not None:
            store.write_text(folder / REFERENCE, json.dumps(reference))
    return model.model_id


def load(models: Path, model_id: str) -> RiskModel:
    """A registered model.

    Raises InputError where it is not there, or its files are not what was registered.
    """
    folder = models / model_id
    try:
        text = (folder / "model.txt").read_text()
        facts = json.loads((folder / "model.json").read_text())
        inputs = tuple(Input(**{**f, "categories": tuple(f["categories"])}) for f in facts.pop("features"))
        calibration, thresholds = Platt(**facts.pop("calibration")), Thresholds(**facts.pop("thresholds"))
        digest = facts.pop("model_sha256")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The model {model_id} in {models} can't be read ({error}). Train a new one: weaksignals train"
        ) from None
    model = RiskModel(text, inputs, calibration, thresholds, facts)
    if hashlib.sha256(text.encode()).hexdigest() != digest or model.model_id != model_id:
        raise InputError(
            f"The files of the model {model_id} in {models} were changed since it was registered: it is not used. "
            "Restore them, or train a new one: weaksignals train"
        )
    return model


def metrics_of(models: Path, model_id: str) -> dict[str, Metrics]:
    """How it and its baselines did on its test periods."""
    metrics: dict[str, Metrics] = json.loads((models / model_id / "metrics.json").read_text())
    return metrics


def reference_of(models: Path, model_id: str) -> dict[str, Any] | None:
    """What later periods are held against; None of a model that recorded nothing, or is there no more."""
    path = models / model_id / REFERENCE
    return json.loads(path.read_text()) if path.exists() else None


def champion_id(models: Path) -> str | None:
    """The model in use, None where there is none yet."""
    path = models / CHAMPION
    return path.read_text().strip() if path.exists() else None


def champion(models: Path) -> RiskModel:
    """The model in use.

    Raises InputError where there is none, or it can't be read.
    """
    model_id = champion_id(models)
    if model_id is None:
        raise InputError(f"No model is in use in {models}. Train one: weaksignals train")
    return load(models, model_id)


def promote(models: Path, model_id: str) -> None:
    """Put a registered model in use."""
    store.write_text(models / CHAMPION, model_id + "\n")
