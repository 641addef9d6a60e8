"""Whether a challenger may take the champion's place, on rows whose better model is known."""

from dataclasses import replace
from datetime import date

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

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


def model(rows, inputs=INPUTS, month="2024-01"):
    """Learnt from, and calibrated on, these rows: what is tested are the checks, not the model."""
    x, y = matrix(rows, inputs), labels_of(rows)
    booster = lgb.train({"num_leaves": 4, "verbosity": -1, "seed": 0, "objective": "binary"}, lgb.Dataset(x, y), 20)
    booster = lgb.Booster(model_str=booster.model_to_string())
    facts = model_facts(as_of=date.fromisoformat(f"{month}-01"))
    calibration = fit_platt(margins(booster, x), y)
    return risk_model(text=booster.model_to_string(), inputs=inputs, calibration=calibration, facts=facts)


def passed(found):
    return {check.name: check.is_passed for check in found}


def test_a_first_model_needs_nobody_to_be_better_than(rows):
    assert passed(checks(model(rows), None, rows, 0)) == {"calibration": True, "data": True, "explanation": True}


def test_a_challenger_that_ranks_clearly_worse_stays_one(rows):
    blind = model(rows.assign(debt=np.float32(0)))
    found = checks(blind, model(rows, month="2023-01"), rows.assign(debt=rows["debt"]), 0)
    assert not passed(found)["ranking"]
    assert "2023-01" in next(check.sentence for check in found if check.name == "ranking")
    assert passed(checks(model(rows), blind, rows, 0))["ranking"]


def test_probabilities_of_another_order_than_what_happened_are_refused(rows):
    promised_too_much = replace(model(rows), calibration=Platt(1.0, 2.0))
    assert not passed(checks(promised_too_much, None, rows, 0))["calibration"]


def test_a_source_that_the_trees_read_and_nobody_knows_any_more_is_named(rows):
    found = checks(model(rows), None, rows.assign(debt=np.float32(np.nan)), 0)
    (data,) = (check for check in found if check.name == "data")
    assert not data.is_passed
    assert "debt" in data.sentence


def test_contributions_that_do_not_add_up_are_refused(rows, monkeypatch):
    learnt = model(rows)
    monkeypatch.setattr("models.explanation.contributions.TOLERANCE", -1.0)
    assert not passed(checks(learnt, None, rows, 0))["explanation"]
