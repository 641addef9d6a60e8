"""Look-up contributions: a tree small enough to do by hand, then every kind of tree against shap and LightGBM."""

import itertools
import warnings

import lightgbm as lgb
import numba
import numpy as np
import pytest

from features.errors import InputError
from models.explanation import tree_shap
from models.explanation.tree_shap import contributions_of

with warnings.catch_warnings(action="ignore"):
    # shap sets colours in a way that matplotlib is about to forbid.
    import shap

ROWS = 3000
BY_HAND = """tree
version=v4
num_class=1
num_tree_per_iteration=1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
threshold=0.5 0.5
decision_type=8 8
left_child=-1 -2
right_child=1 -3
leaf_value=0 8 16
leaf_count=50 25 25
internal_count=100 50
is_linear=0


end of trees
"""


def sample(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, 20)).astype(np.float32)
    x[:, 18:] = rng.integers(0, 40, (ROWS, 2))
    x[rng.random(x.shape) < 0.15] = np.nan if kind == "nan" else 0
    odds = np.nan_to_num(x[:, :18]) @ np.linspace(1, -1, 18) + np.isin(x[:, 18] % 7, (1, 4)) - 1
    return x, (odds + rng.logistic(size=ROWS) > 0).astype(float)


def trained(x, y, trees=20, categories=(), **settings):
    common = {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, "cat_smooth": 1}
    data = lgb.Dataset(x, y, categorical_feature=list(categories), free_raw_data=False)
    return lgb.train({**common, "min_data_per_group": 5, **settings}, data, trees)


MODELS = {
    "missing": ("nan", {}),
    "missing, seen never": ("zero", {}),
    "zero is missing": ("zero", {"zero_as_missing": True}),
    "no missing": ("zero", {"use_missing": False}),
    "categories": ("nan", {"categories": (18, 19), "max_cat_to_onehot": 1}),
    "one category against the rest": ("nan", {"categories": (18, 19), "max_cat_to_onehot": 64}),
    "monotone": ("nan", {"monotone_constraints": [1, -1] + 18 * [0], "monotone_constraints_method": "advanced"}),
    "deep": ("nan", {"num_leaves": 255, "min_data_in_leaf": 1, "trees": 4}),
    "one leaf": ("nan", {"min_data_in_leaf": ROWS}),
    "bagged": ("nan", {"bagging_fraction": 0.5, "bagging_freq": 1}),
}


def unseen(x):
    """Rows as no training row was: unknown, zero, negative, fractional, beyond any category, on no scale."""
    odd = np.array([np.nan, 0, -0.5, -3, 1e9, 2.5, 1e-36, -np.inf, np.inf], np.float32)
    rows = np.repeat(x[:50], len(odd), axis=0)
    places = np.random.default_rng(1).random(rows.shape) < 0.4
    rows[places] = np.tile(odd, 50)[:, None].repeat(rows.shape[1], 1)[places]
    # LightGBM reads a code as a C int: infinity has no meaning there.
    rows[:, 18:] = np.where(np.isinf(rows[:, 18:]), np.nan, rows[:, 18:])
    return np.concatenate([x[:150], rows])


@pytest.mark.parametrize("name", MODELS)
def test_contributions_are_those_of_shap_and_of_lightgbm(name):
    kind, settings = MODELS[name]
    x, y = sample(kind)
    booster, rows = trained(x, y, **settings), unseen(x)
    ours = contributions_of(booster.model_to_string())
    theirs = booster.predict(rows, pred_contrib=True)
    assert np.abs(ours.of(rows) - theirs[:, :-1]).max() < 1e-9
    assert ours.base == pytest.approx(theirs[0, -1], abs=1e-9)
    with warnings.catch_warnings(action="ignore"):
        reference = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent").shap_values(rows)
    assert np.abs(ours.of(rows) - reference).max() < 1e-9


def test_leaves_beyond_the_tables_are_computed():
    x, y = sample("nan")
    deep = contributions_of(trained(x, y, **MODELS["deep"][1]).model_to_string())
    assert (deep.plan.parts.table < 0).any()
    assert (deep.plan.parts.table >= 0).any()


@pytest.mark.parametrize("bits", [0, 3, 14])
def test_how_much_is_tabulated_is_irrelevant(bits):
    x, y = sample("nan")
    text = trained(x, y).model_to_string()
    assert np.abs(contributions_of(text, bits).of(x[:300]) - contributions_of(text).of(x[:300])).max() < 1e-12


@pytest.mark.parametrize("bits", [0, 1, 10])
def test_a_tree_done_by_hand(bits):
    # Half of the rows have a first value above 0.5; half of those a second one too. Mean value: 6.
    by_hand = contributions_of(BY_HAND, bits)
    assert by_hand.base == 6
    # (1, 1) is 16. Of the first: 12 - 6 alone, 16 - 8 after the second (which alone gives 8): mean 7; the rest is 3.
    # (1, 0) is 8. The first alone: 12 - 6, after the second (4): 8 - 4, mean 5; (0, .) is 0: -6 and 0 - 8 or 0 - 4.
    rows = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], np.float32)
    assert by_hand.of(rows) == pytest.approx(np.array([[7, 3], [5, -3], [-7, 1], [-5, -1]]))


def test_row_blocks_and_threads_are_irrelevant(monkeypatch):
    x, y = sample("nan")
    ours = contributions_of(trained(x, y).model_to_string())
    whole = ours.of(x[:300])
    monkeypatch.setattr(tree_shap, "BLOCK_ROWS", 7)
    for rows, threads in itertools.product((x[:300], np.asfortranarray(x[:300])), (1, 3)):
        assert (ours.of(rows, threads) == whole).all()
    assert ours.of(x[:0]).shape == (0, 20)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (("is_linear=0", "is_linear=1"), "linear_tree=False"),
        (("num_class=1", "num_class=3"), "num_class=3"),
        (("version=v4", "average_output"), "boosting=rf"),
    ],
)
def test_a_model_that_is_no_sum_of_constant_leaves_is_refused(damage, reason):
    with pytest.raises(InputError, match=reason):
        contributions_of(BY_HAND.replace(*damage))


def test_where_no_folder_can_be_written_nothing_is_kept(monkeypatch):
    def nowhere(function, cache=False, **options):
        if cache:
            raise RuntimeError("no locator available")
        return function

    monkeypatch.setattr(numba, "njit", nowhere)
    assert tree_shap.compiled(abs) is abs
