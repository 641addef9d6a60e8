"""From risks to alerts by a policy: who is on which level, and from which probability on."""

import numpy as np
import pandas as pd
import pytest

from models.alerts import ALERTS, DEFAULT_POLICY, AlertPolicy, Thresholds
from models.calibration.thresholds import alerting, alerts, alerts_by_period, flagged, least, thresholds

# Twenty firms with a mean risk of 0.1: two stand out, one more somewhat.
RISKS = np.array([0.61, 0.40, 0.25, *(0.74 / 17,) * 17])
ANY_RISK = AlertPolicy(high_lift=1, moderate_lift=1, high_share=1, moderate_share=1)


def firms(count, period="2024-01-01", departement="75"):
    return pd.DataFrame({"period": pd.Timestamp(period), "departement": [departement] * count})


def given(policy, risks=RISKS, rows=None, counts=None):
    rows = firms(len(risks)) if rows is None else rows
    cut = thresholds(policy, rows, risks, counts)
    return cut, alerts(cut, rows, risks).tolist()


def test_the_levels_go_from_the_gravest_to_none():
    assert ALERTS == ("high", "moderate", "none")


def test_a_firm_is_on_alert_from_the_threshold_itself_on():
    levels = alerts(Thresholds(high=0.5, moderate=0.2), firms(5), np.array([0.51, 0.5, 0.49, 0.2, 0.19]))
    assert levels.tolist() == ["high", "high", "moderate", "moderate", "none"]
    assert {level: is_at.tolist() for level, is_at in flagged(levels).items()} == {
        "high": [True, True, False, False, False],
        "moderate": [True, True, True, True, False],
    }


def test_by_default_one_firm_of_twenty_may_be_on_high_alert_and_two_on_alert():
    cut, levels = given(DEFAULT_POLICY)
    assert levels == ["high", "moderate", *["none"] * 18]
    # 0.61 is the best for F0.5; of the third firm of twenty the share says no.
    assert (cut.high, cut.moderate) == (0.61, np.nextafter(0.25, 1))
    assert cut.policy == DEFAULT_POLICY


def test_high_alerts_are_those_of_the_best_expected_f_score():
    # Two failures are expected. Of the first firm, F0.5 is 1.25 x 0.61 / (1 + 0.5), of two 1.25 x 1.01 / (2 + 0.5), of
    # three 1.25 x 1.26 / (3 + 0.5): one does best.
    cut, levels = given(ANY_RISK)
    assert cut.high == 0.61
    assert levels[:4] == ["high", "moderate", "moderate", "none"]
    nearly = np.array([0.60, 0.41, 0.25, *(0.74 / 17,) * 17])
    assert given(ANY_RISK, nearly)[0].high == 0.41


def test_a_lift_is_over_the_mean_risk_of_the_firms_of_the_period():
    for high_lift, moderate_lift, told in ((6, 3.9, 2), (7, 2.4, 3), (4, 2.6, 2)):
        policy = AlertPolicy(high_lift=high_lift, moderate_lift=moderate_lift, high_share=1, moderate_share=1)
        cut, levels = given(policy)
        assert 20 - levels.count("none") == told, policy
        assert cut.moderate == pytest.approx(moderate_lift * 0.1)
    assert given(AlertPolicy(high_share=1, moderate_share=1))[0].moderate == pytest.approx(0.2)


def test_a_model_that_finds_all_firms_alike_alerts_nobody():
    assert set(given(DEFAULT_POLICY, np.full(50, 0.1))[1]) == {"none"}
    # Differences of a third around the mean are not enough either.
    assert set(given(DEFAULT_POLICY, np.linspace(0.07, 0.13, 50))[1]) == {"none"}


def test_alerts_follow_the_period_and_not_its_failure_rate():
    assert given(DEFAULT_POLICY, RISKS / 3)[1] == given(DEFAULT_POLICY)[1]
    assert given(DEFAULT_POLICY, RISKS / 3)[0].moderate == pytest.approx(given(DEFAULT_POLICY)[0].moderate / 3)


def test_firms_of_equal_risk_are_on_the_same_side_of_a_share():
    risks = np.array([0.9, 0.5, 0.5, 0.5, *(0.02,) * 36])
    policy = AlertPolicy(high_share=0.05, moderate_share=0.1)
    # Four of forty may be on alert, two on high alert: three share the second place.
    assert given(policy, risks)[1][:5] == ["high", "moderate", "moderate", "moderate", "none"]
    assert given(AlertPolicy(high_share=0.05, moderate_share=0.075), risks)[1][:3] == ["high", "none", "none"]


def test_a_share_holds_as_many_firms_as_it_says():
    for count, share, on_alert in ((100, 0.29, 29), (30, 0.1, 3), (29, 0.1, 2), (10, 1.0, 10)):
        policy = AlertPolicy(high_lift=1, moderate_lift=1, high_share=share, moderate_share=share)
        risks = np.linspace(0.5, 0.4, count)
        assert (given(policy, risks)[0].moderate <= risks).sum() <= on_alert
        cut = thresholds(policy, firms(count), risks)
        assert (risks >= min(cut.moderate, cut.high)).sum() == min(on_alert, (risks >= risks.mean()).sum())


