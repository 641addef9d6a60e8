"""The trees that are judged know nothing of the months that they are judged on, nor does any label of theirs."""

import shutil
from datetime import date

import pandas as pd
import pytest

from features.folder import DataFolder, FeatureTable
from features.periods import add_months
from flows.settings import load
from models.protocol import DEFAULTS
from models.rows import dataset
from models.training import training
from tests.economy import SHORT, made_once

AS_OF = date(2023, 6, 1)
PROTOCOL = load(**SHORT, hyperparameters={**vars(DEFAULTS), "n_estimators": 20, "min_child_samples": 50}).protocol


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return DataFolder(made_once(tmp_path_factory)).snapshot().built


def judged_trees(table):
    context = training.context_of(table, AS_OF, PROTOCOL)
    return context, training.tested_model(context, PROTOCOL, lambda _: None)[1].estimator.booster_.model_to_string()


def changed(made, folder, since):
    """The table with no debt, and no opening, from that month on."""
    shutil.copytree(made.folder, folder)
    table = FeatureTable(folder)
    for period in table.periods:
        if period >= since:
            for path in table.part(period).glob("*.parquet"):
                rows = pd.read_parquet(path, partitioning=None)
                rows.assign(debt_in_months=0 * rows["debt_in_months"]).to_parquet(path)
    openings = dataset.read_openings(table)
    openings[pd.to_datetime(openings["opened_on"]) <= pd.Timestamp(since)].to_parquet(table.openings)
    return table


def test_a_planted_change_after_the_months_to_learn_from_alters_no_tree(made, tmp_path):
    context, text = judged_trees(made)
    split = context.split
    assert add_months(split.train[-1], context.horizon) <= split.validation[0]
    assert judged_trees(changed(made, tmp_path / "later", split.validation[0]))[1] == text
    # The same change a year before does, though all labels stay: it alters states on the way, and months of failures.
    assert judged_trees(changed(made, tmp_path / "within", add_months(split.train[-1], -12)))[1] != text


def test_all_that_is_learnt_from_has_labels_that_say_the_same(made):
    rows = dataset.read_rows(made, made.periods[:24], only_labelled=True)
    horizon = made.record.horizon
    assert rows["lasted"].between(1, horizon).all()
    assert (rows.loc[rows["label"] == 0, "lasted"] == horizon).all()
    assert rows.loc[rows["label"] == 1, "lasted"].nunique() > 10
