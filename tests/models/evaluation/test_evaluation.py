"""How good, how surely, for whom, and how long before."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from features.assemble import CATALOG
from models.alerts import DEFAULT_POLICY, AlertPolicy
from models.calibration.thresholds import alerts_by_period
from models.evaluation.groups import age_band
from models.evaluation.helped import helped_apart, lead_times_apart
from models.evaluation.lead_time import lead_times
from models.evaluation.metrics import evaluate
from models.evaluation.records import LIFT, AlertFigures, Difference, YearFigures
from models.evaluation.slices import by_group, by_horizon, by_year, summary, with_and_without_procedures
from models.evaluation.uncertainty import WeightedMetrics, bootstrap, paired_difference
from models.rows.outcomes import NO_HELP, fails_within, is_helped, is_over, lasted, next_opening


def levels(probability, high=0.5, moderate=0.2):
    return np.select([probability >= high, probability >= moderate], ["high", "moderate"], "none")


def scored(firms=300, months=1, seed=0, strength=1.5):
    """Probabilities, labels and rows; a firm's months are copies of each other."""
    rng = np.random.default_rng(seed)
    margins = rng.normal(-1.5, strength, firms)
    probability = 1 / (1 + np.exp(-margins))
    labels = (rng.random(firms) < probability).astype(np.int8)
    firm = np.array([f"{n:09d}" for n in range(firms)])
    rows = pd.DataFrame({"siren": np.repeat(firm, months), "period": np.tile(np.arange(months), firms)})
    return np.repeat(probability, months), np.repeat(labels, months), rows


def test_log_loss_is_what_a_reader_counts():
    probability = np.array([0.8, 0.5])
    metrics = evaluate(probability, np.array([1, 0], np.int8), levels(probability))
    assert metrics.log_loss == pytest.approx(-(np.log(0.8) + np.log(0.5)) / 2)


def test_unweighted_metrics_are_those_of_evaluate():
    probability, labels, rows = scored(617, months=2)
    probability = probability.round(2)  # with ties
    alerts = alerts_by_period(DEFAULT_POLICY, rows, probability)
    reference = evaluate(probability, labels, alerts)
    found = {name: one.value for name, one in bootstrap(probability, labels, rows, DEFAULT_POLICY, 2).items()}
    for name in ("auc", "average_precision", "brier", "log_loss"):
        assert found[name] == pytest.approx(getattr(reference, name))
    for level in ("high", "moderate", "top_1_percent"):
        for name in ("precision", "recall"):
            assert found[f"{level}_{name}"] == pytest.approx(getattr(reference.at(level), name))
    assert found["high_share"] == pytest.approx((alerts == "high").mean())
    assert found["moderate_share"] == pytest.approx((alerts != "none").mean())
    assert 0 < found["high_share"] < found["moderate_share"] <= 0.1


def test_the_lift_is_how_much_more_often_the_riskiest_twentieth_fail():
    # Of 40 firms 4 fail, one of them among the 2 riskiest: 1 / 2 over 4 / 40.
    probability, labels = np.linspace(0.9, 0.1, 40), np.isin(np.arange(40), (1, 2, 3, 4)).astype(np.int8)
    rows = pd.DataFrame({"siren": [f"{n}" for n in range(40)], "period": 0})
    assert bootstrap(probability, labels, rows, DEFAULT_POLICY, 20)[LIFT].value == pytest.approx(5)


def test_the_policy_is_applied_to_each_draw_of_firms():
    probability, labels, rows = scored(400, strength=2.5)
    found = bootstrap(probability, labels, rows, AlertPolicy(high_share=0.02, moderate_share=0.04), 50)
    # The share is bounded in every draw, where thresholds that stay would let it vary by half.
    assert 0.03 < found["moderate_share"].low <= found["moderate_share"].high <= 0.04


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(0, 1), st.integers(0, 3)), min_size=3))
def test_a_weight_counts_a_row_that_often(rows):
    probability, labels, weights = (np.array(column) for column in zip(*rows, strict=True))
    again = np.repeat(labels, weights)
    found = WeightedMetrics(probability, labels.astype(np.int8)).ranking(weights.astype(float))
    if len(np.unique(again)) < 2:
        assert np.isnan(found["auc"])
    else:
        assert found["auc"] == pytest.approx(roc_auc_score(again, np.repeat(probability, weights)))
        expected = average_precision_score(again, np.repeat(probability, weights))
        assert found["average_precision"] == pytest.approx(expected)


