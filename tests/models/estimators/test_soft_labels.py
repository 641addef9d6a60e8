"""Labels that know how a firm went on: by hand, then as boosted trees learn from them."""

import numpy as np
import pandas as pd
import pytest

from models.estimators.boosted_trees import BoostedTrees, drawn_again
from models.estimators.soft_labels import NONE, course_of, soft_labels
from models.explanation.contributions import explain, margins
from models.explanation.stability import bootstrap_firms
from models.protocol import STEP_MONTHS
from models.rows.inputs import Input

ROWS = pd.DataFrame(
    [
        ("fails", "2020-01-01", 1, 9),
        ("goes on", "2020-01-01", 0, 18),
        ("gone", "2020-01-01", 0, 18),
        ("fails", "2020-07-01", 1, 3),
        ("goes on", "2020-07-01", 0, 18),
        ("goes on", "2021-01-01", 0, 18),
    ],
    columns=["siren", "period", "label", "lasted"],
).assign(period=lambda rows: pd.to_datetime(rows["period"]))
INPUTS = (
    Input("debt", "social_debt", "EUR", 1, "debt"),
    Input("liquidity", "financial_health", "%", -1, "liquidity"),
)
SMALL = {"n_estimators": 30, "min_child_samples": 20, "reg_lambda": 1.0}
FIRMS, MONTHS = 300, 4


def softened(horizon):
    """The labels by firm and month, and those that each model learnt from; every model finds a risk of 0.3."""
    learnt = []

    def learn(labels):
        learnt.append(named(labels))
        return np.full(len(labels), 0.3)

    rows = ROWS.assign(lasted=ROWS["lasted"].clip(upper=horizon), label=ROWS["label"] * (ROWS["lasted"] <= horizon))
    return named(soft_labels(rows["label"].to_numpy(float), course_of(rows), learn)), learnt


def named(labels):
    months = 12 * (ROWS["period"].dt.year - 2020) + ROWS["period"].dt.month
    return dict(zip(zip(ROWS["siren"], months, strict=True), labels, strict=True))


def made(seed=0):
    """Rows of firms over two years, half a year apart, in which debt grows before a failure; and their matrix."""
    rng = np.random.default_rng(seed)
    debt = rng.random(FIRMS)[:, None] + 0.2 * rng.normal(size=(FIRMS, MONTHS)).cumsum(axis=1)
    left = np.where(rng.random(FIRMS) < debt[:, -1], rng.integers(1, 40, FIRMS), 99)
    rows = pd.DataFrame(
        {
            "siren": np.repeat([f"{number:09d}" for number in range(FIRMS)], MONTHS),
            "period": np.tile(pd.date_range("2020-01-01", periods=MONTHS, freq="6MS"), FIRMS),
            "months": np.repeat(left, MONTHS) - np.tile(STEP_MONTHS * np.arange(MONTHS), FIRMS),
            "debt": debt.ravel(),
            "liquidity": rng.random(FIRMS * MONTHS),
        }
    )
    rows = rows[rows["months"] > 0].reset_index(drop=True)
    rows = rows.assign(label=(rows["months"] <= 18).astype(np.int8), lasted=rows["months"].clip(upper=18))
    return rows, rows[["debt", "liquidity"]].to_numpy(np.float32)


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


def test_a_horizon_that_is_no_number_of_steps_begins_with_what_is_left():
    _, learnt = softened(8)
    assert [{key for key, label in labels.items() if label} for labels in learnt] == [set()]
    _, learnt = softened(9)
    assert [{key for key, label in labels.items() if label} for labels in learnt] == [{("fails", 7)}]


def test_the_later_row_is_that_of_the_same_firm_a_step_later_in_any_order():
    for seed in range(3):
        rows = ROWS.sample(frac=1, random_state=seed)
        keys = list(zip(rows["siren"], rows["period"], strict=True))
        wanted = [(siren, period + pd.DateOffset(months=STEP_MONTHS)) for siren, period in keys]
        assert course_of(rows).later.tolist() == [keys.index(key) if key in keys else NONE for key in wanted]


def test_the_course_of_some_rows_is_that_which_they_have_alone():
    rows, _ = made()
    places = np.flatnonzero(np.random.default_rng(1).random(len(rows)) < 0.5)
    kept, alone = course_of(rows).kept(places), course_of(rows.iloc[places])
    assert np.array_equal(kept.later, alone.later)
    assert np.array_equal(kept.lasted, alone.lasted)
    assert 0 < (kept.later == NONE).mean() < 1


def test_trees_learn_soft_labels_and_leave_the_rows_with_theirs():
    rows, x = made()
    trees = BoostedTrees(INPUTS, **SMALL)
    binned = trees.binned(x, rows["label"].to_numpy(), None)
    hard, soft, again = (margins(trees.boosted(binned, course), x) for course in (None, course_of(rows), None))
    assert np.array_equal(hard, again)
    assert not np.allclose(hard, soft, atol=0.01)


def test_refitted_trees_learn_from_the_firms_that_were_drawn_alone():
    rows, x = made()
    x, trees = np.round(x, 1), BoostedTrees(INPUTS, **SMALL)
    weights = bootstrap_firms(rows["siren"], 3).astype(np.float32)
    kept = np.flatnonzero(weights)
    binned = trees.binned(x, rows["label"].to_numpy(), np.ones(len(x), np.float32))
    again = trees.boosted(drawn_again(binned, weights), course_of(rows).kept(kept))
    some = rows.iloc[kept]
    alone = trees.fit(x[kept], some["label"].to_numpy(), weights[kept], course=course_of(some)).booster_
    assert np.allclose(margins(again, x), margins(alone, x), atol=0.05)
    assert not np.allclose(margins(again, x), margins(trees.boosted(binned, course_of(rows)), x), atol=0.05)


def test_directions_and_exact_sums_hold_of_soft_labels():
    rows, x = made()
    booster = BoostedTrees(INPUTS, **SMALL).fit(x, rows["label"].to_numpy(), course=course_of(rows)).booster_
    richer, poorer = (x + np.array([change, 0], np.float32) for change in (0.3, 0.0))
    assert (margins(booster, richer) >= margins(booster, poorer)).all()
    explained = explain(booster, x)
    assert np.allclose(explained.base + explained.contributions.sum(axis=1), margins(booster, x), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_soft_labels_rank_firms_nearer_to_their_true_debt(seed):
    """Planted: debt alone decides, and a year later tells it again; liquidity is noise."""
    rows, x = made(seed)
    later = np.column_stack([np.linspace(0, 1, 200), np.random.default_rng(9).random(200)]).astype(np.float32)
    y = rows["label"].to_numpy()
    found = [
        BoostedTrees(INPUTS, **SMALL).fit(x, y, course=course).decision_function(later)
        for course in (course_of(rows), None)
    ]
    soft, hard = (np.corrcoef(one, later[:, 0])[0, 1] for one in found)
    assert soft > 0.8
    assert soft > hard - 0.05
