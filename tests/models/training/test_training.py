"""The importance of features, by their contributions."""

from dataclasses import replace

import pytest

from models.estimators.boosted_trees import BoostedTrees
from models.training import training
from tests.models.small import INPUTS, rows_of


def test_importances_are_shares_of_all_the_heaviest_first_from_a_sample_at_most(model, sample, monkeypatch):
    rows = rows_of(sample[0])
    every = training.feature_importance(model, rows, 0)
    for shares in (every.themes, every.features):
        assert sum(shares.values()) == pytest.approx(1)
    assert next(iter(every.features)) in ("debt", "liquidity")
    monkeypatch.setattr(training, "REFERENCE_ROWS", 100)
    some = training.feature_importance(model, rows, 0)
    assert some == training.feature_importance(model, rows, 0) != every
    assert some.features["debt"] == pytest.approx(every.features["debt"], abs=0.1)


def test_the_importances_of_a_model_without_splits_are_0(model, sample):
    stump = BoostedTrees(INPUTS, n_estimators=5, min_child_samples=10_000, reg_lambda=5, seed=0).fit(*sample).booster_
    idle = replace(model, text=stump.model_to_string())
    found = training.feature_importance(idle, rows_of(sample[0]), 0)
    assert set(found.themes.values()) == set(found.features.values()) == {0.0}
