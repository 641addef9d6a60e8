"""What a model was made of: the data, the code and the versions that would make it again."""

import hashlib
import importlib.metadata
from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from pathlib import Path

import pandas as pd

from features.table_record import BuildRecord
from models.calibration.base_rate import BaseRate
from models.protocol import Protocol
from models.registry.records import FinalFit, ModelFacts, Span, Spans, TrainingData
from models.rows.reading import Rows
from models.rows.split import Split

# The source that decides what a model is. What evaluates, explains or monitors it may change without changing it.
MADE_BY = (
    "features/**/*.py",
    "models/protocol.py",
    *(f"models/{room}/*.py" for room in ("rows", "calibration", "estimators", "training")),
)
PACKAGES = ("lightgbm", "scikit-learn", "numpy", "pandas", "weaksignals")


def model_facts(
    built: BuildRecord,
    as_of: date,
    split: Spans,
    protocol: Protocol,
    n_estimators: int,
    base_rate: BaseRate,
    final: FinalFit,
) -> ModelFacts:
    """The facts of a model trained on rows of the feature table that `built` describes; split: see `spans`."""
    return ModelFacts(
        as_of=as_of,
        horizon=built.horizon,
        protocol=protocol,
        split=split,
        data=TrainingData(**{field.name: getattr(built, field.name) for field in fields(TrainingData)}),
        code=code_digest(),
        versions={name: importlib.metadata.version(name) for name in PACKAGES},
        n_estimators=n_estimators,
        base_rate=base_rate,
        final=final,
    )


def spans(split: Split, rows: Rows) -> Spans:
    """The parts of the split, and the rows that were read of each."""
    return Spans(span(split.train, rows.train), span(split.validation, rows.validation), span(split.test, rows.test))


def span(periods: Sequence[date], rows: pd.DataFrame) -> Span:
    """A part of the split, or of what the trees in use learnt from."""
    return Span(periods[0], periods[-1], len(rows), int(rows["siren"].nunique()), int(rows["label"].sum()))


def code_digest() -> str:
    """A digest of the source in MADE_BY: the same digest means the same code, whatever the version says."""
    content, root = hashlib.sha256(), Path(__file__).parents[2]
    for path in sorted(path for pattern in MADE_BY for path in root.glob(pattern)):
        content.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return content.hexdigest()[:12]
