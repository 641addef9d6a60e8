"""The rows that a model is trained and evaluated on: a split of periods, read within what memory holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from features.errors import InputError
from features.folder import FeatureTable
from models.protocol import Protocol
from models.rows import dataset
from models.rows.inputs import Weights
from models.rows.sampling import kept_rows, sample_weights, sampled_periods
from models.rows.split import Split


@dataclass(frozen=True)
class Rows:
    """Labelled rows of firms in bonis: to train on, with their sample weights; to calibrate on; to test on."""

    train: pd.DataFrame
    weights: Weights
    validation: pd.DataFrame
    test: pd.DataFrame


def read_split(table: FeatureTable, split: Split, protocol: Protocol) -> Rows:
    """The rows of a split; of the training rows those of `read_training`.

    Raises InputError where a part holds no failure.
    """
    train, weights = read_training(table, split.train, protocol)
    validation, test = (
        read_at_most(table, part, protocol.max_evaluation_rows) for part in (split.validation, split.test)
    )
    for part, name in ((train, "training"), (validation, "validation"), (test, "test")):
        if part["label"].nunique() < 2:
            raise InputError(f"The {name} periods hold no failure: a model can't be made. Build from an earlier start.")
    return Rows(train, weights, validation, test)


def read_training(table: FeatureTable, periods: Sequence[date], protocol: Protocol) -> tuple[pd.DataFrame, Weights]:
    """Labelled rows of those periods to train on, and their weights.

    Of the periods one in `every_months`, at most `max_training_rows` (whole firms are left out, by a hash of the
    SIREN), then a share of the surviving firms.
    """
    months = sampled_periods(periods, protocol.sampling.every_months)
    rows, share = read_at_most(table, months, protocol.max_training_rows), protocol.sampling.negative_share
    if share < 1:
        rows = rows[kept_rows(rows["siren"], rows["label"], share)]
    return rows, sample_weights(rows["label"], share)


def read_at_most(table: FeatureTable, periods: Sequence[date], most: int, only_labelled: bool = True) -> pd.DataFrame:
    """The rows of those periods with their labels, of as many firms as have about `most` labelled rows."""
    share = share_for(table, periods, most, only_labelled)
    return dataset.read_rows(table, periods, share, has_label=True, only_labelled=only_labelled)


def share_for(table: FeatureTable, periods: Sequence[date], most: int, only_labelled: bool = True) -> float:
    """The share of the firms that have about `most` rows in those periods, 1 at most; only_labelled: such rows."""
    return min(1.0, most / max(dataset.count_rows(table, periods, only_labelled), 1))
