"""Calibrations whose numbers a reader can check on paper."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from features.errors import InputError
from models.calibration.base_rate import offset_between
from models.calibration.choice import choose_calibration, is_as_good
from models.calibration.fitting import (
    UnskilledError,
    calibration_slope,
    fit_beta,
    fit_isotonic,
    fit_platt,
    fit_platt_of_both,
)
from models.calibration.reliability import expected_calibration_error, reliability, wilson_interval
from models.calibration.shapes import (
    PER_RISK,
    Beta,
    Isotonic,
    Platt,
    PlattOfBoth,
    Shifted,
    agreed,
    shifted,
    with_offset,
)
from models.rows.split import is_to_choose_by


def at(calibration, *margins):
    return calibration.probability(np.array(margins, float))


def test_platt_is_a_line_in_log_odds():
    assert at(Platt(2.0, -1.0), 0.0, 1.0, -2.0) == pytest.approx(expit([-1.0, 1.0, -5.0]))


def test_where_both_kinds_of_trees_say_the_same_their_log_odds_are_found_again():
    odds = np.linspace(-30, 30, 401)
    margins = (odds + PER_RISK * (expit(odds) - 0.5)) / 2
    assert agreed(margins) == pytest.approx(odds, abs=1e-9)
    assert at(PlattOfBoth(2.0, -1.0), margins[100], margins[300]) == pytest.approx(expit([-31.0, 29.0]))


def test_beta_bends_at_a_margin_of_zero():
    # At a margin of ln 3, s is 3/4: the odds are (3/4)^2 / (1/4)^3 x e^-1 = 36 / e.
    assert at(Beta(2.0, 3.0, -1.0), np.log(3)) == pytest.approx(36 / (36 + np.e))


def test_isotonic_goes_straight_from_point_to_point_and_stays_level_outside():
    calibration = Isotonic((0.0, 1.0, 3.0), (0.2, 0.6, 0.7))
    assert at(calibration, -5, 0, 0.5, 1, 2, 3, 9) == pytest.approx([0.2, 0.2, 0.4, 0.6, 0.65, 0.7, 0.7], abs=2e-9)


def test_firms_of_one_step_keep_their_order_by_less_than_anyone_reads():
    safer, riskier = at(Isotonic((0.0, 1.0), (0.2, 0.6)), 5, 6)
    assert 0 < riskier - safer < 1e-8
    assert at(Isotonic((0.0, 1.0), (0.0, 1.0)), -900, 900).tolist() == [0, 1]


def test_a_shift_adds_to_the_log_odds():
    assert at(Shifted(Platt(1.0, 0.0), 0.7), 0.5) == pytest.approx(expit(1.2))
    assert with_offset(np.array([0.5, 0.8]), -0.7) == pytest.approx(expit([-0.7, logit(0.8) - 0.7]))
    assert shifted(Platt(1.0, 0.0), 0.7) == Shifted(Platt(1.0, 0.0), 0.7)


MARGINS = np.array([-3.0, -2.0, -2.0, -1.0, -1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0])
LABELS = np.array([0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1], np.int8)


def log_loss(probability):
    return -np.log(np.where(LABELS == 1, probability, 1 - probability)).mean()


@pytest.mark.parametrize("fit", [fit_platt, fit_beta])
def test_no_other_numbers_fit_the_labels_better(fit):
    found = fit(MARGINS, LABELS)
    names = ("slope", "intercept") if fit is fit_platt else ("below", "above", "intercept")
    best = log_loss(found.probability(MARGINS))
    for name in names:
        for step in (-0.05, 0.05):
            numbers = {other: getattr(found, other) for other in names}
            other = type(found)(
                **(numbers | {name: max(numbers[name] + step, 0) if name != "intercept" else numbers[name] + step})
            )
            assert log_loss(other.probability(MARGINS)) >= best


def test_platts_probabilities_have_the_mean_of_the_labels():
    assert fit_platt(MARGINS, LABELS).probability(MARGINS).mean() == pytest.approx(LABELS.mean(), abs=1e-5)


def test_betas_slopes_are_kept_at_zero_or_above():
    # Beyond a margin of 0, riskier firms fail less: the slope there would be negative.
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0], np.int8)
    found = fit_beta(MARGINS, labels)
    assert found.above == 0
    assert found.below > 0
    mirrored = fit_beta(-MARGINS, (1 - labels).astype(np.int8))
    assert mirrored.below == 0
    assert mirrored.above == pytest.approx(found.below, rel=1e-3)


def test_isotonic_levels_are_shares_and_never_certain():
    found = fit_isotonic(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), np.array([0, 1, 0, 1, 1], np.int8))
    assert at(found, 0, 1, 2, 3, 4) == pytest.approx([1e-6, 0.5, 0.5, 1 - 1e-6, 1 - 1e-6], abs=1e-8)


@pytest.mark.parametrize("labels", [[0, 1, 1], [0, 0, 1]])
def test_two_levels_are_enough_for_an_isotonic_calibration(labels):
    found = fit_isotonic(np.array([0.0, 1.0, 2.0]), np.array(labels, np.int8))
    assert at(found, 0, 1, 2).round(4).tolist() == labels


@pytest.mark.parametrize(
    ("more", "firms", "is_good"),
    [
        # The mean is 1/4, one standard error sqrt(3/4) / 4 = 0.22.
        ([1, 0, 0, 0], "abcd", False),
        # The mean is 1/8, one standard error sqrt(19/16) / 4 = 0.27.
        ([1, -0.5, 0, 0], "abcd", True),
        # The mean is 0.6, one standard error 2 / 4; where two rows are of one firm, their deviations add up: 2.8 / 4.
        ([1.6, 1.6, -0.4, -0.4], "abcd", False),
        ([1.6, 1.6, -0.4, -0.4], "aabb", True),
        ([0, 0], "ab", True),
        ([-1, -1], "ab", True),
    ],
)
def test_a_loss_is_as_good_up_to_one_standard_error(more, firms, is_good):
    assert is_as_good(np.array(more, float), np.array(list(firms))) is is_good


def of_half(is_first, count):
    """So many firms of one half."""
    sirens = pd.Series([f"{n:09d}" for n in range(4 * count + 40)])
    return list(sirens[is_to_choose_by(sirens) == is_first])[:count]


def several(copies):
    """The margins and labels above, so many times in each half of the firms, each copy of another month of 2023.

    A firm per row.
    """
    count = copies * len(MARGINS)
    month = np.tile(np.repeat(np.arange(copies), len(MARGINS)) + 1, 2)
    sirens = [*of_half(True, count), *of_half(False, count)]
    rows = pd.DataFrame({"siren": sirens, "period": [pd.Timestamp(2023, n, 1) for n in month]})
    return np.tile(MARGINS, 2 * copies), np.tile(LABELS, 2 * copies), rows


def test_each_kind_is_measured_on_the_later_half():
    margins, labels, rows = several(4)
    chosen = choose_calibration(margins, labels, rows)
    assert [score.kind for score in chosen.scores] == ["uncalibrated", "platt_of_both", "platt", "beta", "isotonic"]
    # The later months repeat the earlier ones, so that the shape which follows each margin closest does best.
    assert [score.is_chosen for score in chosen.scores] == [False, False, False, False, True]
    assert chosen.calibration == fit_isotonic(margins, labels)
    for score, probability in (
        (chosen.scores[0], expit(agreed(MARGINS))),
        (chosen.scores[2], fit_platt(*several(2)[:2]).probability(MARGINS)),
    ):
        assert score.brier == pytest.approx(((probability - LABELS) ** 2).mean())
        assert score.log_loss == pytest.approx(log_loss(probability))
        later = np.tile(probability, 4), np.tile(LABELS, 4)
        assert score.expected_calibration_error == pytest.approx(expected_calibration_error(reliability(*later)))


@pytest.mark.parametrize(("months", "early"), [(2, 1), (3, 2), (4, 2), (5, 3)])
def test_the_middle_month_is_early(months, early):
    margins, labels, rows = several(months)
    is_early = (rows["period"] <= pd.Timestamp(2023, early, 1)).to_numpy()
    # In the later months the riskiest firm survives.
    later = np.where(MARGINS == 3, 0, LABELS)
    labels = np.where(is_early, labels, np.tile(later, 2 * months)).astype(np.int8)
    mixed = np.random.default_rng(0).permutation(len(rows))
    found = choose_calibration(margins[mixed], labels[mixed], rows.iloc[mixed]).scores[2]
    platt = fit_platt(MARGINS, LABELS).probability(MARGINS)
    assert found.brier == pytest.approx(((platt - later) ** 2).mean(), rel=1e-4)


@pytest.mark.parametrize("half", ["early", "late"])
def test_where_a_half_holds_only_failures_nothing_is_measured_and_platt_is_used(half):
    margins, labels, rows = several(2)
    is_early = (rows["period"] == pd.Timestamp(2023, 1, 1)).to_numpy()
    labels = np.where(is_early == (half == "early"), 1, labels).astype(np.int8)
    chosen = choose_calibration(margins, labels, rows)
    assert (chosen.calibration, chosen.scores) == (fit_platt_of_both(margins, labels), ())


@pytest.mark.parametrize("rates", [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (0.1, 1.0)])
def test_a_rate_of_nobody_or_everybody_has_no_log_odds(rates):
    with pytest.raises(InputError):
        offset_between(*rates)


def test_wilsons_interval_stays_between_nobody_and_everybody():
    assert 0 <= wilson_interval(0, 20)[0] < 1e-12
    assert 1 - 1e-12 < wilson_interval(20, 20)[1] <= 1
    low, high = wilson_interval(10, 20)
    assert low + high == pytest.approx(1)


def test_without_rows_there_are_no_points():
    assert not list(reliability(np.array([]), np.array([], np.int8)))


def test_the_slope_is_1_where_probabilities_come_true_and_half_of_it_where_their_log_odds_are_doubled():
    # Ten firms of which 2 fail, ten of which 8 do; the odds are 1 to 4 and 4 to 1, squared 1 to 16 and 16 to 1.
    failed = np.array([*[1] * 2, *[0] * 8, *[1] * 8, *[0] * 2], np.int8)
    for low, slope in ((0.2, 1.0), (1 / 17, 0.5), (1 / 3, 2.0), (0.8, -1.0)):
        probability = np.repeat([low, 1 - low], 10)
        assert calibration_slope(probability, failed) == pytest.approx(slope, abs=0.01)
    assert calibration_slope(np.full(20, 0.3), failed) == pytest.approx(0, abs=1e-6)
    # A probability of 0 or 1 has no log-odds: it counts as one in a million, or all but that.
    assert calibration_slope(np.repeat([0.0, 1.0], 10), failed) == pytest.approx(np.log(4) / np.log(1e6), abs=1e-3)


def test_a_model_that_has_learnt_nothing_is_told_from_other_mistakes():
    failed = np.array([0, 1, 0, 1], np.int8)
    for fit in (fit_platt, fit_beta, fit_isotonic):
        with pytest.raises(UnskilledError):
            fit(np.array([4.0, 1.0, 3.0, 2.0]), failed)
    with pytest.raises(InputError) as refused:
        fit_platt(np.array([1.0, 2.0]), np.zeros(2, np.int8))
    assert not isinstance(refused.value, UnskilledError)
