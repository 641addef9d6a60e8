"""The true risks of simulated firms, and what a score is worth beside them."""

from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pytest

from benchmarks.expected_risks import expected_risks, realised_risks
from benchmarks.known_truth import OURS, TRUTH, as_markdown, measured
from simulation.world import world

FIRMS, PERIOD = 4000, date(2022, 1, 1)


@pytest.fixture(scope="module")
def economy():
    return world(FIRMS, date(2024, 1, 1), 0)


@pytest.fixture(scope="module")
def rows(economy):
    return pd.DataFrame({"siren": economy.firms.siren.to_pylist(), "period": pd.Timestamp(PERIOD)})


@pytest.fixture(scope="module", params=[realised_risks, partial(expected_risks, futures=50)], ids=["future", "state"])
def risks(economy, rows, request):
    return request.param(economy, rows, 18)


def test_as_many_firms_fail_as_the_true_risks_say_among_the_safe_and_the_risky(economy, risks):
    """In thirds of the firms, within four standard deviations of what is expected."""
    failed = economy.lives.failed_on
    fails = (failed > np.datetime64(PERIOD)) & (failed <= np.datetime64("2023-07-01"))
    known = np.flatnonzero(~np.isnan(risks))
    for third in np.array_split(known[np.argsort(risks[known])], 3):
        expected, deviation = risks[third].sum(), np.sqrt((risks[third] * (1 - risks[third])).sum())
        assert abs(fails[third].sum() - expected) < 4 * deviation


def test_a_firm_that_has_failed_has_no_risk_and_one_that_has_closed_none_left(economy, risks):
    has_failed = economy.lives.failed_on <= np.datetime64(PERIOD)
    assert has_failed.any()
    assert (np.isnan(risks) == has_failed).all()
    has_closed = (economy.lives.closed_on <= np.datetime64(PERIOD)) & ~has_failed
    assert has_closed.any()
    assert (risks[has_closed] == 0).all()


def test_the_risk_by_a_firms_state_does_not_know_what_its_distress_will_be(economy, rows):
    start = economy.calendar.index(np.array([PERIOD], "datetime64[D]")).astype(int)[0]
    distress = economy.lives.distress.copy()
    distress[:, start:] = 3.0
    other = replace(economy, lives=replace(economy.lives, distress=distress))
    few = rows[:400]
    ours, theirs = (expected_risks(one, few, 18, futures=5) for one in (economy, other))
    assert np.array_equal(ours, theirs, equal_nan=True)
    assert not np.array_equal(*(realised_risks(one, few, 18) for one in (economy, other)), equal_nan=True)


def test_who_knows_the_future_ranks_better_than_who_knows_the_state(economy, rows):
    realised, expected = realised_risks(economy, rows, 18), expected_risks(economy, rows, 18, futures=50)
    known = ~np.isnan(realised)
    scores = {TRUTH: realised[known], OURS: expected[known]}
    found = measured(scores, realised[known], rows.loc[known, "siren"], 0)
    assert 0.5 < (found[OURS] / found[TRUTH])[0] < 0.99
    assert expected[known].mean() == pytest.approx(realised[known].mean(), rel=0.15)


def test_a_score_that_says_half_of_the_truth_is_worth_less_and_is_told_beside_it(risks):
    truth = risks[~np.isnan(risks)]
    half = np.where(np.arange(len(truth)) % 2, truth, 0.0)
    found = measured({TRUTH: truth, OURS: half}, truth, pd.Series(range(len(truth))), 0)
    assert (found[TRUTH] > found[OURS]).all()
    told = list(as_markdown(found))
    assert len(told) == 4
    assert "100.0%" in told[2]
    assert "-0." in told[2]
