"""Rows of the feature table as what a model learns from: a matrix, labels, firms and periods."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.backends import BaseBackend

from features.assemble import CATALOG
from features.catalog import Feature
from features.engine import read_periods, reader, to_frame
from features.errors import InputError
from features.folder import FeatureTable
from features.grid import KEY
from features.hashing import HASHES, firm_hash
from features.periods import add_months
from features.target import labelled
from models.rows.inputs import Input, Labels, Matrix
from models.rows.outcomes import lasted

# Figures for lists and groups. A hundred codes are learnt by heart, and rank later months worse than without them; what
# they have to tell is in the failure rates of the theme `context`.
NOT_LEARNT: Final = frozenset({"departement", "region"})
# Of rows with labels; the days on which sources were known tell a reader of lists, not a model.
LABELLED: Final = frozenset({*KEY, "in_procedure", "label", *(feature.name for feature in CATALOG)})
# Rows are read so many periods at a time: what an engine puts in order stands in memory three times.
AT_ONCE: Final = 12


def read_rows(
    table: FeatureTable,
    periods: Sequence[date],
    share: float = 1.0,
    siren: str = "",
    has_label: bool = False,
    only_labelled: bool = False,
) -> pd.DataFrame:
    """The rows of those periods, in order of period and firm.

    share: of the firms, drawn by a hash of the SIREN; siren: of this firm only. has_label: with what became of the
    firm, `label`, without the columns that no model needs; only_labelled: with it, only the rows that a model learns
    from, and `lasted`, see `outcomes`.

    Raises InputError where a period was not built, or labels are asked of a table that an older version built.
    """
    con = _reader(table)

    def part(months: Sequence[date]) -> pd.DataFrame:
        is_labelled = has_label or only_labelled
        rows = _labelled(con, table, months, only_labelled) if is_labelled else _rows(con, table, months)
        if share < 1:
            rows = rows.filter(firm_hash(rows.siren) < int(share * HASHES))
        if siren:
            rows = rows.filter(rows.siren == siren)
        return to_frame(con, rows.order_by("period", "siren"))

    months = sorted(periods)
    parts = [part(months[start : start + AT_ONCE]) for start in range(0, max(len(months), 1), AT_ONCE)]
    found = pd.concat(parts, ignore_index=True)
    return found.assign(lasted=lasted(found, read_openings(table), table.record.horizon)) if only_labelled else found


def _reader(table: FeatureTable) -> BaseBackend:
    return reader() if table.reader is None else table.reader


def _rows(con: BaseBackend, table: FeatureTable, periods: Sequence[date]) -> ir.Table:
    rows = read_periods(con, table, periods)
    # Older versions kept labels among the features.
    return rows.drop(*({"label"} & {*rows.columns}))


def _labelled(con: BaseBackend, table: FeatureTable, periods: Sequence[date], only_labelled: bool) -> ir.Table:
    if not table.labels.exists():
        raise InputError(
            "The feature table was built by an older version, which kept labels in it. Build it again: weaksignals "
            "build --rebuild"
        )
    told, built = con.read_parquet(str(table.labels.resolve())), table.record
    rows = labelled(_rows(con, table, periods), told, built.observed_until, built.horizon)
    rows = rows.select(*(name for name in rows.columns if name in LABELLED))
    return rows.filter(rows.label.notnull() & ~rows.in_procedure) if only_labelled else rows


def read_firms(table: FeatureTable) -> pd.DataFrame:
    """The register's facts of each firm: see `features.perimeter.firms`."""
    return pd.read_parquet(table.firms, partitioning=None)


def read_sirens(table: FeatureTable, period: date) -> frozenset[str]:
    """The firms of a period, none where it was not built."""
    if period not in table.periods:
        return frozenset()
    return frozenset(pd.read_parquet(table.part(period), columns=["siren"], partitioning=None)["siren"])


def read_openings(table: FeatureTable) -> pd.DataFrame:
    """(siren, opened_on): every true opening known by the build's `observed_until`. For evaluation only."""
    return pd.read_parquet(table.openings, partitioning=None)


def read_undecided(table: FeatureTable, period: date) -> tuple[int, int]:
    """How many firms have a notice that can't be read with certainty, of how many with a procedure or such a notice.

    As known at the period. (0, 0) for a table that an older version built.
    """
    if not table.undecided.exists():
        return 0, 0
    known = pd.Timestamp(period)
    sirens = []
    for path in (table.undecided, table.procedures):
        rows = pd.read_parquet(path, columns=["siren", "known_at"], partitioning=None)
        sirens.append(set(rows.loc[pd.to_datetime(rows["known_at"]) <= known, "siren"]))
    return len(sirens[0]), len(sirens[0] | sirens[1])


def count_rows(table: FeatureTable, periods: Sequence[date], only_labelled: bool = True) -> int:
    """How many rows those periods hold of firms in no procedure; only_labelled: as `read_rows`."""
    rows = _labelled(_reader(table), table, periods, only_labelled)
    return int(rows.filter(~rows.in_procedure).count().execute())


def label_counts(table: FeatureTable, periods: Sequence[date]) -> pd.DataFrame:
    """(period, a date, rows, failures): the labelled rows of each of those periods, and those that fail; in order."""
    con = _reader(table)
    rows = _labelled(con, table, periods, only_labelled=True)
    counts = rows.group_by("period").agg(rows=rows.count(), failures=rows.label.sum().cast("int64"))
    found = to_frame(con, counts.order_by("period"))
    return found.assign(period=found["period"].dt.date)


def labelled_periods(table: FeatureTable, as_of: date, label_lag: int, horizon: int | None = None) -> list[date]:
    """The periods of the table whose labels at that horizon, its own by default, were all known on `as_of`."""
    last, horizon = min(as_of, table.record.observed_until), horizon or table.record.horizon
    return [
        period
        for period in table.periods
        if add_months(period, horizon) <= last and add_months(period, horizon + label_lag) <= as_of
    ]


def inputs_from(rows: pd.DataFrame, catalog: Sequence[Feature] = CATALOG) -> tuple[Input, ...]:
    """The model's columns, with the categories that those rows hold; without NOT_LEARNT."""
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
        if feature.name not in NOT_LEARNT
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
            codes = pd.Index(column.categories, dtype="str").get_indexer(pd.Index(rows[column.name]))
            result[:, n] = np.where(codes < 0, np.nan, codes)
        else:
            result[:, n] = rows[column.name].to_numpy(np.float32, na_value=np.nan)
    return result


def labels_of(rows: pd.DataFrame) -> Labels:
    """The labels of labelled rows."""
    return rows["label"].to_numpy(np.int8)