def test_the_interval_is_as_wide_as_samples_differ_and_holds_the_truth_about_as_often_as_it_says():
    truth = evaluate(*scored(200_000, seed=1)[:2], np.full(200_000, "none"))
    intervals = [bootstrap(*scored(400, seed=100 + seed), DEFAULT_POLICY, 150, seed) for seed in range(60)]
    for name in ("auc", "brier", "log_loss"):
        covered = [interval[name].low <= getattr(truth, name) <= interval[name].high for interval in intervals]
        assert np.mean(covered) >= 0.86
        widths = [interval[name].high - interval[name].low for interval in intervals]
        spread = np.std([interval[name].value for interval in intervals])
        assert np.mean(widths) == pytest.approx(2 * 1.96 * spread, rel=0.3)


def test_copies_of_a_firms_rows_tell_nothing_new():
    once, copied = scored(500, 1), scored(500, 9)
    rows_as_firms = copied[2].assign(siren=[f"{n}" for n in range(len(copied[1]))])
    widths = {}
    for name, sample in {
        "once": once,
        "clustered": copied,
        "naive": (*copied[:2], rows_as_firms),
    }.items():
        interval = bootstrap(*sample, DEFAULT_POLICY, 200)["auc"]
        widths[name] = interval.high - interval.low
    assert widths["clustered"] == pytest.approx(widths["once"], rel=0.05)
    assert widths["clustered"] > 2 * widths["naive"]


def test_the_same_seed_draws_the_same_firms():
    sample = scored(200)
    assert bootstrap(*sample, DEFAULT_POLICY, 20, 1) == bootstrap(*sample, DEFAULT_POLICY, 20, 1)
    assert bootstrap(*sample, DEFAULT_POLICY, 20, 1) != bootstrap(*sample, DEFAULT_POLICY, 20, 2)


def test_a_model_against_itself_differs_by_nothing_and_against_noise_by_much():
    probability, labels, rows = scored(500)
    same = paired_difference(probability, probability, labels, rows["siren"], 50)
    assert same["auc"] == Difference(0, 0, 0, 0)
    noise = np.random.default_rng(2).random(len(labels))
    worse = paired_difference(noise, probability, labels, rows["siren"], 100)
    assert worse["average_precision"].high < 0
    assert worse["average_precision"].share_worse == 1


def test_pairing_narrows_the_difference_between_models_alike():
    probability, labels, rows = scored(500)
    alike = np.clip(probability + np.random.default_rng(3).normal(0, 0.005, len(labels)), 0, 1)
    paired = paired_difference(alike, probability, labels, rows["siren"], 100)["auc"]
    alone = bootstrap(probability, labels, rows, DEFAULT_POLICY, 100)["auc"]
    assert paired.high - paired.low < (alone.high - alone.low) / 3


def periods(*months):
    return pd.to_datetime([f"{month}-01" for month in months])


def openings(*pairs):
    return pd.DataFrame([(siren, date.fromisoformat(day)) for siren, day in pairs], columns=["siren", "opened_on"])


OPENINGS = openings(("a", "2022-07-01"), ("a", "2021-01-15"), ("b", "2023-01-02"))


