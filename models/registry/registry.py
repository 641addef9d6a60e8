"""The registered models: LightGBM's own text plus JSON, never a pickle; which is champion, and why."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from features import store
from features.errors import InputError
from features.folder import CHAMPION, champion_id
from models.alerts import Thresholds
from models.calibration.shapes import VennAbers, calibration_from
from models.evaluation.records import Metrics
from models.registry.model import Facts, RiskModel, as_json, digest
from models.rows.inputs import Input

REFERENCE, PROMOTIONS = "reference.json", "promotions.json"


@dataclass(frozen=True)
class Promotion:
    """A model put in use: when (UTC), and why."""

    model_id: str
    at: str
    why: str


def save(
    models: Path, model: RiskModel, metrics: Mapping[str, Metrics], card: str, reference: Facts | None = None
) -> str:
    """Register a model whole or not at all; its identifier. reference: what later periods are held against."""
    with store.new_folder(models / model.model_id) as folder:
        store.write_text(folder / "model.txt", model.text)
        for number, text in enumerate(model.refits):
            store.write_text(folder / _refit(number), text)
        store.write_text(folder / "model.json", as_json(model))
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
        facts = json.loads((folder / "model.json").read_text())
        inputs = tuple(Input(**{**f, "categories": tuple(f["categories"])}) for f in facts.pop("features"))
        calibration, thresholds = calibration_from(facts.pop("calibration")), Thresholds(**facts.pop("thresholds"))
        intervals = VennAbers(**{name: tuple(steps) for name, steps in facts.pop("intervals").items()})
        digests = [facts.pop("model_sha256"), *facts.pop("refits_sha256")]
        text, *refits = [(folder / name).read_text() for name in ("model.txt", *map(_refit, range(len(digests) - 1)))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"The model {model_id} in {models} can't be read ({error}). Train a new one: weaksignals train"
        ) from None
    model = RiskModel(text, inputs, calibration, intervals, thresholds, tuple(refits), facts)
    if [digest(part) for part in (text, *refits)] != digests or model.model_id != model_id:
        raise InputError(
            f"The files of the model {model_id} in {models} were changed since it was registered: it is not used. "
            "Restore them, or train a new one: weaksignals train"
        )
    return model


def _refit(number: int) -> str:
    return f"refit-{number}.txt"


def metrics_of(models: Path, model_id: str) -> dict[str, Any]:
    """How it was judged: see `models.training.training.Result`."""
    metrics: dict[str, Any] = json.loads((models / model_id / "metrics.json").read_text())
    return metrics


def reference_of(models: Path, model_id: str) -> dict[str, Any] | None:
    """What later periods are held against; None of a model that recorded nothing, or is there no more."""
    path = models / model_id / REFERENCE
    return json.loads(path.read_text()) if path.exists() else None


def registered(models: Path) -> list[str]:
    """The identifiers of all registered models, the oldest as-of month first."""
    return sorted(path.parent.name for path in models.glob("[0-9]*/model.json"))


def champion(models: Path) -> RiskModel:
    """The model in use.

    Raises InputError where there is none, or it can't be read.
    """
    model_id = champion_id(models)
    if model_id is None:
        raise InputError(f"No model is in use in {models}. Train one: weaksignals train")
    return load(models, model_id)


def promotions(models: Path) -> list[Promotion]:
    """Every model that was put in use, the first one first."""
    path = models / PROMOTIONS
    return [Promotion(**entry) for entry in json.loads(path.read_text())] if path.exists() else []


def promote(models: Path, model_id: str, why: str) -> None:
    """Put a registered model in use, and keep why; nothing where it is in use already.

    Raises InputError where it can't be read, or no reason is given.
    """
    if not why.strip():
        raise InputError("A model is put in use for a reason that others can read. Give it with --why.")
    load(models, model_id)
    if champion_id(models) == model_id:
        return
    entries = [*promotions(models), Promotion(model_id, datetime.now(UTC).isoformat(timespec="seconds"), why)]
    store.write_text(models / PROMOTIONS, json.dumps([asdict(e) for e in entries], indent=1, ensure_ascii=False))
    store.write_text(models / CHAMPION, model_id + "\n")


def roll_back(models: Path, why: str) -> str:
    """Put the model in use again that was in use before; its identifier.

    Raises InputError where there was none, or it can't be read.
    """
    now = champion_id(models)
    before = [entry.model_id for entry in promotions(models)]
    # What was rolled back from is not what was "before" it.
    while now in before:
        before = before[: before.index(now)]
    if not before:
        raise InputError(f"No model was in use before {now or 'any'} in {models}: there is nothing to go back to.")
    promote(models, before[-1], f"back from {now}: {why}" if now else why)
    return before[-1]
