"""How good probabilities are on parts of the rows: by horizon, by group of firms, with and without procedures."""

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.assemble import CATALOG
from features.catalog import Feature
from models.alerts import HIGH, MODERATE, AlertPolicy
from models.calibration.thresholds import Alerts, alerting, flagged
from models.evaluation.groups import CATEGORIES, FEWEST, UNKNOWN, age_band
from models.evaluation.metrics import evaluate
from models.evaluation.records import AlertFigures, GroupFigures, HorizonFigures, Procedures, SliceFigures, YearFigures
from models.evaluation.uncertainty import WeightedMetrics
from models.rows.inputs import Labels, Probabilities
from models.rows.outcomes import fails_within, is_over

HORIZONS = (6, 12, 18, 24)


def by_horizon(
    rows: pd.DataFrame,
    probability: Probabilities,
    openings: pd.DataFrame,
    observed_until: date,
    alerts: Alerts,
    horizons: Sequence[int] = HORIZONS,
) -> tuple[HorizonFigures, ...]:
    """The metrics at each horizon in months, on the rows whose horizon is over on `observed_until`.

    rows: (siren, period), of firms in bonis. The probabilities are those of the model's own horizon: at another one
    they show how it ranks firms and what its alerts are worth, but mean_probability need not equal observed_rate.
    """
    found = []
    for months in horizons:
        known = is_over(rows, months, observed_until)
        labels = fails_within(rows[known], openings, months)
        found.append(HorizonFigures(**vars(summary(probability[known], labels, alerts[known])), horizon=months))
    return tuple(found)


def by_year(counts: pd.DataFrame, openings: pd.DataFrame) -> tuple[YearFigures, ...]:
    """How often the firms in scope fail, year by year.

    counts: as `models.rows.dataset.label_counts` gives; openings: as `read_openings`.
    """
    opened = pd.to_datetime(openings["opened_on"]).dt.year.value_counts()
    sums = counts.groupby([day.year for day in counts["period"]])[["rows", "failures"]].sum()
    return tuple(
        YearFigures(int(year), int(rows), int(failures), int(opened.get(year, 0)))
        for year, rows, failures in sums.itertuples(name=None)
    )


def by_group(
    rows: pd.DataFrame,
    probability: Probabilities,
    labels: Labels,
    alerts: Alerts,
    catalog: Sequence[Feature] = CATALOG,
) -> dict[str, tuple[GroupFigures, ...]]:
    """The metrics of each group of each dimension: naf_section, size_class, region, age and missing_source.

    rows: of the feature table, labelled. A group of missing_source holds the rows on which every feature that needs
    that source is unknown; these groups overlap, and not every row is in one.
    """
    groups = {name: _each(rows[name].fillna(UNKNOWN)) for name in CATEGORIES}
    groups |= {"age": _each(rows["age"].map(age_band)), "missing_source": _without_source(rows, catalog)}
    return {
        dimension: tuple(
            GroupFigures(**vars(summary(probability[m], labels[m], alerts[m])), group=name) for name, m in members
        )
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


def summary(probability: Probabilities, labels: Labels, alerts: Alerts) -> SliceFigures:
    """The metrics of some rows; no ranking with fewer than FEWEST failures or survivors."""
    rows, failures = len(labels), int(labels.sum())
    is_enough = min(failures, rows - failures) >= FEWEST
    ranking = WeightedMetrics(probability, labels).ranking(np.ones(rows)) if is_enough else {}
    return SliceFigures(
        rows=rows,
        failures=failures,
        observed_rate=failures / rows if rows else None,
        mean_probability=float(probability.mean()) if rows else None,
        auc=ranking.get("auc"),
        average_precision=ranking.get("average_precision"),
        high=_at(flagged(alerts)[HIGH], labels),
        moderate=_at(flagged(alerts)[MODERATE], labels),
    )


def _at(is_flagged: NDArray[np.bool_], labels: Labels) -> AlertFigures:
    count, failures = int(is_flagged.sum()), int(labels.sum())
    hits = int(labels[is_flagged].sum())
    return AlertFigures(count, hits / count if count else None, hits / failures if failures else None)


def with_and_without_procedures(rows: pd.DataFrame, probability: Probabilities, policy: AlertPolicy) -> Procedures:
    """The metrics without and with the firms that are already in a procedure; with them they flatter the model.

    rows: (period, label, in_procedure) of periods whose horizon is over, so that a firm without a label is in a
    procedure. The thresholds are those of the firms that are in none.
    `with_procedures` counts those firms as failures, and their alerts as right, as existing systems do. Nothing is
    predicted there, since the procedures are already published: it only makes the figures comparable with theirs.
    """
    in_procedure = rows["in_procedure"].to_numpy(bool)
    failed = rows["label"].fillna(1).to_numpy(np.int8)
    is_prediction = rows["label"].notna().to_numpy(bool) & ~in_procedure
    alerts = alerting(policy, rows)(probability, is_prediction.astype(np.float64))
    return Procedures(
        evaluate(probability[is_prediction], failed[is_prediction], alerts[is_prediction]),
        evaluate(probability, np.where(in_procedure, 1, failed).astype(np.int8), alerts),
    )
