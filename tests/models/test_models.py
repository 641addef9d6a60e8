"""Split, thresholds, calibration, contributions and registry on tables small enough to reason about."""

import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.folder import champion_id
from features.insolvency import IN_BONIS
from features.periods import add_months, period_range
from models.alerts import Thresholds
from models.calibration.fitting import fit_platt
from models.calibration.shapes import Platt, VennAbers
from models.calibration.thresholds import choose_thresholds
from models.estimators.boosted_trees import BoostedTrees
from models.evaluation.metrics import evaluate
from models.explanation.contributions import NotAdditiveError, booster_of, explain, margins
from models.registry import registry
from models.registry.model import RiskModel
from models.rows.inputs import Input
from models.rows.split import out_of_time
from models.scoring.scoring import calibration_at, refuse_other_dictionary, score
from models.training import training
from tests.records import build_record

INPUTS = (
    Input("debt", "social_debt", "EUR", 1, "debt"),
    Input("liquidity", "financial_health", "%", -1, "liquidity"),
    Input("noise", "profile", "EUR", 0, "noise"),
    Input("section", "profile", "category", 0, "section", ("A", "B", "C")),
)


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 4)).astype(np.float32)
    x[:, 3] = rng.integers(0, 3, 4000)
    x[rng.random(x.shape) < 0.1] = np.nan
    odds = np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 1]) + 0.5 * (x[:, 3] == 1) - 2
    return x, (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(np.int8)


def grown(sample, seed):
    return BoostedTrees(INPUTS, trees=60, rows_a_leaf=50, l2=5, seed=seed).fit(*sample).booster_


@pytest.fixture(scope="module")
def booster(sample):
    return grown(sample, 0)


@pytest.fixture
def model(booster):
    facts = {
        "as_of": "2024-02-01",
        "horizon": 18,
        "failure_rate": 0.05,
        "data": {"simulated": True, "dictionary": {column.name: "1" for column in INPUTS}},
    }
    text = booster.model_to_string()
    intervals = VennAbers((-2.0,), (0.01, 0.1), (-2.0,), (0.05, 0.3))
    return RiskModel(text, INPUTS, Platt(1.1, -0.2), intervals, Thresholds(0.3, 0.1), (text,), facts)


def test_no_training_label_tells_of_a_month_that_a_later_row_predicts_from():
    split = out_of_time(period_range(date(2014, 1, 1), date(2022, 7, 1)), 18, 6, 6)
    assert split.test == tuple(period_range(date(2022, 2, 1), date(2022, 7, 1)))
    assert split.validation == tuple(period_range(date(2021, 8, 1), date(2022, 1, 1)))
    assert add_months(split.train[-1], 18) == split.validation[0]


def test_too_short_a_history_is_one_clear_sentence():
    with pytest.raises(InputError, match="Build from an earlier --start"):
        out_of_time(period_range(date(2022, 1, 1), date(2023, 6, 1)), 18, 6, 6)


def test_contributions_add_up_to_the_margin(sample, booster):
    x = sample[0][:300]
    explained = explain(booster, x)
    assert np.allclose(explained.base + explained.contributions.sum(axis=1), margins(booster, x), atol=1e-9)


def test_contributions_that_do_not_add_up_are_refused(sample, booster):
    class Wrong:
        model_to_string = booster.model_to_string

        def predict(self, x, **kind):
            return booster.predict(x, **kind) + 1e-3

    with pytest.raises(NotAdditiveError):
        explain(Wrong(), sample[0][:5])


@pytest.mark.parametrize(("column", "direction"), [(0, 1), (1, -1)])
def test_more_debt_never_makes_safer_nor_more_liquidity_riskier(sample, booster, column, direction):
    x = np.repeat(sample[0][:200], 30, axis=0)
    x[:, column] = np.tile(np.linspace(-4, 4, 30), 200)
    steps = np.diff(margins(booster, x).reshape(200, 30), axis=1)
    assert (direction * steps >= -1e-12).all()
    assert (direction * steps > 1e-3).any()


def test_the_same_seed_gives_the_same_model(sample, booster):
    again = grown(sample, 0)
    assert again.model_to_string() == booster.model_to_string()
    assert grown(sample, 1).model_to_string() != booster.model_to_string()


def test_platt_makes_the_mean_probability_the_failure_rate(sample, booster):
    x, y = sample
    margin = 3 * margins(booster, x) + 2
    assert fit_platt(margin, y).probability(margin).mean() == pytest.approx(y.mean(), abs=1e-4)


def test_a_model_that_orders_firms_the_wrong_way_round_is_refused(sample, booster):
    with pytest.raises(InputError, match="learnt nothing"):
        fit_platt(-margins(booster, sample[0]), sample[1])


def test_thresholds_are_those_of_the_best_f_scores():
    probability, y = np.array([0.9, 0.8, 0.7, 0.6, 0.1]), np.array([1, 1, 0, 1, 0], np.int8)
    # At 0.8: precision 1, recall 2/3; at 0.6: precision 3/4, recall 1.
    assert choose_thresholds(probability, y) == Thresholds(high=0.8, moderate=0.6)


def test_alerts_begin_at_their_thresholds():
    assert list(Thresholds(0.5, 0.2).alerts(np.array([0.5, 0.49, 0.2, 0.19]))) == [
        "high",
        "moderate",
        "moderate",
        "none",
    ]


def test_metrics_count_what_a_reader_counts():
    probability, y = np.array([0.9, 0.6, 0.4, 0.2]), np.array([1, 0, 1, 0], np.int8)
    metrics = evaluate(probability, y, Thresholds(0.8, 0.3))
    assert metrics["auc"] == 0.75
    assert metrics["high"]["precision"] == 1
    assert metrics["high"]["recall"] == 0.5
    assert (metrics["moderate"]["true_positives"], metrics["moderate"]["false_positives"]) == (2, 1)
    assert metrics["top_1_percent"]["recall"] == 0.5
    assert metrics["brier"] == pytest.approx((0.01 + 0.36 + 0.36 + 0.04) / 4)


def test_a_registered_model_is_read_as_it_was_saved(model, sample, tmp_path):
    name = registry.save(tmp_path, model, {"lightgbm": {"auc": 0.8}}, "# card")
    registry.promote(tmp_path, name, "the first")
    again = registry.champion(tmp_path)
    assert again == model
    assert (margins(booster_of(again.text), sample[0]) == margins(booster_of(model.text), sample[0])).all()
    assert registry.metrics_of(tmp_path, name) == {"lightgbm": {"auc": 0.8}}


@pytest.mark.parametrize("file", ["model.txt", "model.json", "refit-0.txt"])
@pytest.mark.parametrize("damage", ["", "{", '{"a": 1}', None])
def test_a_damaged_model_is_refused_in_a_sentence(model, tmp_path, file, damage):
    name = registry.save(tmp_path, model, {}, "")
    path = tmp_path / name / file
    path.unlink() if damage is None else path.write_text(damage)
    with pytest.raises(InputError, match="weaksignals train"):
        registry.load(tmp_path, name)


def test_a_threshold_moved_by_hand_is_noticed(model, tmp_path):
    name = registry.save(tmp_path, model, {}, "")
    path = tmp_path / name / "model.json"
    content = json.loads(path.read_text())
    content["thresholds"]["high"] = 0.9
    path.write_text(json.dumps(content, indent=1, sort_keys=True))
    with pytest.raises(InputError, match="were changed"):
        registry.load(tmp_path, name)


def named(model, name):
    return replace(model, facts={**model.facts, "as_of": f"{name}-01"})


def test_every_model_put_in_use_is_kept_with_its_reason_and_can_be_gone_back_from(model, tmp_path):
    first, second, third = (registry.save(tmp_path, named(model, m), {}, "") for m in ("2024-01", "2024-02", "2024-03"))
    assert registry.registered(tmp_path) == [first, second, third]
    for name, why in ((first, "the first"), (second, "better"), (second, "again"), (third, "better still")):
        registry.promote(tmp_path, name, why)
    assert [(p.model_id, p.why) for p in registry.promotions(tmp_path)] == [
        (first, "the first"),
        (second, "better"),
        (third, "better still"),
    ]
    assert registry.roll_back(tmp_path, "too many alerts") == second
    assert champion_id(tmp_path) == second
    assert registry.promotions(tmp_path)[-1].why == f"back from {third}: too many alerts"
    assert registry.roll_back(tmp_path, "still") == first
    with pytest.raises(InputError, match="nothing to go back to"):
        registry.roll_back(tmp_path, "further")


def test_a_model_is_not_put_in_use_without_a_reason_nor_if_it_can_not_be_read(model, tmp_path):
    name = registry.save(tmp_path, model, {}, "")
    for model_id, why in ((name, " "), ("2024-02-unknown", "why not")):
        with pytest.raises(InputError):
            registry.promote(tmp_path, model_id, why)
    assert champion_id(tmp_path) is None


def test_a_feature_table_of_another_dictionary_is_refused_with_the_differences_named(model):
    same = build_record(dictionary={**model.facts["data"]["dictionary"], "new": "1"})
    refuse_other_dictionary(model, same)
    other = build_record(horizon=12, dictionary={"debt": "2", "noise": "1", "section": "1"})
    with pytest.raises(InputError, match=r"no longer there: liquidity.*definition: debt.*12 months, not 18"):
        refuse_other_dictionary(model, other)


def states(failed):
    """100 firms in bonis in January 2023, of which `failed` are in liquidation a year later."""
    rows = [(f"{n:09d}", "2023-01-01", IN_BONIS) for n in range(100)]
    rows += [(f"{n:09d}", "2024-01-01", "liquidation" if n < failed else IN_BONIS) for n in range(100)]
    table = pd.DataFrame(rows, columns=["siren", "period", "procedure_state"])
    return table.assign(period=pd.to_datetime(table["period"]))


def test_probabilities_move_to_the_failure_rate_known_at_the_period_once_it_has_drifted(model):
    # 4 in 100 a year is 6 in 100 in 18 months: not clearly another rate than 5 %; 30 in 100 are.
    assert calibration_at(model, states(4), date(2024, 1, 1)) == model.calibration
    moved = calibration_at(model, states(30), date(2024, 1, 1))
    rate = 1 - 0.7**1.5
    assert moved.offset == pytest.approx(np.log(rate / (1 - rate)) - np.log(0.05 / 0.95))
    assert calibration_at(model, states(0), date(2024, 1, 1)) == model.calibration


def rows_of(x):
    rows = pd.DataFrame(x, columns=[column.name for column in INPUTS])
    return rows.assign(section=rows["section"].map({0: "A", 1: "B", 2: "C"}))


def test_weights_are_shares_of_all_the_heaviest_first_from_a_sample_at_most(model, sample, monkeypatch):
    rows = rows_of(sample[0])
    every = training.weights_of(model, rows, 0)
    for shares in every.values():
        assert sum(shares.values()) == pytest.approx(1)
    assert next(iter(every["features"])) in ("debt", "liquidity")
    monkeypatch.setattr(training, "REFERENCE_ROWS", 100)
    some = training.weights_of(model, rows, 0)
    assert some == training.weights_of(model, rows, 0) != every
    assert some["features"]["debt"] == pytest.approx(every["features"]["debt"], abs=0.1)


def test_the_weights_of_a_model_without_splits_are_0(model, sample):
    stump = BoostedTrees(INPUTS, trees=5, rows_a_leaf=10_000, l2=5, seed=0).fit(*sample).booster_
    idle = replace(model, text=stump.model_to_string())
    weights = training.weights_of(idle, rows_of(sample[0]), 0)
    assert set(weights["themes"].values()) == set(weights["features"].values()) == {0.0}


def test_scores_hold_the_interval_of_each_probability(model, sample):
    x = sample[0][:50]
    rows = rows_of(x).assign(
        siren=[f"{n:09d}" for n in range(50)], period=date(2024, 1, 1), in_procedure=[True] + [False] * 49
    )
    found = score(model, rows).scores
    assert (found["probability_low"] <= found["probability"]).all()
    assert (found["probability"] <= found["probability_high"]).all()
    assert (found["probability_high"] - found["probability_low"]).max() > 0.03
    assert found["alert"][0] == "none"
