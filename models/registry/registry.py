"""The registered models: LightGBM's own text plus JSON, never a pickle; which is champion, and why."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from features import store
from features.errors import InputError
from features.folder import CHAMPION, champion_id
from features.records import read_record, write_record
from models.evaluation.records import Metrics
from models.registry.gates import refuse_unfit
from models.registry.model import RiskModel, digest, identifier, record_text
from models.registry.records import ModelRecord, Reference
from models.registry.upgrades import METRICS_UPGRADES, MODEL_UPGRADES, REFERENCE_UPGRADES

PROMOTIONS, PICTURES = "promotions.json", "pictures"
MODEL, METRICS, REFERENCE = "model.json", "metrics.json", "reference.json"
# The trees in use, and those that were evaluated.
IN_USE, TESTED = "model.txt", "tested.txt"
TRAIN: Final = "Train a new model: weaksignals train"


@dataclass(frozen=True)
class Promotion:
    """A model put in use: when (UTC), and why."""

    model_id: str
    at: str
    why: str


def save(
    models: Path,
    model: RiskModel,
    metrics: Metrics | None,
    card: str,
    reference: Reference | None = None,
    pictures: Mapping[str, str] | None = None,
) -> str:
    """Register a model whole or not at all; its identifier.

    metrics, reference: None of a model that was not evaluated, or that monitoring has nothing to compare with.
    pictures: file name -> content.
    """
    with store.new_folder(models / model.model_id) as folder:
        store.write_text(folder / IN_USE, model.text)
        if model.tested is not None:
            store.write_text(folder / TESTED, model.tested)
        for number, text in enumerate(model.refits):
            store.write_text(folder / _refit(number), text)
        store.write_text(folder / MODEL, record_text(model))
        store.write_text(folder / "card.md", card)
        if metrics is not None:
            write_record(folder / METRICS, metrics, METRICS_UPGRADES)
        if reference is not None:
            write_record(folder / REFERENCE, reference, REFERENCE_UPGRADES)
        for name, content in (pictures or {}).items():
            (folder / PICTURES).mkdir(exist_ok=True)
            store.write_text(folder / PICTURES / name, content)
    return model.model_id


def load(models: Path, model_id: str) -> RiskModel:
    """A registered model; one that an earlier version registered is upgraded and keeps its identifier.

    Raises InputError where it is not there, can't be read or upgraded, or its files are not what was registered.
    """
    folder = models / model_id
    record = read_record(folder / MODEL, ModelRecord, MODEL_UPGRADES, TRAIN)
    try:
        content, text = ((folder / name).read_text() for name in (MODEL, IN_USE))
        tested = None if record.tested_sha256 is None else (folder / TESTED).read_text()
        refits = [(folder / _refit(number)).read_text() for number in range(len(record.refits_sha256))]
    except (OSError, ValueError) as error:
        raise InputError(f"The model {model_id} in {models} can't be read ({error}). {TRAIN}") from None
    digests = [record.model_sha256, record.tested_sha256, *record.refits_sha256]
    if [part and digest(part) for part in (text, tested, *refits)] != digests or identifier(
        record.facts, content
    ) != model_id:
        raise InputError(
            f"The files of the model {model_id} in {models} were changed since it was registered: it is not used. "
            f"Restore them. {TRAIN}"
        )
    parts = (record.inputs, record.calibration, record.interval, record.curve, tuple(refits), record.facts, tested)
    model = RiskModel(text, *parts)
    return model if model.model_id == model_id else replace(model, former_id=model_id)


def _refit(number: int) -> str:
    return f"refit-{number}.txt"


def metrics_of(models: Path, model_id: str) -> Metrics:
    """How it was evaluated.

    Raises InputError where that was not recorded, or can't be read or upgraded.
    """
    return read_record(models / model_id / METRICS, Metrics, METRICS_UPGRADES, TRAIN)


def reference_of(models: Path, model_id: str) -> Reference | None:
    """What later periods are compared with; None where nothing was recorded, or the model is no longer there.

    Raises InputError where it can't be read or upgraded.
    """
    path = models / model_id / REFERENCE
    return read_record(path, Reference, REFERENCE_UPGRADES, TRAIN) if path.exists() else None


def registered(models: Path) -> list[str]:
    """The identifiers of all registered models, the oldest as-of month first."""
    return sorted(path.parent.name for path in models.glob("[0-9]*/model.json"))


def champion(models: Path) -> RiskModel:
    """The model in use.

    Raises InputError where there is none, it can't be read, or it is not good enough.
    """
    model_id = champion_id(models)
    if model_id is None:
        raise InputError(f"No model is in use in {models}. Train one: weaksignals train")
    return _fit(models, model_id)


def _fit(models: Path, model_id: str) -> RiskModel:
    """The model, where it was not evaluated or is good enough; raises InputError elsewhere."""
    model = load(models, model_id)
    if (models / model_id / METRICS).exists():
        refuse_unfit(metrics_of(models, model_id), model.facts)
    return model


def promotions(models: Path) -> list[Promotion]:
    """Every model that was put in use, the first one first.

    Raises InputError where the file is damaged.
    """
    path = models / PROMOTIONS
    try:
        return TypeAdapter(list[Promotion]).validate_json(path.read_bytes()) if path.exists() else []
    except (OSError, ValueError):
        raise InputError(
            f"{path}, the history of the models in use, can't be read. Restore it from a back-up; without one, move it "
            "away: the history then starts anew, and models stay as they are."
        ) from None


def promote(models: Path, model_id: str, why: str) -> None:
    """Put a registered model in use, and keep why; nothing where it is in use already.

    Raises InputError where it can't be read, is not good enough, or no reason is given.
    """
    if not why.strip():
        raise InputError("A model is put in use for a reason that others can read. Give it with --why.")
    _fit(models, model_id)
    if champion_id(models) == model_id:
        return
    entries = [*promotions(models), Promotion(model_id, datetime.now(UTC).isoformat(timespec="seconds"), why)]
    store.write_text(models / PROMOTIONS, json.dumps([asdict(e) for e in entries], indent=1, ensure_ascii=False))
    store.write_text(models / CHAMPION, model_id + "\n")


def roll_back(models: Path, why: str) -> str:
    """Put the model in use again that was in use before; its identifier.

    Raises InputError where there was none, it can't be read, or it is not good enough.
    """
    now = champion_id(models)
    before = [entry.model_id for entry in promotions(models)]
    # Take the entry before the first one of the model in use: a model that was rolled back from is later in the list.
    while now in before:
        before = before[: before.index(now)]
    if not before:
        raise InputError(f"No model was in use before {now or 'any'} in {models}: there is nothing to go back to.")
    promote(models, before[-1], f"back from {now}: {why}" if now else why)
    return before[-1]
