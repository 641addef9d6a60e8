"""Columns added to a matrix, learnt from training rows only."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.augmentation import Augmentation, constant_share, ratio
from models.estimators.boosted_trees import BoostedTrees
from models.explanation.contributions import explain
from models.rows.inputs import Input

NAMES = ("debt", "equity", "sales", "sales_again")
INPUTS = tuple(Input(name, "financial_health", "EUR", 0, name) for name in NAMES)


@pytest.fixture(scope="module")
def sample():
    """Firms fail where their debt is twice their equity; sales are told twice."""
    rng = np.random.default_rng(0)
    x = rng.lognormal(size=(1200, 4)).astype(np.float32)
    x[:, 3] = x[:, 2] * 1000
    x[rng.random(x.shape) < 0.05] = np.nan
    return x, (x[:, 0] > 2 * x[:, 1]).astype(np.int8)


def test_a_ratio_over_nothing_or_of_something_unknown_is_unknown():
    x = np.array([[6, 3], [6, 0], [0, 0], [np.nan, 3], [1e38, 1e-38]], np.float32)
    assert np.array_equal(ratio(x, (0, 1)), [2, np.nan, np.nan, np.nan, np.nan], equal_nan=True)


def test_the_share_of_one_number_is_counted_to_three_digits_among_the_known():
    assert constant_share(np.array([1.0001, 0.9999, 100, -1, np.nan], np.float32)) == 0.5
    assert constant_share(np.array([0, 0, 0.01, 5], np.float32)) == 0.5
    assert constant_share(np.array([np.nan], np.float32)) == 1


@given(st.integers(-20, 20), st.lists(st.integers(100, 900), min_size=1, unique=True))
def test_numbers_that_differ_in_their_first_three_digits_are_never_one(power, digits):
    values = np.array([digit * 10.0**power for digit in digits], np.float32)
    assert constant_share(values) == pytest.approx(1 / len(digits))


def test_the_telling_pair_is_found_named_and_first(sample):
    augmentation = Augmentation(INPUTS, ratios=2).fit(*sample)
    assert augmentation.pairs_[0] == (0, 1)
    assert [column.name for column in augmentation.inputs_[4:6]] == ["unknown_count", "debt_over_equity"]
    added = augmentation.transform(sample[0])
    assert added.dtype == np.float32
    assert np.array_equal(added[:, 4], np.isnan(sample[0]).sum(axis=1))


def test_two_tellings_of_one_quantity_make_no_ratio(sample):
    assert (2, 3) not in Augmentation(INPUTS).fit(*sample).pairs_


def test_a_row_is_augmented_alike_in_any_company(sample):
    """Nothing is learnt in `transform`."""
    augmentation = Augmentation(INPUTS, ratios=2).fit(*sample)
    alone = augmentation.transform(sample[0][7:8])
    assert np.array_equal(alone, augmentation.transform(sample[0])[7:8], equal_nan=True)


def test_contributions_of_added_columns_add_up_under_their_names(sample):
    augmentation = Augmentation(INPUTS, ratios=2).fit(*sample)
    x = augmentation.transform(sample[0])
    model = BoostedTrees(augmentation.inputs_, n_estimators=30, min_child_samples=20, reg_lambda=1.0, bags=2).fit(
        x, sample[1]
    )
    assert model.booster_.feature_name() == [column.name for column in augmentation.inputs_]
    explained = explain(model.booster_, x)
    assert np.abs(explained.contributions).mean(axis=0).argmax() == 5
