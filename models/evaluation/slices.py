"""How good probabilities are on parts of the rows: by horizon, by kind of firm, without a source, with procedures."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.assemble import CATALOG
from features.catalog import Feature
from models.alerts import HIGH, MODERATE, Thresholds
from models.evaluation.groups import CATEGORIES, FEWEST, UNKNOWN, age_band
from models.evaluation.metrics import evaluate
from models.evaluation.outcomes import fails_within, is_over
from models.evaluation.records import Metrics
from models.evaluation.uncertainty import WeightedMetrics
from models.rows.inputs import Labels, Probabilities

HORIZONS = (6, 12, 18, 24)


def by_horizon(
    rows: pd.DataFrame,
    probability: Probabilities,
    openings: pd.DataFrame,
    observed_until: date,
    thresholds: Thresholds,
    horizons: Sequence[int] = HORIZONS,
) -> list[Metrics]:
    """A record a horizon in months, on the rows whose horizon is over: those of `by_group`, with `horizon`.

    rows: (siren, period), of firms in bonis. Probabilities are those of the model's own horizon: at another one its
    ranking can be judged, and what an alert is worth, but mean_probability is not what observed_rate should be.
    """
    records = []
    for months in horizons:
        known = is_over(rows, months, observed_until)
        labels = fails_within(rows[known], openings, months)
        records.append({"horizon": months, **summary(probability[known], labels, thresholds)})
    return records


def by_group(
    rows: pd.DataFrame,
    probability: Probabilities,
    labels: Labels,
    thresholds: Thresholds,
    catalog: Sequence[Feature] = CATALOG,
) -> dict[str, list[Metrics]]:
    """For naf_section, size_class, region, age and missing_source: a record a group, by its name.

    rows: of the feature table. A record: group, rows, failures, observed_rate, mean_probability, auc,
    average_precision, and for `high` and `moderate` precision and recall; None where too few rows tell it.
    missing_source: rows on which every feature that needs that source is unknown; groups overlap.
    """
    groups = {name: _each(rows[name].fillna(UNKNOWN)) for name in CATEGORIES}
    groups |= {"age": _each(age_band(rows["age"])), "missing_source": _without_source(rows, catalog)}
    return {
        dimension: [{"group": name, **summary(probability[m], labels[m], thresholds)} for name, m in members]
        for dimension, members in groups.items()
    }


def _each(group: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name in sorted(group.unique()):
        yield str(name), (group == name).to_numpy(bool)


def _without_source(rows: pd.DataFrame, catalog: Sequence[Feature]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for source in sorted({source for feature in catalog for source in feature.sources}):
        is_missing = rows[[f.name for f in catalog if source in f.sources]].isna().all(axis=1).to_numpy(bool)
        if is_missing.any():
            yield source, is_missing


def summary(probability: Probabilities, labels: Labels, thresholds: Thresholds) -> Metrics:
    """The record of some rows: see `by_group`."""
    rows, failures = len(labels), int(labels.sum())
    is_enough = min(failures, rows - failures) >= FEWEST
    ranking = WeightedMetrics(probability, labels).ranking(np.ones(rows)) if is_enough else {}
    return {
        "rows": rows,
        "failures": failures,
        "observed_rate": failures / rows if rows else None,
        "mean_probability": float(probability.mean()) if rows else None,
        "auc": ranking.get("auc"),
        "average_precision": ranking.get("average_precision"),
        HIGH: _at(probability >= thresholds.high, labels),
        MODERATE: _at(probability >= thresholds.moderate, labels),
    }


def _at(is_flagged: NDArray[np.bool_], labels: Labels) -> Metrics:
    alerts, failures = int(is_flagged.sum()), int(labels.sum())
    hits = int(labels[is_flagged].sum())
    return {
        "alerts": alerts,
        "precision": hits / alerts if alerts else None,
        "recall": hits / failures if failures else None,
    }


def with_and_without_procedures(
    rows: pd.DataFrame, probability: Probabilities, thresholds: Thresholds
) -> dict[str, Metrics]:
    """`evaluate` without and with the firms already in a procedure: with them it flatters.

    rows: (label, in_procedure), all of periods whose horizon is over: a firm without a label is truly in a procedure.
    `with_procedures` counts those firms as failures foreseen, as existing systems do; it foresees nothing that is not
    already published, and is shown so that their figures can be compared.
    """
    in_procedure = rows["in_procedure"].to_numpy(bool)
    failed = rows["label"].fillna(1).to_numpy(np.int8)
    is_prediction = rows["label"].notna().to_numpy(bool) & ~in_procedure
    return {
        "without_procedures": evaluate(probability[is_prediction], failed[is_prediction], thresholds),
        "with_procedures": evaluate(probability, np.where(in_procedure, 1, failed).astype(np.int8), thresholds),
    }