def test_an_opening_counts_after_the_period_up_to_the_horizons_last_day():
    rows = pd.DataFrame(
        {"siren": list("aabbc"), "period": periods("2022-07", "2022-01", "2022-07", "2022-08", "2022-01")}
    )
    # a: on the period itself is no longer ahead; six months later to the day is within. b: six months and a day is not.
    assert fails_within(rows, OPENINGS, 6).tolist() == [0, 1, 0, 1, 0]
    assert lasted(rows, OPENINGS, 18).tolist() == [18, 6, 7, 6, 18]
    assert lasted(rows, OPENINGS, 4).tolist() == [4, 4, 4, 4, 4]
    assert pd.isna(next_opening(rows, OPENINGS)).tolist() == [True, False, False, False, True]
    assert is_over(rows, 6, date(2023, 1, 31)).tolist() == [True, True, True, False, True]


def test_a_horizon_is_judged_on_the_rows_whose_end_was_seen():
    rows = pd.DataFrame({"siren": list("abc"), "period": periods("2022-01", "2022-07", "2022-01")})
    probability = np.array([0.6, 0.3, 0.1])
    at_6, at_12 = by_horizon(rows, probability, OPENINGS, date(2023, 1, 5), levels(probability), (6, 12))
    assert (at_6.horizon, at_6.rows, at_6.failures) == (6, 3, 1)
    assert at_6.high == AlertFigures(1, 1, 1)
    assert at_6.moderate == AlertFigures(2, 0.5, 1)
    assert (at_12.rows, at_12.failures, at_12.auc) == (2, 1, None)
    (none,) = by_horizon(rows, probability, OPENINGS, date(2022, 1, 1), levels(probability), (6,))
    assert none.observed_rate is None


def test_few_failures_give_no_ranking_rather_than_noise():
    probability, labels = np.linspace(0, 1, 40), np.repeat(np.array([0, 1], np.int8), [31, 9])
    assert summary(probability, labels, levels(probability)).auc is None
    assert summary(probability, 1 - labels, levels(probability)).auc is None
    enough = np.repeat(np.array([0, 1], np.int8), [30, 10])
    assert summary(probability, enough, levels(probability)).auc == pytest.approx(1)


def feature_rows(count):
    rows = pd.DataFrame({feature.name: np.ones(count) for feature in CATALOG})
    categories = {"naf_section": "C", "size_class": "10-19", "region": "11"}
    return rows.assign(**{name: pd.Series([value] * count, dtype="str") for name, value in categories.items()})


def test_groups_hold_the_rows_that_a_reader_puts_there():
    rows = feature_rows(4).assign(age=[1.0, 3.0, 10.0, np.nan])
    rows.loc[0, "naf_section"] = None
    rows.loc[[1, 2], [f.name for f in CATALOG if "payment_delays" in f.sources]] = np.nan
    rows.loc[3, "paydex"] = np.nan  # other payment delays are known
    probability = np.array([0.1, 0.3, 0.6, 0.9])
    groups = by_group(rows, probability, np.array([0, 0, 1, 1], np.int8), levels(probability))
    assert {record.group: record.rows for record in groups["naf_section"]} == {"C": 3, "unknown": 1}
    assert {record.group: record.failures for record in groups["age"]} == {
        "under 3": 0,
        "3-10": 0,
        "10+": 1,
        "unknown": 1,
    }
    (missing,) = groups["missing_source"]
    assert (missing.group, missing.rows, missing.observed_rate) == ("payment_delays", 2, 0.5)
    assert missing.mean_probability == pytest.approx(0.45)


def test_age_bands_begin_at_their_first_year():
    assert [age_band(age) for age in (0, 2.99, 3, 9.99, 10, 80)] == ["under 3"] * 2 + ["3-10"] * 2 + ["10+"] * 2
    assert {age_band(age) for age in (None, float("nan"), -0.1)} == {"unknown"}


