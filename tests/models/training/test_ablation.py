"""What each part of a model adds: by training it again without the part."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from models.estimators.boosted_trees import BoostedTrees
from models.rows.inputs import Input
from models.rows.reading import Rows
from models.training.ablation import ablations, without_each

INPUTS = (
    Input("debt", "social_debt", "EUR", 1, "debt"),
    Input("debt_in_months", "social_debt", "months", 1, "debt_in_months"),
    Input("paydex", "payment_behaviour", "days", 1, "paydex"),
    Input("age", "profile", "years", 0, "age"),
)


def parts():
    return {(one.part, one.name): one for one in without_each(INPUTS)}


def test_without_a_source_all_figures_that_need_it_are_gone():
    assert [column.name for column in parts()["source", "debts"].inputs] == ["paydex", "age"]
    assert [column.name for column in parts()["source", "contributions"].inputs] == ["debt", "paydex", "age"]


def test_without_its_directions_a_theme_keeps_its_figures():
    found = parts()["directions", "social_debt"]
    assert [(column.name, column.direction) for column in found.inputs] == [
        ("debt", 0), ("debt_in_months", 0), ("paydex", 1), ("age", 0),
    ]  # fmt: skip
    assert found.concerned == 2
    assert ("directions", "profile") not in parts()


def test_a_part_that_is_all_there_is_can_not_be_left_out():
    only = [(one.part, one.name) for one in without_each(INPUTS[:1])]
    assert only == [("directions", "social_debt")]


def drawn(seed):
    """Firms of 4 months each: debt up to 1 raises the risk, and beyond it lowers it again; nothing else tells.

    The months are a year apart: no row tells how another went on.
    """
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.random((2400, 4)) * [2, 1, 1, 1], columns=[column.name for column in INPUTS])
    chance = 0.6 * (1 - abs(rows["debt"] - 1))
    firms, period = np.arange(2400) // 4, np.tile(pd.date_range("2018-01-01", periods=4, freq="YS"), 600)
    label = (rng.random(2400) < chance).astype(np.int8)
    return rows.assign(siren=firms, period=period, label=label, lasted=18)


@pytest.fixture(scope="module")
def found():
    train, test = drawn(0), drawn(1)
    rows = Rows(train, np.ones(len(train), np.float32), train, test)
    estimator = BoostedTrees(INPUTS, n_estimators=40, min_child_samples=50, reg_lambda=1.0)
    names = [column.name for column in INPUTS]
    estimator.fit(train[names].to_numpy(np.float32), train["label"].to_numpy())
    model = SimpleNamespace(
        estimator=estimator,
        inputs=INPUTS,
        margins=lambda rows: estimator.decision_function(rows[names].to_numpy(np.float32)),
    )
    return {(one.part, one.name): one for one in ablations(model, rows, 0, print)}


def test_what_tells_is_missed_and_what_does_not_is_not(found):
    assert found["theme", "social_debt"].adds.low > 0.02
    payment = found["theme", "payment_behaviour"].adds
    assert payment.low < 0.01 < found["source", "debts"].adds.value
    assert abs(payment.value) < 0.03


def test_a_direction_that_the_data_contradict_has_its_price(found):
    assert found["directions", "social_debt"].adds.high < 0
    assert abs(found["directions", "payment_behaviour"].adds.value) < 0.03
