"""Whether a challenger may take the champion's place, on rows whose better model is known."""

from dataclasses import replace
from datetime import date

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from models.calibration.fitting import fit_platt
from models.calibration.shapes import Platt
from models.explanation.contributions import margins
from models.registry.promotion import checks
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Input
from tests.records import model_facts, risk_model

INPUTS = (Input("debt", "social_debt", "EUR", 1, "debt"), Input("paydex", "payment_behaviour", "days", 1, "paydex"))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    count = 3000
    debt = rng.normal(size=count).astype(np.float32)
    label = (rng.random(count) < 1 / (1 + np.exp(3 - 1.5 * debt))).astype(np.int8)
    return pd.DataFrame(
        {
            "siren": [f"{n // 2:09d}" for n in range(count)],
            "period": date(2022, 7, 1),
            "debt": debt,
            "paydex": rng.normal(size=count).astype(np.float32),
            "label": label,
        }
    )


def model(rows, inputs=INPUTS, month="2024-01", trees=20, leaves=4):
    """Learnt from, and calibrated on, these rows: what is tested are the checks, not the model."""
    x, y = matrix(rows, inputs), labels_of(rows)
    booster = lgb.train(
        {"num_leaves": leaves, "verbosity": -1, "seed": 0, "objective": "binary"}, lgb.Dataset(x, y), trees
    )
    booster = lgb.Booster(model_str=booster.model_to_string())
    facts = model_facts(as_of=date.fromisoformat(f"{month}-01"))
    calibration = fit_platt(margins(booster, x), y)
    return risk_model(text=booster.model_to_string(), inputs=inputs, calibration=calibration, facts=facts)


@pytest.fixture(scope="module")
def learnt(rows):
    return model(rows)


def sentence(found, name):
    return next(check.sentence for check in found if check.name == name)


def passed(found):
    return {check.name: check.is_passed for check in found}


def test_a_first_model_needs_nobody_to_be_better_than(rows, learnt):
    assert passed(checks(learnt, None, rows, 0)) == {"calibration": True, "data": True, "explanation": True}


def test_a_challenger_that_ranks_clearly_worse_stays_one(rows, learnt):
    blind = model(rows.assign(debt=np.float32(0)))
    found = checks(blind, model(rows, month="2023-01"), rows.assign(debt=rows["debt"]), 0)
    assert not passed(found)["ranking"]
    assert "2023-01" in next(check.sentence for check in found if check.name == "ranking")
    assert passed(checks(learnt, blind, rows, 0))["ranking"]


def test_models_are_compared_by_the_trees_that_were_evaluated(rows, learnt):
    """Those in use may have learnt from these very rows: they would always be found better."""
    blind = model(rows.assign(debt=np.float32(0)))
    boasting = replace(blind, text=learnt.text, tested=blind.text)
    assert not passed(checks(boasting, learnt, rows, 0))["ranking"]
    assert passed(checks(learnt, boasting, rows, 0))["ranking"]


def test_a_challenger_that_is_the_champion_itself_is_not_worse(rows, learnt):
    found = checks(learnt, learnt, rows, 0)
    assert [check.name for check in found] == ["ranking", "calibration", "data", "explanation"]
    assert all(check.is_passed for check in found)
    assert "+0.000 (+0.000 to +0.000)" in sentence(found, "ranking")


def test_the_same_seed_gives_the_same_interval_and_another_another(rows, learnt):
    other = model(rows.assign(debt=rows["debt"].round()))
    first, again, second = (sentence(checks(learnt, other, rows, seed), "ranking") for seed in (0, 0, 1))
    assert first == again
    assert first != second


@pytest.mark.parametrize(
    ("factor", "is_right"), [(1 / 2.1, False), (1 / 1.9, True), (1.0, True), (1.9, True), (2.1, False)]
)
def test_the_mean_probability_may_be_off_the_observed_rate_by_a_factor_of_two(rows, learnt, factor, is_right):
    observed = rows["label"].mean()
    same_for_all = Platt(0.0, float(logit(factor * observed)))
    found = checks(replace(learnt, calibration=same_for_all), None, rows, 0)
    assert passed(found)["calibration"] == is_right
    assert f"{factor * observed:.1%}" in sentence(found, "calibration")
    assert f"{observed:.1%}" in sentence(found, "calibration")


def test_a_source_that_no_tree_reads_may_be_gone(rows):
    never_read = model(rows.assign(paydex=np.float32(1)))
    found = checks(never_read, None, rows.assign(paydex=np.float32(np.nan)), 0)
    assert passed(found)["data"]
    assert "paydex" not in sentence(found, "data")


def test_a_source_that_one_firm_still_has_is_not_gone(rows, learnt):
    partly = rows.assign(debt=np.where(np.arange(len(rows)) == 7, rows["debt"], np.float32(np.nan)))
    assert passed(checks(learnt, None, partly, 0))["data"]


def test_one_split_is_enough_to_be_read_and_all_that_is_gone_is_named(rows):
    gone = rows.assign(debt=np.float32(np.nan), paydex=np.float32(np.nan))
    for trees, told in ((1, ("debt",)), (20, ("debt", "paydex"))):
        found = checks(model(rows, trees=trees, leaves=2 if trees == 1 else 4), None, gone, 0)
        assert not passed(found)["data"]
        assert [name for name in ("debt", "paydex") if name in sentence(found, "data")] == list(told)


@pytest.mark.parametrize(("count", "told"), [(3000, "1,000"), (400, "400")])
def test_contributions_are_added_up_on_a_thousand_rows_at_most(rows, learnt, count, told):
    found = checks(learnt, None, rows.head(count), 0)
    assert f"on {told} rows" in sentence(found, "explanation")


def test_probabilities_of_another_order_than_what_happened_are_refused(rows, learnt):
    promised_too_much = replace(learnt, calibration=Platt(1.0, 2.0))
    assert not passed(checks(promised_too_much, None, rows, 0))["calibration"]


def test_a_source_that_the_trees_read_and_nobody_knows_any_more_is_named(rows, learnt):
    found = checks(learnt, None, rows.assign(debt=np.float32(np.nan)), 0)
    (data,) = (check for check in found if check.name == "data")
    assert not data.is_passed
    assert "debt" in data.sentence


def test_contributions_that_do_not_add_up_are_refused(rows, learnt, monkeypatch):
    monkeypatch.setattr("models.explanation.contributions.TOLERANCE", -1.0)
    found = checks(learnt, None, rows, 0)
    assert not passed(found)["explanation"]
    assert "None" not in sentence(found, "explanation")