def test_firms_already_in_a_procedure_flatter():
    in_procedure = [False, False, False, True, False]
    rows = pd.DataFrame({"period": 0, "label": [1, 0, 0, None, None], "in_procedure": in_procedure})
    policy = AlertPolicy(high_lift=1, moderate_lift=1, high_share=0.4, moderate_share=0.4)
    found = with_and_without_procedures(rows, np.array([0.3, 0.4, 0.1, 0.9, 0.8]), policy)
    assert (found.without_procedures.rows, found.without_procedures.auc) == (3, 0.5)
    assert (found.with_procedures.failures, found.with_procedures.auc) == (3, pytest.approx(5 / 6))
    # Of the three firms that can be on alert one is, from 0.4 on: two more are beyond.
    assert (found.without_procedures.high.false_positives, found.with_procedures.high.true_positives) == (1, 2)


def history(siren, first, probabilities):
    months = pd.date_range(f"{first}-01", periods=len(probabilities), freq="MS")
    return pd.DataFrame({"siren": siren, "period": months, "alert": levels(np.array(probabilities))})


def test_a_lead_time_runs_from_the_first_alert_to_the_opening():
    table = pd.concat(
        [
            history("a", "2022-01", [0.1, 0.3, 0.1, 0.6]),  # opens on 15 May 2022
            history("b", "2022-01", [0.1] * 6),  # never on alert, opens on 1 July 2022
            history("c", "2022-01", [0.9] * 6),  # opens after the span
            history("d", "2022-01", [0.9] * 6),  # does not fail
        ]
    )
    failed = openings(("a", "2022-05-15"), ("a", "2022-06-15"), ("b", "2022-07-01"), ("c", "2022-07-02"))
    found = lead_times(table, failed)
    assert (found.first_period, found.last_period, found.all_firms.firms) == (date(2022, 1, 1), date(2022, 6, 1), 2)
    high, moderate = found.all_firms.high, found.all_firms.moderate
    # From 1 April 2022, and from 1 February 2022, to 15 May 2022.
    assert (high.quartiles, moderate.quartiles) == ((1, 1, 1), (3, 3, 3))
    assert (high.never, high.never_share, high.on_alert_at_last) == (1, 0.5, 1)
    assert moderate.firms_by_months[3] == 1
    assert sum(moderate.firms_by_months) == 1
    assert found.fully_observed.firms == 0


def test_lead_times_have_intervals_over_the_firms_that_failed():
    firms = [history(f"{n}", "2022-01", [0.1] * (n % 6) + [0.9] + [0.1] * (5 - n % 6)) for n in range(24)]
    quiet = [history(f"q{n}", "2022-01", [0.1] * 6) for n in range(8)]
    failed = openings(*((f"{n}", "2022-06-20") for n in range(24)), *((f"q{n}", "2022-06-20") for n in range(8)))
    found = lead_times(pd.concat([*firms, *quiet]), failed).all_firms.high
    assert (found.never_share, found.quartiles[1]) == (0.25, 2.5)
    low, high = found.never_ends
    # A quarter of 32 firms: 1.96 standard errors are 0.15.
    assert (low, high) == (pytest.approx(0.1, abs=0.04), pytest.approx(0.4, abs=0.04))
    assert 1 <= found.median_ends[0] < 2.5 < found.median_ends[1] <= 4
    nobody = lead_times(quiet[0], openings(("q0", "2022-06-20"))).all_firms.high
    assert (nobody.never_ends, nobody.median_ends) == ((1, 1), None)


def test_an_alert_more_than_24_months_before_is_another_story():
    table = history("a", "2020-01", [0.9] * 2 + [0.1] * 24 + [0.9] * 4)
    found = lead_times(table, openings(("a", "2022-06-20"))).fully_observed
    assert (found.firms, found.high.quartiles[1]) == (1, 3)


def test_metrics_count_what_a_reader_counts():
    probability, y = np.array([0.9, 0.6, 0.4, 0.2]), np.array([1, 0, 1, 0], np.int8)
    metrics = evaluate(probability, y, levels(probability, 0.8, 0.3))
    assert metrics.auc == 0.75
    assert metrics.high.precision == 1
    assert metrics.high.recall == 0.5
    assert (metrics.moderate.true_positives, metrics.moderate.false_positives) == (2, 1)
    assert metrics.top_1_percent.recall == 0.5
    assert metrics.brier == pytest.approx((0.01 + 0.36 + 0.36 + 0.04) / 4)


