"""The interval of a risk, the failure rate that risks are set to, and risks at shorter horizons."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit

from features.errors import InputError
from features.periods import add_months
from models.calibration.base_rate import LEVEL_MONTHS, base_rate
from models.calibration.curve import ShorterHorizon, risks_by_horizon
from models.calibration.fitting import fit_platt
from models.calibration.interval import RiskInterval
from models.calibration.redrawing import interval_of
from models.calibration.reliability import reliability
from models.calibration.shapes import Isotonic, Platt, shifted


def test_the_risk_is_the_middle_of_its_interval_in_log_odds():
    interval = RiskInterval((0.0, 1.0), (0.3, 0.5), drift=0.4)
    margins = np.array([-1.0, 0.0, 0.5, 2.0])
    risk = np.array([0.1, 0.2, 0.3, 0.4])
    low, high = interval.ends(margins, risk)
    assert logit(high) - logit(risk) == pytest.approx(logit(risk) - logit(low))
    # 1.96 standard deviations: 0.3, 0.3, 0.4 and 0.5 of the calibration, each with 0.4 of the failure rate.
    assert logit(high) - logit(risk) == pytest.approx(1.95996 * np.hypot([0.3, 0.3, 0.4, 0.5], 0.4), abs=1e-4)


def drawn(firms, months, seed=0, intercept=0.0):
    """Margins of firms that keep theirs for all months, and labels that a firm's months share."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(-2, 1.2, firms)
    failed = rng.random(firms) < expit(margins + intercept)
    rows = pd.DataFrame({"siren": np.tile([f"{n:09d}" for n in range(firms)], months)})
    return np.tile(margins, months), rows.assign(label=np.tile(failed, months).astype(np.int8))


def test_the_months_of_a_firm_count_as_one_in_the_interval():
    one, six = drawn(3000, 1), drawn(3000, 6)
    calibration = fit_platt(one[0], one[1]["label"].to_numpy())
    once = interval_of(calibration, *one, 0.0, seed=0)
    often = interval_of(calibration, *six, 0.0, seed=0)
    # Taken as independent, six times as many rows would make it 2.4 times as narrow.
    assert often.deviations == pytest.approx(once.deviations, rel=0.15)
    fewer = interval_of(calibration, *drawn(300, 1), 0.0, seed=0)
    assert np.median(fewer.deviations) > 2 * np.median(once.deviations)


def test_the_deviation_is_that_of_calibrations_on_other_firms():
    margins, rows = drawn(2000, 1)
    others = [drawn(2000, 1, seed) for seed in range(1, 80)]
    odds = [fit_platt(m, r["label"].to_numpy()).probability(np.array([-3.0, -1.0])) for m, r in others]
    told = interval_of(fit_platt(margins, rows["label"].to_numpy()), margins, rows, 0.0, seed=0)
    found = np.interp([-3.0, -1.0], told.margins, told.deviations)
    assert found == pytest.approx(logit(odds).std(axis=0), rel=0.3)


def test_the_kind_of_a_calibration_that_was_moved_is_fitted_again():
    margins, rows = drawn(2000, 1)
    isotonic = Isotonic((-4.0, 0.0), (0.01, 0.5))
    assert interval_of(isotonic, margins, rows, 0.1, 0) == interval_of(shifted(isotonic, 0.3), margins, rows, 0.1, 0)
    assert interval_of(isotonic, margins, rows, 0.1, 0) != interval_of(Platt(1.0, 0.0), margins, rows, 0.1, 0)


def test_too_few_failures_tell_no_interval():
    margins, rows = drawn(200, 1)
    rows = rows.assign(label=np.int8(0))
    with pytest.raises(InputError, match="too few failures"):
        interval_of(Platt(1.0, 0.0), margins, rows, 0.1, seed=0)


def counts(*failures, rows=1000):
    """Months from January 2015 on, with so many failures of so many rows each."""
    months = [add_months(date(2015, 1, 1), n) for n in range(len(failures))]
    return pd.DataFrame({"period": months, "rows": rows, "failures": failures})


