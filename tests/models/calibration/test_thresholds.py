"""From probabilities to alerts: who is on which level, and from which probability on."""

import numpy as np
import pytest

from models.alerts import ALERTS, Thresholds
from models.calibration.thresholds import choose_thresholds

# Thirteen firms from the riskiest on, and which of them failed.
PROBABILITY = np.array([0.95, 0.90, 0.85, 0.80, 0.75, 0.70, 0.65, 0.60, 0.55, 0.50, 0.45, 0.40, 0.35])
FAILED = np.array([0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1], np.int8)


def f_beta(beta, threshold):
    """By its own definition: (1 + beta^2) true alerts over those, false alerts, and beta^2 missed failures."""
    on_alert = threshold <= PROBABILITY
    true, false, missed = ((on_alert & (FAILED == 1)).sum(), (on_alert & (FAILED == 0)).sum(), FAILED[~on_alert].sum())
    return (1 + beta**2) * true / ((1 + beta**2) * true + beta**2 * missed + false)


def test_the_levels_go_from_the_gravest_to_none():
    assert ALERTS == ("high", "moderate", "none")


def test_a_firm_is_on_alert_from_the_threshold_itself_on():
    alerts = Thresholds(high=0.5, moderate=0.2).alerts(np.array([0.51, 0.5, 0.49, 0.2, 0.19]))
    assert alerts.tolist() == ["high", "high", "moderate", "moderate", "none"]


def test_high_takes_few_firms_that_mostly_fail_and_moderate_more_of_those_that_fail():
    # The first 4 firms hold 3 of 5 failures, the first 6 hold 4; the fifth failure is the very last firm.
    assert choose_thresholds(PROBABILITY, FAILED) == Thresholds(high=0.80, moderate=0.70)


@pytest.mark.parametrize(("level", "beta"), [("high", 0.5), ("moderate", 2.0)])
def test_the_chosen_threshold_has_the_largest_f_beta_of_all(level, beta):
    best = max(PROBABILITY, key=lambda threshold: f_beta(beta, threshold))
    assert getattr(choose_thresholds(PROBABILITY, FAILED), level) == best


def test_where_the_riskiest_firm_alone_failed_its_probability_is_both_thresholds():
    assert choose_thresholds(np.array([0.9, 0.5, 0.4]), np.array([1, 0, 0], np.int8)) == Thresholds(0.9, 0.9)