def test_how_often_firms_fail_is_told_by_year_beside_the_openings_of_the_year():
    months = [date(2020, 11, 1), date(2020, 12, 1), date(2021, 1, 1)]
    counts = pd.DataFrame({"period": months, "rows": [100, 100, 80], "failures": [5, 7, 2]})
    opened = pd.to_datetime(["2020-12-24", "2021-06-01", "2021-07-01", "2023-01-01"])
    openings = pd.DataFrame({"siren": list("abcd"), "opened_on": opened})
    assert by_year(counts, openings) == (YearFigures(2020, 200, 12, 1), YearFigures(2021, 80, 2, 2))


def test_firms_that_were_helped_are_told_apart_with_intervals():
    """Twenty firms scored at one month, ten of them on alert; four of these were helped, and survive."""
    rows = pd.DataFrame({"siren": [f"{n:09d}" for n in range(20)], "period": pd.Timestamp("2020-01-01")})
    risk = np.where(np.arange(20) < 10, 0.9, 0.01)
    labels = np.isin(np.arange(20), [4, 5, 6, 7, 15]).astype(np.int8)
    helps = pd.DataFrame({"siren": rows["siren"][:4], "helped_on": pd.Timestamp("2020-03-10")})
    openings = pd.DataFrame({"siren": rows["siren"][labels == 1], "opened_on": pd.Timestamp("2020-06-15")})
    until = np.full(20, np.datetime64("2021-07-01", "s"))
    helped = is_helped(rows, helps, openings, until)
    assert list(np.flatnonzero(helped)) == [0, 1, 2, 3]
    policy = AlertPolicy(high_share=1, moderate_share=1, high_lift=1, moderate_lift=1)
    lists = [rows.assign(alert="high", period=pd.Timestamp(f"2020-{month:02d}-01")) for month in range(1, 7)]
    lead = lead_times_apart(pd.concat(lists, ignore_index=True), np.tile(helped, 6), openings)
    ours, others = helped_apart(rows, risk, labels, helped, policy, lead, seed=0)
    assert (ours.is_helped, ours.firms, ours.failures, ours.high.alerts) == (True, 4, 0, 4)
    assert (ours.high.precision.value, ours.high.recall, ours.high.lead_months) == (0.0, None, None)
    assert (others.firms, others.high.alerts, others.high.precision.value) == (16, 6, pytest.approx(4 / 6))
    assert others.high.precision.low < 4 / 6 < others.high.precision.high
    assert others.high.recall.value == pytest.approx(4 / 5)
    assert others.high.lead_months.value == 5


def test_help_after_the_procedure_or_after_the_horizon_is_no_help():
    rows = pd.DataFrame({"siren": ["1", "2", "3", "4"], "period": pd.Timestamp("2020-01-01")})
    days = ["2020-05-01", "2021-08-01", "2019-12-31", "2020-01-01"]
    helps = pd.DataFrame({"siren": rows["siren"], "helped_on": pd.to_datetime(days)})
    openings = pd.DataFrame({"siren": ["1"], "opened_on": [pd.Timestamp("2020-04-01")]})
    until = np.full(4, np.datetime64("2021-07-01", "s"))
    assert list(is_helped(rows, helps, openings, until)) == [False, False, False, True]
    assert not is_helped(rows, NO_HELP, openings, until).any()


def test_where_nobody_was_helped_nothing_is_told_apart():
    rows = pd.DataFrame({"siren": ["1", "2"], "period": pd.Timestamp("2020-01-01")})
    nobody, policy = np.zeros(2, bool), AlertPolicy()
    assert helped_apart(rows, np.array([0.5, 0.1]), np.array([1, 0], np.int8), nobody, policy, (None, None), 0) == ()