def test_risks_are_set_to_the_mean_rate_of_five_years():
    table = counts(*[900] * 12, *[20] * 30, *[60] * 30, *[900] * 6)
    months = list(table["period"][66:72])
    found = base_rate(table, months, horizon=18)
    assert (found.first, found.last) == (date(2016, 1, 1), date(2020, 12, 1))
    assert (found.rate, found.lowest, found.highest, found.at_calibration) == pytest.approx((0.04, 0.02, 0.06, 0.06))
    assert found.offset == pytest.approx(logit(0.04) - logit(0.06))
    assert LEVEL_MONTHS == 60


def test_no_month_after_the_calibration_moves_the_rate():
    table = counts(*range(20, 80), *[500] * 12)
    months = list(table["period"][54:60])
    assert base_rate(table, months, 18) == base_rate(table.iloc[:60], months, 18)


def test_the_rate_moves_by_a_sixtieth_of_what_a_new_month_brings():
    table = counts(*[40] * 60, *[100] * 3)
    rates = [base_rate(table, list(table["period"][n - 6 : n]), 18).rate for n in (60, 61, 62, 63)]
    assert rates == pytest.approx([0.04, 0.041, 0.042, 0.043])


def test_a_steady_rate_drifts_no_more_than_chance_and_a_moving_one_by_more_than_its_months_lie_apart():
    steady = counts(*np.random.default_rng(0).binomial(10_000, 0.05, 60), rows=10_000)
    assert base_rate(steady, list(steady["period"][54:]), 18).drift < 0.05
    moving = counts(*[4000] * 30, *[6000] * 30, rows=100_000)
    apart = logit(0.06) - logit(0.04)
    drift = base_rate(moving, list(moving["period"][54:]), 18).drift
    # Half of that on either side of the mean; 60 months are 3.33 horizons, from which one more is foretold.
    assert drift == pytest.approx(apart / 2 * np.sqrt(3.3333 / 2.3333 * 1.3), rel=0.01)


@pytest.mark.parametrize("failures", [[0] * 60, [10] * 54 + [0] * 6])
def test_a_rate_of_nobody_sets_no_risk(failures):
    table = counts(*failures)
    with pytest.raises(InputError):
        base_rate(table, list(table["period"][54:]), 18)


def horizon(months, calibration):
    return ShorterHorizon(months, date(2023, 1, 1), date(2023, 6, 1), 600, 20, calibration)


def test_the_risk_at_a_shorter_horizon_is_never_above_that_at_a_longer_one():
    margins = np.array([-3.0, 0.0, 3.0])
    risk = Platt(1.0, 0.0).probability(margins)
    curve = [horizon(3, Platt(2.0, -1.0)), horizon(6, Platt(1.0, -1.0)), horizon(12, Platt(1.0, 0.5))]
    found = risks_by_horizon(curve, margins, risk)
    assert found[12].tolist() == risk.tolist()
    assert found[6] == pytest.approx(expit(margins - 1))
    # At a margin of 3, three months would be riskier than six: they are given the same.
    assert found[3] == pytest.approx(expit([-7.0, -1.0, 2.0]))


def test_a_horizon_that_could_not_be_calibrated_is_unknown_and_bounds_nothing():
    margins = np.array([0.0])
    curve = [horizon(3, Platt(1.0, -1.0)), horizon(6, None)]
    found = risks_by_horizon(curve, margins, np.array([0.4]))
    assert np.isnan([found[6][0], found[12][0]]).all()
    assert found[3] == pytest.approx(expit(-1.0))


def test_a_group_is_held_where_its_failure_rate_is_in_the_interval_of_its_risk():
    risk, labels = np.array([0.1, 0.1, 0.6, 0.6]), np.array([0, 0, 1, 0], np.int8)
    ends = risk - 0.05, risk + 0.05
    assert [point.is_held for point in reliability(risk, labels, 2, ends)] == [False, False]
    assert [point.is_held for point in reliability(risk, labels, 2, (risk - 0.1, risk + 0.1))] == [True, True]
    assert [point.is_held for point in reliability(risk, labels, 2)] == [None, None]
