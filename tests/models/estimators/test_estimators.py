"""Estimators behind one interface, on a table small enough to reason about."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from models.calibration.shapes import PER_RISK
from models.estimators.boosted_trees import (
    BoostedTrees,
    Sample,
    averaged,
    best_n_estimators,
    drawn_again,
    moved,
)
from models.estimators.challengers import CHALLENGERS, fit, margins_of
from models.explanation.contributions import explain, margins
from models.protocol import Hyperparameters
from models.rows.inputs import Input
from tests.models.small import grown

INPUTS = (
    Input("debt", "social_debt", "EUR", 1, "debt"),
    Input("liquidity", "financial_health", "%", -1, "liquidity"),
    Input("noise", "profile", "EUR", 0, "noise"),
    Input("section", "profile", "category", 0, "section", ("A", "B", "C")),
    Input("never_delivered", "workforce", "persons", 0, "never_delivered"),
    Input("unseen_code", "profile", "category", 0, "unseen_code"),
)
SMALL = {"n_estimators": 40, "min_child_samples": 20, "reg_lambda": 2.0}


def sample(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(1500, 6)).astype(np.float32)
    x[:, 3] = rng.integers(0, 3, 1500)
    x[rng.random(x.shape) < 0.1] = np.nan
    x[:, 4:] = np.nan
    odds = 2 * np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 1]) + (x[:, 3] == 1) - 1
    return x, (rng.random(1500) < 1 / (1 + np.exp(-odds))).astype(np.int8)


X, Y = sample(0)
LATER_X, LATER_Y = sample(1)


@pytest.fixture(scope="module", params=list(CHALLENGERS))
def challenger(request):
    made = CHALLENGERS[request.param](INPUTS, 0)
    if isinstance(made, BoostedTrees):
        return made.set_params(**SMALL)
    return made


def test_it_keeps_the_rules_of_scikit_learn():
    """But one: a weight is not a number of equal rows, since a leaf must hold so many true ones."""
    checks = check_estimator(
        BoostedTrees(n_estimators=5, learning_rate=0.3, min_child_samples=2, reg_lambda=0.1), on_fail=None, on_skip=None
    )
    failed = {check["check_name"] for check in checks if check["status"] == "failed"}
    assert failed == {"check_sample_weight_equivalence_on_dense_data"}


def test_every_challenger_ranks_later_firms_with_unknowns_and_categories(challenger):
    margin = margins_of(fit(clone(challenger), X, Y), LATER_X)
    assert margin.shape == (1500,)
    assert roc_auc_score(LATER_Y, margin) > 0.8


def test_every_challenger_takes_weights(challenger):
    """Rows of weight nearly 0 are as if absent: with the labels of the others reversed, the order is too."""
    heavy = np.arange(1500) % 2 == 0
    labels = np.where(heavy, Y, 1 - Y).astype(np.int8)
    weights = np.where(heavy, 1, 1e-3).astype(np.float32)
    assert roc_auc_score(LATER_Y, margins_of(fit(clone(challenger), X, labels, weights), LATER_X)) > 0.7


def test_equal_data_and_seed_give_equal_text():
    texts = {BoostedTrees(INPUTS, seed=seed, **SMALL).fit(X, Y).booster_.model_to_string() for seed in (0, 0, 1)}
    assert len(texts) == 2


def test_an_estimator_on_some_rows_learns_from_no_others():
    """With all but one row in 1,500, the order hardly moves; with 100 of them, it is another one."""
    linear = CHALLENGERS["logistic_regression"](INPUTS, 0)
    whole, most, few = (
        margins_of(fit(clone(linear).set_params(most=most), X, Y, np.ones(len(Y), np.float32)), LATER_X)
        for most in (1500, 1499, 100)
    )
    assert not np.array_equal(whole, most)
    assert np.corrcoef(whole, most)[0, 1] > 0.99 > 0.95 > np.corrcoef(whole, few)[0, 1]


def test_rows_drawn_again_are_learnt_from_as_if_there_were_no_others():
    """Of ten values each: every value has a bin of its own, whichever rows there are."""
    x = np.round(X.clip(-2, 2)).astype(np.float32)
    weights = np.random.default_rng(0).poisson(1, len(Y)).astype(np.float32)
    kept = weights > 0
    trees = BoostedTrees(INPUTS, **SMALL)
    again = trees.boosted(drawn_again(trees.binned(x, Y, np.ones(len(Y))), weights))
    alone = trees.fit(x[kept], Y[kept], weights[kept]).booster_
    assert again.num_trees() > 40
    assert np.array_equal(margins(again, LATER_X), margins(alone, LATER_X))


def test_the_forest_gives_the_share_of_failures_in_leaves():
    """One tree's leaf holds all rows that look alike: with a single coarse column, their mean label."""
    x = np.repeat([[0.0], [1.0]], 500, axis=0).astype(np.float32)
    y = np.r_[np.arange(500) % 10 == 0, np.arange(500) % 2 == 0].astype(np.int8)
    forest = fit(CHALLENGERS["random_forest"](INPUTS[:1], 0), x, y)
    assert forest.predict_proba(x[[0, 999]])[:, 1] == pytest.approx([0.1, 0.5], abs=0.02)