def test_nobody_is_on_alert_where_the_threshold_would_be_above_one():
    cut, levels = given(DEFAULT_POLICY, np.array([0.9, 0.8, 0.7, 0.6]))
    assert (cut.high, cut.moderate) == (1.0, 1.0)
    assert set(levels) == {"none"}


def test_firms_that_do_not_count_change_no_threshold_but_get_a_level():
    counts = np.append(np.ones(20), [0.0, 0.0])
    risks = np.append(RISKS, [0.99, 0.01])
    cut, levels = given(DEFAULT_POLICY, risks, counts=counts)
    assert cut == given(DEFAULT_POLICY)[0]
    assert levels == [*given(DEFAULT_POLICY)[1], "high", "none"]


def test_a_firm_that_counts_twice_is_two_firms():
    counts = np.array([1.0, 2.0, *(1.0,) * 18])
    assert given(DEFAULT_POLICY, counts=counts)[0] == given(DEFAULT_POLICY, np.sort(np.append(RISKS, 0.4))[::-1])[0]


def test_without_any_firm_nobody_can_be_on_alert():
    nobody = Thresholds(1.0, 1.0, DEFAULT_POLICY)
    assert thresholds(DEFAULT_POLICY, firms(0), np.array([])) == nobody
    assert thresholds(DEFAULT_POLICY, firms(2), np.array([0.5, 0.4]), np.zeros(2)) == nobody


def test_a_team_follows_as_many_firms_as_it_can_those_most_at_risk():
    rows = firms(20).assign(departement=["75", "75", "75", *["2A"] * 16, None])
    policy = AlertPolicy(firms_per_departement=1)
    cut, levels = given(policy, RISKS, rows)
    assert levels == ["high", *["none"] * 19]
    assert set(cut.by_departement) == {"75", "2A", ""}
    assert cut.by_departement["75"] == np.nextafter(0.4, 1)
    assert (cut.at("75").moderate, cut.at("75").high) == (np.nextafter(0.4, 1), cut.high)
    assert Thresholds(0.5, 0.2).at("75") == Thresholds(0.5, 0.2)
    assert cut.at("75").policy == policy
    assert cut.at("75").by_departement == {}
    # One firm alone is below what its team can follow: the lift decides.
    assert cut.by_departement[""] == 0.0
    assert (cut.at(None).moderate, cut.at("13").moderate) == (cut.moderate, cut.moderate)
    assert least(cut, rows)[[0, 3, 19]].tolist() == [np.nextafter(0.4, 1), cut.moderate, cut.moderate]
    # Two firms for each team, and no share: 15 % of the firms are on alert.
    elsewhere = rows.assign(departement=["75", "75", "13", *["2A"] * 17])
    assert given(AlertPolicy(firms_per_departement=2), RISKS, elsewhere)[1][:4] == [
        "high",
        "moderate",
        "moderate",
        "none",
    ]


def test_a_team_that_follows_two_firms_has_its_threshold_above_the_third_in_each_period():
    rows = pd.concat([firms(20, "2024-01-01"), firms(20, "2024-02-01")], ignore_index=True)
    policy = AlertPolicy(firms_per_departement=2)
    risks = np.append(RISKS, RISKS[::-1] / 3)
    assert thresholds(policy, rows[:20], risks[:20]).by_departement == {"75": np.nextafter(0.25, 1)}
    levels = alerts_by_period(policy, rows, risks)
    assert np.flatnonzero(levels != "none").tolist() == [0, 1, 38, 39]
    assert Thresholds(0.6, 0.2, by_departement={"75": 0.7}).at("75") == Thresholds(0.7, 0.7)


def test_each_period_has_its_own_thresholds():
    rows = pd.concat([firms(20, "2024-01-01"), firms(20, "2024-02-01")], ignore_index=True)
    shuffled = rows.assign(risk=np.append(RISKS, RISKS / 3)).sample(frac=1, random_state=0)
    levels = pd.Series(alerts_by_period(DEFAULT_POLICY, shuffled, shuffled["risk"].to_numpy()), shuffled.index)
    for start in (0, 20):
        assert levels.sort_index().loc[start : start + 19].tolist() == given(DEFAULT_POLICY)[1]
    counts = (shuffled["period"] == "2024-01-01").to_numpy(float)
    only = alerting(DEFAULT_POLICY, shuffled)(shuffled["risk"].to_numpy(), counts)
    assert set(only[counts == 0]) == {"none"}
    assert (only[counts == 1] == levels.to_numpy()[counts == 1]).all()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"moderate_lift": 0.99}, "moderate_lift"),
        ({"moderate_lift": 4}, "moderate_lift"),
        ({"high_share": 0}, "high_share"),
        ({"high_share": 0.2}, "high_share"),
        ({"moderate_share": 1.01}, "high_share"),
        ({"firms_per_departement": 0}, "firms_per_departement"),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        AlertPolicy(**changes)


def test_a_policy_at_its_limits_is_accepted():
    policy = AlertPolicy(moderate_lift=1, high_lift=1, high_share=1, moderate_share=1, firms_per_departement=1)
    assert policy.moderate_share == 1
    default = AlertPolicy()
    assert (default.high_lift, default.high_share, default.moderate_lift, default.moderate_share) == (3, 0.05, 2, 0.1)
    assert default.firms_per_departement is None
