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
    """The rows of a split.

    Of the training rows, one period in `every_months`, at most `max_training_rows` (whole firms are left out, by a
    hash of the SIREN), then a share of the surviving firms. Raises InputError where a part holds no failure.
    """
    months = sampled_periods(split.train, protocol.sampling.every_months)
    train = read_at_most(table, months, protocol.max_training_rows)
    share = protocol.sampling.negative_share
    train = train[kept_rows(train["siren"], train["label"], share)]
    validation, test = (
        read_at_most(table, part, protocol.max_evaluation_rows) for part in (split.validation, split.test)
    )
    for part, name in ((train, "training"), (validation, "validation"), (test, "test")):
        if part["label"].nunique() < 2:
            raise InputError(f"The {name} periods hold no failure: a model can't be made. Build from an earlier start.")
    return Rows(train, sample_weights(train["label"], share), validation, test)


def read_at_most(table: FeatureTable, periods: Sequence[date], most: int, only_labelled: bool = True) -> pd.DataFrame:
    """The rows of those periods, of as many firms as have about `most` labelled rows."""
    share = share_for(table, periods, most)
    return dataset.read_rows(table, periods, only_labelled=only_labelled, share=share)


def share_for(table: FeatureTable, periods: Sequence[date], most: int) -> float:
    """The share of the firms that have about `most` labelled rows in those periods, 1 at most."""
    return min(1.0, most / max(dataset.count_labelled(table, periods), 1))
