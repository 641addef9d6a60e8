"""From margins to probabilities that come true, and to alerts."""

import json
from dataclasses import asdict
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from scipy.special import expit, log_expit

from features.errors import InputError
from models.calibration.base_rate import offset_between
from models.calibration.choice import choose_calibration, is_as_good
from models.calibration.fitting import FITS, fit_beta, fit_isotonic, fit_platt, fit_platt_of_both
from models.calibration.reliability import expected_calibration_error, reliability, wilson_interval
from models.calibration.shapes import (
    Beta,
    Calibration,
    Isotonic,
    Platt,
    Shifted,
    shifted,
    with_offset,
)
from models.explanation.contributions import margins as margins_of
from models.rows.split import is_to_choose_by

STORED = TypeAdapter(Calibration)


def drawn(truth, rows=60_000, seed=0):
    """Margins, and labels that fail with the probability that `truth` makes of each margin."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(-2, 1.5, rows)
    return margins, (rng.random(rows) < truth(margins)).astype(np.int8)


def half_as_sure(margins):
    return expit(0.5 * margins - 0.3)


def one_sided(margins):
    return Beta(0.4, 2.0, -0.5).probability(margins)


def step(margins):
    return np.where(margins > -1, 0.4, 0.05)


@pytest.mark.parametrize(
    ("fit", "truth", "tolerance"),
    [
        (fit_platt, half_as_sure, 0.01),
        (fit_beta, half_as_sure, 0.01),
        (fit_beta, one_sided, 0.02),
        (fit_isotonic, one_sided, 0.05),
        (fit_isotonic, step, 0.03),
    ],
)
def test_a_calibration_finds_the_distortion_that_was_planted(fit, truth, tolerance):
    grid = np.array([-4.5, -3, -2, -1.5, -0.5, 0, 1])
    found = fit(*drawn(truth)).probability(grid)
    assert np.abs(found - truth(grid)).max() < tolerance


def test_platt_can_not_follow_a_one_sided_distortion_that_beta_follows():
    margins, labels = drawn(one_sided)
    error = {
        fit: np.abs(fit(margins, labels).probability(margins) - one_sided(margins)).max()
        for fit in (fit_platt, fit_beta)
    }
    assert error[fit_platt] > 3 * error[fit_beta]


def test_beta_is_the_formula_of_its_paper():
    # a = 2, b = 1, c = ln 3 at s = 1/2: odds = 3 x 0.5^2 / 0.5 = 1.5.
    assert Beta(2, 1, np.log(3)).probability(np.array([0.0])) == pytest.approx(0.6)


@pytest.mark.parametrize("fit", FITS.values())
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_larger_margin_is_never_a_smaller_probability(fit, data):
    margins = np.array(data.draw(st.lists(st.floats(-8, 8), min_size=4, max_size=40)))
    labels = np.array(data.draw(st.lists(st.integers(0, 1), min_size=len(margins), max_size=len(margins))), np.int8)
    try:
        calibration = fit(margins, labels)
    except InputError:
        return
    at = np.sort(np.concatenate([margins, margins + 0.003, np.linspace(-10, 10, 50)]))
    probability = calibration.probability(at)
    assert (np.diff(probability) >= -1e-12).all()
    assert ((probability >= 0) & (probability <= 1)).all()


@pytest.mark.parametrize("fit", FITS.values())
def test_a_calibration_comes_back_from_json_as_it_was(fit):
    calibration = fit(*drawn(half_as_sure, 2000))
    for original in (calibration, shifted(calibration, -0.2)):
        assert STORED.validate_python(json.loads(json.dumps(asdict(original)))) == original
    with pytest.raises(ValidationError):
        STORED.validate_python({"kind": "platt", "slope": 1.0})


@pytest.mark.parametrize("fit", FITS.values())
def test_labels_of_one_kind_are_refused_in_a_sentence(fit):
    with pytest.raises(InputError, match="nothing to calibrate on"):
        fit(np.array([0.0, 1.0]), np.zeros(2, np.int8))


@pytest.mark.parametrize("fit", list(FITS.values()))
def test_margins_that_order_firms_the_wrong_way_round_are_refused(fit):
    with pytest.raises(InputError, match="learnt nothing"):
        fit(np.array([0.0, 1.0, 2.0, 3.0]), np.array([1, 1, 0, 0], np.int8))


@pytest.mark.parametrize("fit", FITS.values())
def test_calibration_keeps_the_order_of_firms(fit):
    margins, labels = drawn(half_as_sure, 3000)
    assert (np.argsort(fit(margins, labels).probability(margins)) == np.argsort(margins)).all()


def test_what_is_stored_stays_small_however_many_rows_were_seen():
    margins, labels = drawn(half_as_sure, 100_000)
    assert len(json.dumps(asdict(fit_isotonic(margins, labels)))) < 30_000


def months(rows, count=6):
    """A firm a row, in months that follow one another."""
    period = pd.to_datetime([date(2023, 1 + n % count, 1) for n in range(rows)])
    return pd.DataFrame({"siren": [f"{n:09}" for n in range(rows)], "period": period})


def test_the_simplest_calibration_that_is_as_good_is_chosen():
    margins, labels = drawn(half_as_sure)
    chosen = choose_calibration(margins, labels, months(len(margins)))
    assert chosen.calibration == fit_platt(margins, labels)
    assert [record.kind for record in chosen.scores] == ["uncalibrated", "platt_of_both", "platt", "beta", "isotonic"]
    losses = {record.kind: record.log_loss for record in chosen.scores}
    assert losses["platt"] < losses["uncalibrated"]


def test_a_freer_calibration_is_chosen_where_the_simple_ones_are_wrong():
    margins, labels = drawn(step)
    chosen = choose_calibration(margins, labels, months(len(margins)))
    assert isinstance(chosen.calibration, Isotonic)
    assert [record.is_chosen for record in chosen.scores].count(True) == 1


def test_the_rows_of_a_firm_count_together_in_what_is_as_good():
    more = np.repeat([1.0, -0.5, *[0.0] * 48], 100)
    assert is_as_good(more, np.repeat(np.arange(50).astype(str), 100))
    assert not is_as_good(more, np.arange(5000).astype(str))


def test_the_choice_is_measured_on_later_months_of_other_firms():
    margins, labels = drawn(half_as_sure, 3000)
    rows = months(3000)
    early = (rows["period"] <= pd.Timestamp(2023, 3, 1)).to_numpy()
    first = is_to_choose_by(rows["siren"])
    loss = {record.kind: record.log_loss for record in choose_calibration(margins, labels, rows).scores}
    found = []
    for own in (first, ~first):
        fitted = fit_platt(margins[early & ~own], labels[early & ~own])
        odds = fitted.slope * margins[~early & own] + fitted.intercept
        found.append(-log_expit(np.where(labels[~early & own], odds, -odds)))
    assert loss["platt"] == pytest.approx(np.concatenate(found).mean())


def test_no_shape_is_chosen_for_what_it_learnt_by_heart():
    """60 firms of which chance alone says who fails: each has the same margin, and label, in all of its months."""
    margins, labels = drawn(half_as_sure, 60)
    rows = pd.concat([months(60).assign(period=pd.Timestamp(2023, n, 1)) for n in range(1, 7)], ignore_index=True)
    chosen = choose_calibration(np.tile(margins, 6), np.tile(labels, 6), rows)
    losses = {record.kind: record.log_loss for record in chosen.scores}
    own = fit_isotonic(margins, labels).probability(margins)
    assert -np.log(np.where(labels, own, 1 - own)).mean() < losses["platt"] < losses["isotonic"]
    assert not isinstance(chosen.calibration, Isotonic)


def test_with_a_single_period_nothing_is_measured_and_platt_is_used():
    margins, labels = drawn(half_as_sure, 2000)
    chosen = choose_calibration(margins, labels, months(2000, 1))
    assert (chosen.calibration, chosen.scores) == (fit_platt_of_both(margins, labels), ())


def test_a_doubled_base_rate_doubles_odds():
    assert with_offset(np.array([0.0, 0.5, 1.0]), np.log(2)).tolist() == pytest.approx([0, 2 / 3, 1])
    assert offset_between(0.2, 1 / 3) == pytest.approx(np.log(2))
    with pytest.raises(InputError, match="no log-odds"):
        offset_between(0.0, 0.1)


def test_a_second_shift_replaces_the_first():
    assert shifted(shifted(Platt(1, 0), 0.5), 0.2) == Shifted(Platt(1, 0), 0.2)


def test_a_shift_makes_probabilities_right_after_failing_firms_became_rarer():
    margins, labels = drawn(half_as_sure)
    fitted = fit_platt(margins, labels)
    kept = (labels == 0) | (np.random.default_rng(1).random(len(labels)) < 0.4)
    offset = offset_between(labels.mean(), labels[kept].mean())
    now = shifted(fitted, offset).probability(margins[kept])
    assert now.mean() == pytest.approx(labels[kept].mean(), rel=0.03)
    assert expected_calibration_error(reliability(now, labels[kept])) < 0.01


def test_a_reliability_point_is_what_a_reader_counts():
    probability, labels = np.array([0.1, 0.3, 0.7, 0.9]), np.array([0, 1, 1, 1], np.int8)
    first, second = reliability(probability, labels, bins=2)
    assert (first.rows, first.failures, first.mean_probability) == (2, 1, pytest.approx(0.2))
    assert (second.observed_rate, second.mean_probability) == (1, pytest.approx(0.8))
    # (2 x |0.2 - 0.5| + 2 x |0.8 - 1|) / 4
    assert expected_calibration_error([first, second]) == pytest.approx(0.25)


def test_equal_probabilities_share_a_bin():
    points = reliability(np.array([0.2] * 9 + [0.8]), np.zeros(10, np.int8), bins=5)
    assert [point.rows for point in points] == [9, 1]


def test_right_probabilities_lie_on_the_diagonal():
    margins, labels = drawn(half_as_sure)
    points = reliability(half_as_sure(margins), labels)
    assert [point.rows for point in points] == pytest.approx([6000] * 10, abs=2)
    assert sum(point.low <= point.mean_probability <= point.high for point in points) >= 8


def test_the_wilson_interval_is_the_published_one():
    # Newcombe (Statistics in Medicine 1998), table I, method 3.
    assert wilson_interval(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson_interval(0, 20) == pytest.approx((0, 0.1611), abs=1e-4)


def test_platt_makes_the_mean_probability_the_failure_rate(sample, booster):
    x, y = sample
    margin = 3 * margins_of(booster, x) + 2
    assert fit_platt(margin, y).probability(margin).mean() == pytest.approx(y.mean(), abs=1e-4)


def test_a_model_that_orders_firms_the_wrong_way_round_is_refused(sample, booster):
    with pytest.raises(InputError, match="learnt nothing"):
        fit_platt(-margins_of(booster, sample[0]), sample[1])