def test_only_free_trees_let_more_debt_look_safer():
    """Planted: among firms with much debt, more of it goes with fewer failures."""
    y = ((X[:, 0] > 0) & (X[:, 0] < 1)).astype(np.int8)
    grid = np.zeros((50, 6), np.float32)
    grid[:, 0] = np.linspace(-2, 3, 50)
    kept, free = (margins_of(BoostedTrees(INPUTS, monotone=m, **SMALL).fit(X, y), grid) for m in (True, False))
    assert (np.diff(kept) >= 0).all()
    assert (np.diff(free) < 0).any()


def test_a_bag_is_the_mean_of_its_boosters_in_margin_and_contributions():
    bag = BoostedTrees(INPUTS, bags=2, seed=3, **SMALL).fit(X, Y)
    singles = [explain(BoostedTrees(INPUTS, seed=s, **SMALL).fit(X, Y).booster_, LATER_X) for s in (6, 7)]
    whole = explain(bag.booster_, LATER_X)
    assert 30 < bag.n_estimators_ <= 40
    assert np.allclose(whole.margin, (singles[0].margin + singles[1].margin) / 2, atol=1e-12)
    assert np.allclose(whole.contributions, (singles[0].contributions + singles[1].contributions) / 2, atol=1e-9)


def test_some_of_the_trees_learn_the_risk_itself():
    """Of firms of three kinds: 100 trees give the log-odds of each, 50 others PER_RISK times its risk."""
    x = np.repeat([[0.0], [1.0], [2.0]], 2000, axis=0).astype(np.float32)
    y = np.r_[np.arange(2000) % 1000 == 0, np.arange(2000) % 20 == 0, np.arange(2000) % 2 == 0].astype(np.int8)
    booster = BoostedTrees(n_estimators=100, learning_rate=0.3, min_child_samples=50, reg_lambda=0.0).fit(x, y).booster_
    assert booster.num_trees() == 150
    both = margins(booster, x[::2000])
    odds = booster.predict(x[::2000], raw_score=True, num_iteration=100) * 2
    risks = 2 * both - odds
    assert expit(odds) == pytest.approx([0.001, 0.05, 0.5], rel=0.2)
    assert np.diff(risks) == pytest.approx(PER_RISK * np.diff([0.001, 0.05, 0.5]), rel=0.05)


def test_trees_that_found_no_split_are_not_counted():
    alike = BoostedTrees(n_estimators=20).fit(np.zeros((1000, 1), np.float32), np.arange(1000) % 10 == 0)
    assert alike.n_estimators_ == 1
    assert alike.predict_proba([[0.0]])[0, 1] == pytest.approx(0.1)


@pytest.mark.parametrize("trees", [1, 40])
def test_a_moved_booster_gives_other_margins_for_the_same_reasons(trees):
    booster = BoostedTrees(INPUTS, **{**SMALL, "n_estimators": trees}).fit(X, Y).booster_
    before, after = (explain(each, LATER_X) for each in (booster, moved(booster, -0.7)))
    assert np.allclose(after.margin, before.margin - 0.7, atol=1e-12)
    assert np.allclose(after.contributions, before.contributions, atol=1e-12)


def test_one_booster_averaged_is_itself():
    booster = BoostedTrees(INPUTS, **SMALL).fit(X, Y).booster_
    assert averaged([booster]).model_to_string() == booster.model_to_string()


def test_trees_are_as_many_as_rank_later_firms_best():
    """Planted: the noise that the early rows happen to be learnt from is the contrary of that of the later ones."""
    rng = np.random.default_rng(6)
    noisy = np.where(rng.random(len(Y)) < 0.3, X[:, 2] > 0, Y).astype(np.int8)
    turned = np.column_stack([LATER_X[:, :2], -LATER_X[:, 2], LATER_X[:, 3:]]).astype(np.float32)
    learner = BoostedTrees(INPUTS, **{**SMALL, "n_estimators": 150})
    origins = {"alike": Sample(LATER_X, LATER_Y), "turned": Sample(turned, np.where(turned[:, 2] < 0, LATER_Y, 0))}
    found = {name: best_n_estimators(learner, [(Sample(X, noisy), later)]) for name, later in origins.items()}
    assert 0 < found["turned"] < found["alike"] <= 150


def test_the_defaults_are_written_once():
    assert {name: BoostedTrees().get_params()[name] for name in vars(Hyperparameters())} == vars(Hyperparameters())


@pytest.mark.parametrize(("column", "direction"), [(0, 1), (1, -1)])
def test_more_debt_never_makes_safer_nor_more_liquidity_riskier(sample, booster, column, direction):
    x = np.repeat(sample[0][:200], 30, axis=0)
    x[:, column] = np.tile(np.linspace(-4, 4, 30), 200)
    steps = np.diff(margins(booster, x).reshape(200, 30), axis=1)
    assert (direction * steps >= -1e-12).all()
    assert (direction * steps > 1e-3).any()


def test_the_same_seed_gives_the_same_model(sample, booster):
    again = grown(sample, 0)
    assert again.model_to_string() == booster.model_to_string()
    assert grown(sample, 1).model_to_string() != booster.model_to_string()
