"""Drift, survival and findings, on tables that a reader can check by hand."""

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG
from features.checked import DATED_LATER, FAILURES, REPEATED_KEYS, UNKNOWN_FIRMS, YEARLY_SUM, Checked
from models.alerts import AlertPolicy
from models.monitoring.drift import drift, reference, score_drift, stability_index
from models.monitoring.findings import Compared, findings
from models.monitoring.helped import apart
from models.monitoring.limits import Limits
from models.monitoring.realised import ALL, PastList, followed, incidence, realised, shapes, together, useful
from models.monitoring.records import STOP, WARNING
from models.monitoring.volumes import Published, most_on_alert, volumes
from models.rows.inputs import Input

NAMES = ("debt", "debt_in_months", "liquidity_ratio", "paydex", "naf_section")
BY_NAME = {feature.name: feature for feature in CATALOG}
INPUTS = tuple(
    Input(
        name,
        BY_NAME[name].theme,
        BY_NAME[name].unit,
        0,
        BY_NAME[name].root,
        ("A", "C", "G") if name == "naf_section" else (),
    )
    for name in NAMES
)
LIMITS = Limits()
PERIOD = date(2024, 2, 1)


def firms_of(count, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, len(NAMES))).astype(np.float32)
    x[:, :2] = np.where(rng.random((count, 1)) < 0.8, 0, np.abs(x[:, :2]))
    x[:, 4] = rng.integers(0, 3, count)
    x[rng.random(count) < 0.1, 2] = np.nan
    return x


@pytest.fixture(scope="module")
def learnt():
    periods = pd.Series(np.tile(pd.date_range("2020-01-01", periods=12, freq="MS"), 500))
    return reference(firms_of(6000), periods, INPUTS, np.linspace(0, 1, 6000) ** 2)


def published(count, alerts, period=PERIOD):
    siren = [f"{n:09}" for n in range(count)]
    alert = ["high"] * alerts + ["none"] * (count - alerts)
    return Published(period, pd.DataFrame({"siren": siren, "alert": alert, "departement": "59", "naf_section": "C"}))


def run(learnt, x, alerts=40, earlier=(), previous=None):
    drifts = drift(learnt, x, 2, INPUTS)
    score = score_drift(learnt, np.linspace(0, 1, len(x)) ** 2)
    return Compared(published(len(x), alerts), "m", drifts, score, earlier, previous)


def test_the_stability_index_is_that_of_the_formula():
    # Shares 100.5/201, 100.5/201 then; 150.5/201, 50.5/201 now.
    hand = (50 / 201) * math.log(150.5 / 100.5) + (-50 / 201) * math.log(50.5 / 100.5)
    assert stability_index(np.array([100, 100]), np.array([150, 50])) == pytest.approx(hand)
    assert stability_index(np.array([10, 90]), np.array([10, 90])) == 0
    assert stability_index(np.array([0, 0]), np.array([10, 90])) == 0


def test_bins_hold_a_tenth_of_the_training_rows_each():
    periods = pd.Series(pd.to_datetime(["2020-01-01"] * 100))
    x = np.arange(100, dtype=np.float32).reshape(-1, 1)
    learnt = reference(x, periods, INPUTS[2:3], np.array([0.5]))
    assert learnt.features["liquidity_ratio"].counts == {1: (10,) * 10 + (0,)}


def test_a_month_is_held_against_the_same_month_of_training():
    periods = pd.Series(pd.to_datetime(["2020-01-01"] * 1000 + ["2020-07-01"] * 1000))
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, 1000), rng.normal(5, 1, 1000)]).astype(np.float32).reshape(-1, 1)
    learnt = reference(x, periods, INPUTS[2:3], np.array([0.5]))
    assert drift(learnt, x[1000:], 7, INPUTS[2:3])[0].psi == 0
    assert drift(learnt, x[1000:], 1, INPUTS[2:3])[0].psi > 1


def test_rows_like_those_of_training_call_for_nothing(learnt):
    for seed in range(1, 6):
        before = published(300, 35, date(2024, 1, 1))
        found = run(
            learnt, firms_of(300, seed), earlier=[before], previous=(before.period, frozenset(before.firms["siren"]))
        )
        assert findings(found, LIMITS) == ()


def empty_debts(x):
    x[:, :2] = np.nan


def zero_debts(x):
    x[:, :2] = 0


def constant(x):
    x[:, 3] = 7


