"""Fewer training rows, the same probabilities."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.periods import period_range
from models.estimators.boosted_trees import BoostedTrees
from models.protocol import Sampling
from models.rows.sampling import kept_rows, sample_weights, sampled, sampled_periods

PERIODS = period_range(date(2020, 1, 1), date(2020, 12, 1))


def firms(count):
    return pd.Series([f"{n:09d}" for n in range(100_000_000, 100_000_000 + 37 * count, 37)], dtype="str")


def test_one_month_in_five_counts_back_from_the_last():
    assert sampled_periods(PERIODS, 5) == (date(2020, 2, 1), date(2020, 7, 1), date(2020, 12, 1))
    assert sampled_periods(PERIODS, 1) == tuple(PERIODS)


def test_a_kept_negative_counts_for_those_left_out():
    assert list(sample_weights(pd.Series([1, 0, 0]), 0.25)) == [1, 4, 4]


def test_every_failure_is_kept_and_a_firm_is_kept_with_all_its_months():
    siren = firms(1000).repeat(2)
    label = pd.Series([0, 1] * 1000)
    kept = kept_rows(siren, label, 0.3)
    assert kept[1::2].all()
    assert kept_rows(siren, pd.Series([0] * 2000), 0.3).reshape(-1, 2).std(axis=1).max() == 0


@settings(deadline=None)
@given(st.floats(0.05, 1.0))
def test_the_weights_of_what_is_kept_are_those_of_all(share):
    siren, label = firms(20_000), pd.Series([0] * 20_000)
    kept = kept_rows(siren, label, share)
    assert sample_weights(label[kept], share).sum() == pytest.approx(20_000, rel=0.15)


def test_with_fewer_negatives_the_mean_probability_stays_the_failure_rate():
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"siren": firms(6000), "period": PERIODS[0], "debt": rng.normal(size=6000)})
    rows["label"] = (rng.random(6000) < 1 / (1 + np.exp(3 - rows["debt"]))).astype("int8")
    x = rows[["debt"]].to_numpy(np.float32)
    fewer, weights = sampled(rows, Sampling(negative_share=0.2))
    slow = {"n_estimators": 150, "learning_rate": 0.03, "colsample_bytree": 1.0}
    model = BoostedTrees(**slow, min_child_samples=50, reg_lambda=1.0)
    model.fit(fewer[["debt"]].to_numpy(np.float32), fewer["label"], weights)
    assert len(fewer) < 0.35 * len(rows)
    assert model.predict_proba(x)[:, 1].mean() == pytest.approx(rows["label"].mean(), rel=0.2)
