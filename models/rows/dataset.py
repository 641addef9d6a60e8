"""Rows of the feature table as what a model learns from: a matrix, labels, firms and periods."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from features.assemble import CATALOG
from features.catalog import Feature
from features.errors import InputError
from features.hashing import HASHES, firm_hash
from features.periods import add_months, period_range
from models.rows.inputs import Input, Labels, Matrix


def read_facts(features: Path) -> dict[str, Any]:
    """What the feature table was built from.

    Raises InputError where no table was built.
    """
    path = features / "build.json"
    if not path.exists():
        raise InputError(f"There is no feature table in {features}. Run first: weaksignals build")
    facts: dict[str, Any] = json.loads(path.read_text())
    return facts


def read_rows(
    features: Path, periods: Sequence[date], only_labelled: bool = False, share: float = 1.0, siren: str = ""
) -> pd.DataFrame:
    """The rows of those periods, in order of period and firm.

    share: of the firms, drawn by a hash of the SIREN; siren: of this firm only.

    Raises InputError where a period was not built.
    """
    folders = [features.resolve() / f"period={period}" for period in periods]
    for folder, period in zip(folders, periods, strict=True):
        if not folder.is_dir():
            raise InputError(f"The period {period:%Y-%m} is not in {features}. Build it with: weaksignals build --end")
    con = ibis.duckdb.connect()
    table = con.read_parquet([str(folder / "*.parquet") for folder in folders], hive_partitioning=True)
    table = table.mutate(period=table.period.cast("date"))
    if only_labelled:
        table = table.filter(table.label.notnull() & ~table.in_procedure)
    if share < 1:
        table = table.filter(firm_hash(table.siren) < int(share * HASHES))
    if siren:
        table = table.filter(table.siren == siren)
    rows: pd.DataFrame = table.order_by("period", "siren").to_pandas()
    return rows


def read_openings(features: Path) -> pd.DataFrame:
    """(siren, opened_on): every true opening known by the build's `observed_until`. For judging, never for learning."""
    return pd.read_parquet(features.resolve() / "openings.parquet", partitioning=None)


def read_states(features: Path, period: date, months: int) -> pd.DataFrame:
    """(siren, period, procedure_state) of the period and the `months` before it, as far as they were built."""
    parts = []
    for each in period_range(add_months(period, -months), period):
        folder = features.resolve() / f"period={each}"
        if folder.is_dir():
            part = pd.read_parquet(folder, columns=["siren", "procedure_state"], partitioning=None)
            parts.append(part.assign(period=pd.Timestamp(each)))
    return pd.concat(parts, ignore_index=True)


def count_labelled(features: Path, periods: Sequence[date]) -> int:
    """How many labelled rows those periods hold."""
    files = [str(features.resolve() / f"period={period}" / "*.parquet") for period in periods]
    table = ibis.duckdb.connect().read_parquet(files)
    return int(table.filter(table.label.notnull() & ~table.in_procedure).count().execute())


def labelled_periods(features: Path, facts: dict[str, Any], as_of: date, label_lag: int) -> list[date]:
    """The periods of the table whose labels were all known on `as_of`."""
    built = sorted(date.fromisoformat(path.name[7:]) for path in features.resolve().glob("period=*"))
    last = min(as_of, date.fromisoformat(str(facts["observed_until"])))
    horizon = int(facts["horizon"])
    return [
        period
        for period in built
        if add_months(period, horizon) <= last and add_months(period, horizon + label_lag) <= as_of
    ]


def inputs_from(rows: pd.DataFrame, catalog: Sequence[Feature] = CATALOG) -> tuple[Input, ...]:
    """The model's columns, with the categories that those rows hold."""
    return tuple(
        Input(
            feature.name,
            feature.theme,
            feature.unit,
            feature.direction,
            feature.root,
            tuple(sorted(rows[feature.name].dropna().unique())) if feature.is_category else (),
        )
        for feature in catalog
    )


def matrix(rows: pd.DataFrame, inputs: Sequence[Input]) -> Matrix:
    """Rows x inputs, NaN where unknown; a category is its place in the known codes, NaN where it is not among them.

    Raises InputError where a column is missing.
    """
    missing = [column.name for column in inputs if column.name not in rows]
    if missing:
        raise InputError(
            f"The feature table lacks what the model reads: {', '.join(missing)}. Train a model on this table, or "
            "build it with the version that the model was trained with."
        )
    result = np.empty((len(rows), len(inputs)), np.float32)
    for n, column in enumerate(inputs):
        if column.unit == "category":
            codes = pd.Categorical(rows[column.name], categories=list(column.categories)).codes
            result[:, n] = np.where(codes < 0, np.nan, codes)
        else:
            result[:, n] = rows[column.name].to_numpy(np.float32, na_value=np.nan)
    return result


def labels_of(rows: pd.DataFrame) -> Labels:
    """The labels of labelled rows."""
    return rows["label"].to_numpy(np.int8)
