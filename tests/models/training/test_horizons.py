"""Shorter horizons know nothing that opened after the day of the training."""

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.folder import DataFolder, FeatureTable
from flows.settings import load
from models.rows import dataset
from models.training.horizons import shorter_horizons
from tests.economy import SHORT, made_once

AS_OF = date(2023, 1, 1)
PROTOCOL = load(**SHORT).protocol


def by_debt(rows):
    return np.log1p(rows["debt_in_months"].fillna(0).to_numpy(np.float64)) - 3


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return DataFolder(made_once(tmp_path_factory)).snapshot().built


@pytest.fixture
def told(made, tmp_path):
    """The curve as of AS_OF where the openings are changed."""

    def curve(change=None):
        folder = tmp_path / "features"
        shutil.copytree(made.folder, folder, dirs_exist_ok=True)
        table = FeatureTable(folder)
        if change:
            change(dataset.read_openings(table)).to_parquet(table.openings)
        return shorter_horizons(table, AS_OF, PROTOCOL, table.periods[-24:-18], by_debt)

    return curve


def is_later(openings):
    return pd.to_datetime(openings["opened_on"]) >= pd.Timestamp(AS_OF)


def test_openings_after_the_day_of_the_training_change_nothing(told):
    everything = told()
    assert everything.judged
    assert told(lambda openings: openings[~is_later(openings)]) == everything


def test_openings_before_it_do(told):
    assert told(lambda openings: openings[is_later(openings)]) != told()