def unknown(x):
    x[: len(x) // 2, 3] = np.nan


@pytest.mark.parametrize(
    ("damage", "subject", "limit"),
    [
        (empty_debts, "debts", "min_expected_firms"),
        (zero_debts, "debts", "min_expected_firms"),
        (constant, "paydex", "min_expected_firms"),
        (unknown, "paydex", "missing_stop"),
    ],
)
def test_broken_inputs_stop(learnt, damage, subject, limit):
    x = firms_of(300, 1)
    damage(x)
    stops = [finding for finding in findings(run(learnt, x), LIMITS) if finding.level == STOP]
    assert (subject, limit) in {(stop.subject, stop.limit) for stop in stops}
    assert all("{" not in stop.sentence for stop in stops)


@pytest.mark.parametrize(
    ("check", "value", "level"),
    [
        (UNKNOWN_FIRMS, 0.04, None),
        (UNKNOWN_FIRMS, 0.06, WARNING),
        (UNKNOWN_FIRMS, 0.6, STOP),
        (DATED_LATER, 0.02, WARNING),
        (REPEATED_KEYS, 0.2, STOP),
        (YEARLY_SUM, 1.2, None),
        (YEARLY_SUM, 0.5, WARNING),
        (YEARLY_SUM, 0.1, STOP),
        (YEARLY_SUM, 5.0, STOP),
        (FAILURES, 0.4, WARNING),
    ],
)
def test_what_tables_tell_of_each_other_is_judged_by_its_limits(check, value, level):
    told = Checked(check, "debts", value, date(2024, 1, 1) if check == YEARLY_SUM else None)
    compared = Compared(published(100, 5), "m", (), (0.0, 0.0), (), None, checked=(told,))
    found = findings(compared, LIMITS)
    assert [finding.level for finding in found] == ([level] if level else [])
    for finding in found:
        assert finding.limit == f"{check}_{level}"
        assert "{" not in finding.sentence


def test_more_alerts_than_the_policy_allows_stop_whatever_the_limits():
    compared = Compared(published(100, 11), "m", (), (0.0, 0.0), (), None, allowed=10)
    (stop,) = findings(compared, LIMITS)
    assert (stop.level, stop.limit) == (STOP, "")
    assert "11 firms are on alert; the policy allows 10." in stop.sentence
    assert findings(replace(compared, allowed=11), LIMITS) == ()


def test_a_policy_lets_a_share_of_the_firms_on_alert_or_so_many_per_departement():
    places = pd.Series(["75"] * 7 + ["13"] * 2 + [None])
    assert most_on_alert(AlertPolicy(moderate_share=0.3), places) == 3
    assert most_on_alert(AlertPolicy(firms_per_departement=4), places) == 4 + 2 + 1


def test_a_rare_value_that_a_small_period_lacks_is_no_constant():
    rare = np.zeros((6000, 1), np.float32)
    rare[:60] = 1
    learnt = reference(rare, pd.Series(pd.to_datetime(["2020-02-01"] * 6000)), INPUTS[3:4], np.array([0.5]))
    drifts = drift(learnt, np.zeros((300, 1), np.float32), 2, INPUTS[3:4])
    compared = Compared(published(300, 40), "m", drifts, (0.0, 0.0), (), None)
    assert findings(compared, LIMITS) == ()
    assert findings(compared, replace(LIMITS, min_expected_firms=2))[0].level == STOP


def test_one_drifted_feature_warns_and_many_stop(learnt):
    x = firms_of(300, 1)
    x[:, 3] += 3
    assert {(f.level, f.subject) for f in findings(run(learnt, x), LIMITS)} == {(WARNING, "paydex")}
    x[:, 2] += 3
    assert ("features", STOP) in {(f.subject, f.level) for f in findings(run(learnt, x), LIMITS)}


@pytest.mark.parametrize(("firms", "stops"), [(0, False), (5, False), (6, True)])
def test_more_undecided_firms_than_the_limit_stop_the_list(learnt, firms, stops):
    compared = replace(run(learnt, firms_of(300, 1)), undecided=(firms, 100))
    found = [(f.level, f.subject, f.limit) for f in findings(compared, LIMITS)]
    assert found == ([(STOP, "bodacc", "undecided_share_stop")] if stops else [])
    if stops:
        assert "6 firms (6% of those with a procedure)" in findings(compared, LIMITS)[0].sentence


@pytest.mark.parametrize("is_list", [True, False])
def test_half_of_the_firms_gone_stops(learnt, is_list):
    before = published(700, 40, date(2024, 1, 1))
    firms = (before.period, frozenset(before.firms["siren"]))
    compared = run(learnt, firms_of(300, 1), earlier=[before] if is_list else (), previous=None if is_list else firms)
    (stop,) = findings(compared, LIMITS)
    assert (stop.level, stop.subject, stop.limit) == (STOP, "firms", "gone_stop")
    assert stop.sentence == "firms: 57% of the 700 firms of 2024-01 are no longer in scope."


@pytest.mark.parametrize(
    ("now", "before", "level"),
    [(90, 30, STOP), (30, 90, STOP), (60, 30, WARNING), (40, 30, None), (12, 2, None), (25, 0, STOP)],
)
def test_alerts_tripled_or_down_to_a_third_stop(learnt, now, before, level):
    last = published(300, before, date(2024, 1, 1))
    found = findings(run(learnt, firms_of(300, 1), now, [last]), LIMITS)
    assert next((finding.level for finding in found if finding.subject == "alerts"), None) == level


def test_a_first_list_has_nothing_to_be_compared_with(learnt):
    assert findings(run(learnt, firms_of(300, 1), alerts=300), LIMITS) == ()


def test_a_model_without_reference_is_said_and_stops_nothing(learnt):
    (found,) = findings(replace(run(learnt, firms_of(300, 1)), drifts=None, score=None), LIMITS)
    assert (found.level, found.subject) == (WARNING, "model")


def test_volumes_are_beside_the_last_list_and_the_mean_of_the_lists():
    lists = [published(100, alerts, date(2023, month, 1)) for month, alerts in ((11, 10), (12, 20))]
    row = volumes(published(100, 30), lists, "departement").loc["59"]
    assert row[["firms", "alerts", "high", "last_alerts", "usual_alerts"]].tolist() == [100, 30, 30, 20, 15]


def test_limits_at_0_are_refused():
    with pytest.raises(ValueError, match="psi_stop"):
        Limits(psi_stop=0)


def test_five_firms_by_hand():
    # Fails in month 1; leaves after 2; fails in 3; two are observed for 4.
    months, failed = np.array([1, 2, 3, 4, 4]), np.array([True, False, True, False, False])
    found = incidence(months, failed, 5)
    # Survival 4/5, 4/5, 4/5 x 2/3, the same, unknown.
    assert found.share[:4] == pytest.approx([1 / 5, 1 / 5, 7 / 15, 7 / 15])
    assert np.isnan(found.share[4])
    # Greenwood at month 3: 1/(5 x 4) + 1/(3 x 2).
    spread = 1.959964 * math.sqrt(1 / 20 + 1 / 6) / abs(math.log(8 / 15))
    assert found.low[2] == pytest.approx(1 - (8 / 15) ** math.exp(-spread), abs=1e-6)
    assert found.high[2] == pytest.approx(1 - (8 / 15) ** math.exp(spread), abs=1e-6)


@pytest.mark.parametrize(("failed", "share"), [(False, 0), (True, 1)])
def test_where_none_or_all_failed_the_interval_is_still_one(failed, share):
    found = incidence(np.ones(10, int), np.full(10, failed), 1)
    assert found.share[0] == share
    assert found.high[0] - found.low[0] == pytest.approx(1 - 0.025 ** (1 / 10))


OPENINGS = pd.DataFrame(
    {
        "siren": ["A", "B", "C", "D", "E"],
        "opened_on": pd.to_datetime(["2023-02-01", "2023-02-02", "2023-01-01", "2024-06-01", "2019-05-01"]),
    }
)


def test_months_are_counted_as_the_label_counts_them():
    firms = pd.DataFrame({"siren": list("ABCDE"), "state": ["in_bonis"] * 5})
    found = followed(firms, OPENINGS, date(2023, 1, 1), date(2023, 5, 1)).set_index("siren")
    # C had failed on the day of the period already; D fails after what is observed; E failed long ago.
    assert found["months"].to_dict() == {"A": 1, "B": 2, "D": 4, "E": 4}
    assert found["failed"].to_dict() == {"A": True, "B": True, "D": False, "E": False}


def test_a_firm_in_a_procedure_is_not_followed():
    firms = pd.DataFrame({"siren": ["A", "B"], "state": ["liquidation", "in_bonis"]})
    assert list(followed(firms, OPENINGS, date(2023, 1, 1), date(2023, 5, 1))["siren"]) == ["B"]


def past_list(failures, shape, count=100, probability=0.2):
    siren = [f"{n:03}" for n in range(count)]
    firms = pd.DataFrame({"siren": siren, "alert": "high", "probability": probability, "state": "in_bonis"})
    openings = pd.DataFrame({"siren": siren[:failures], "opened_on": pd.Timestamp("2023-03-15")})
    return PastList(date(2023, 1, 1), "m", firms, shape), openings


def test_a_young_list_is_projected_by_how_early_failures_come():
    shape = [n / 18 for n in range(1, 19)]
    past, openings = past_list(5, {"high": shape})
    (high, every) = realised(past, openings, date(2023, 7, 1), 18)
    # 5 % after 6 of 18 months, a third of the failures: 15 % in all; 100 x 0.2 / 3 were expected by now.
    assert (high.months, high.failures) == (6, 5)
    assert high.precision == pytest.approx(0.15)
    assert high.expected == pytest.approx(100 * 0.2 / 3)
    assert high.ratio == pytest.approx(0.15 / 0.2)
    assert high.low < 0.15 < high.high
    assert (every.level, every.failures, every.precision) == (ALL, 5, None)


def test_a_list_whose_months_are_over_needs_no_shape():
    past, openings = past_list(5, None)
    high = realised(past, openings, date(2025, 1, 1), 18)[0]
    assert (high.months, high.precision) == (18, pytest.approx(0.05))
    assert realised(past, openings, date(2023, 1, 1), 18) == ()


def test_lists_of_different_ages_are_put_together():
    old, openings = past_list(10, None)
    young = replace(old, period=date(2023, 6, 1), firms=old.firms.tail(50))
    curve = together([old, young], openings, date(2023, 8, 1), 18)["high"]
    assert curve[1] == 0
    assert curve[2] == pytest.approx(0.1)
    assert curve[6] == pytest.approx(0.1)
    assert curve[7] is None


def test_the_shape_is_the_share_of_failures_that_had_come_by_each_month():
    rows = pd.DataFrame({"siren": list("ABFG"), "period": pd.Timestamp("2023-01-01")})
    found = shapes(rows, np.array(["high", "high", "none", "none"]), OPENINGS, date(2024, 12, 1), 18)
    assert found["high"][:3] == [0.5, 1.0, 1.0]
    assert "none" not in found


def test_verdicts_are_counted_by_alert_level():
    past, _ = past_list(0, None)
    verdicts = pd.DataFrame({"siren": ["001", "002", "999"], "list": "2023-01", "is_useful": [True, False, True]})
    (found,) = useful(verdicts, [past])
    assert (found.level, found.verdicts, found.useful) == ("high", 2, 1)
    # Wilson's interval of 1 of 2.
    assert (found.low, found.high) == (pytest.approx(0.0945, abs=1e-4), pytest.approx(0.9055, abs=1e-4))
    assert useful(verdicts.head(0), [past]) == ()


def test_helped_firms_are_told_apart_by_the_first_list_on_which_they_were_on_alert():
    """Of six firms on alert: helped and well, helped too late, helped before, never, helped and failed, not a month old."""
    january = pd.DataFrame({"siren": list("123459"), "alert": [*["high"] * 5, "none"]})
    march = pd.DataFrame({"siren": list("179"), "alert": ["moderate", "moderate", "high"]})
    lists = [PastList(date(2023, 3, 1), "m", march, None), PastList(date(2023, 1, 1), "m", january, None)]
    lists.append(PastList(date(2023, 7, 1), "m", march.assign(siren=["a", "b", "c"]), None))
    helps = pd.DataFrame({"siren": list("1235"), "helped_on": ["2023-02-01", "2023-06-01", "2022-12-01", "2023-02-01"]})
    openings = pd.DataFrame({"siren": list("25"), "opened_on": [date(2023, 5, 10)] * 2})
    found = apart(lists, helps, openings, date(2023, 7, 1), 18)
    told = [(one.level, one.is_helped, one.firms, one.failures) for one in found]
    assert told == [("high", True, 2, 1), ("high", False, 4, 1), ("moderate", False, 1, 0)]
    assert apart(lists[2:], helps, openings, date(2023, 7, 1), 18) == ()
    none = helps.head(0)
    assert [one.is_helped for one in apart(lists, none, openings, date(2023, 7, 1), 18)] == [False, False]


def test_help_after_the_horizon_is_none_that_counts():
    lists = [PastList(date(2023, 1, 1), "m", pd.DataFrame({"siren": ["1"], "alert": ["high"]}), None)]
    openings = pd.DataFrame({"siren": pd.Series(dtype="str"), "opened_on": pd.Series(dtype="datetime64[s]")})
    for day, is_helped in (("2023-01-01", True), ("2023-07-02", False)):
        helps = pd.DataFrame({"siren": ["1"], "helped_on": [day]})
        (one,) = apart(lists, helps, openings, date(2024, 1, 1), 6)
        assert one.is_helped is is_helped
