"""Labels that know how a firm went on."""

import numpy as np
import pandas as pd

from benchmarks.soft_labels import SoftBoostedTrees, soft_labels, soft_trees
from models.estimators.boosted_trees import BoostedTrees
from models.evaluation.outcomes import fails_within
from models.rows.inputs import Input

OPENINGS = pd.DataFrame({"siren": ["fails"], "opened_on": [pd.Timestamp("2020-09-01")]})
ROWS = pd.DataFrame(
    [
        ("fails", "2020-01-01"),
        ("goes on", "2020-01-01"),
        ("gone", "2020-01-01"),
        ("fails", "2020-07-01"),
        ("goes on", "2020-07-01"),
        ("goes on", "2021-01-01"),
    ],
    columns=["siren", "period"],
).assign(period=lambda rows: pd.to_datetime(rows["period"]))
INPUTS = tuple(Input(name, "social_debt", "EUR", 1, name) for name in ("debt", "other"))


def softened(horizon):
    """The labels by firm and month, and those that each model learnt from; every model finds a risk of 0.3."""
    learnt = []

    def learn(labels):
        learnt.append(named(labels))
        return np.full(len(labels), 0.3)

    found = soft_labels(ROWS, horizon, lambda months: fails_within(ROWS, OPENINGS, months), learn)
    return named(found), learnt


def named(labels):
    return {(siren, period.month + 12 * (period.year - 2020)): label for siren, period, label in zip(
        ROWS["siren"], ROWS["period"], labels, strict=True
    )}  # fmt: skip


def test_a_failure_soon_is_seen_and_a_later_one_is_told_by_the_state_on_the_way():
    found, _ = softened(12)
    assert found["fails", 7] == 1
    assert found["fails", 1] == found["goes on", 1] == found["goes on", 7] == 0.3


def test_a_row_without_a_later_one_keeps_its_label():
    found, _ = softened(12)
    assert found["gone", 1] == found["goes on", 13] == 0


def test_models_reach_further_step_by_step():
    found, learnt = softened(18)
    assert [labels["goes on", 1] for labels in learnt] == [0, 0.3]
    assert [labels["fails", 1] for labels in learnt] == [0, 0.3]
    assert found["fails", 7] == 1


def test_a_horizon_of_one_step_has_the_labels_that_are_seen():
    found, learnt = softened(6)
    assert learnt == []
    assert {key for key, label in found.items() if label == 1} == {("fails", 7)}


def test_trees_of_labels_of_0_and_1_are_those_of_the_estimator():
    rng = np.random.default_rng(0)
    x = rng.random((400, 2)).astype(np.float32)
    labels = (rng.random(400) < x[:, 0]).astype(float)
    recipe = {"inputs": INPUTS, "n_estimators": 5, "min_child_samples": 20, "reg_lambda": 1.0}
    soft = SoftBoostedTrees(**recipe).soft(x, labels)
    hard = BoostedTrees(**recipe).fit(x, labels.astype(np.int8)).booster_
    assert np.allclose(soft.predict(x, raw_score=True), hard.predict(x, raw_score=True), atol=1e-6)


def test_soft_trees_find_who_owes_most():
    rng = np.random.default_rng(0)
    firms = [f"{number:09d}" for number in range(300)]
    rows = pd.DataFrame(
        [(firm, month) for month in pd.date_range("2020-01-01", periods=4, freq="6MS") for firm in firms]
    )
    rows.columns = ["siren", "period"]
    debt = rng.random(300)
    rows = rows.assign(debt=np.tile(debt, 4), other=rng.random(1200))
    failing = [firm for firm, owed in zip(firms, debt, strict=True) if rng.random() < owed**2]
    days = pd.Timestamp("2020-02-01") + pd.to_timedelta(rng.integers(0, 1200, len(failing)), unit="D")
    openings = pd.DataFrame({"siren": failing, "opened_on": days})
    estimator = BoostedTrees(INPUTS, min_child_samples=50, reg_lambda=1.0)
    booster = soft_trees(estimator, rows, np.ones(1200, np.float32), openings, 18)
    low, high = booster.predict(np.array([[0.1, 0.5], [0.9, 0.5]], np.float32), raw_score=True)
    assert high > low + 1
