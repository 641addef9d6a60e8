"""What would take a firm off the list, and why its risk moved, by a model small enough to follow."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG
from features.catalog import CATEGORY
from models.alerts import Thresholds
from models.calibration.shapes import Platt
from models.explanation.contributions import booster_of, explain, margins
from models.explanation.sums import by_root
from models.rows.dataset import matrix
from models.rows.inputs import Input
from models.scoring.counterfactuals import ACTIONS, counterfactuals
from models.scoring.movement import movement
from models.scoring.records import REVISION, decisive
from tests.records import risk_model

INPUTS = tuple(
    Input(f.name, f.theme, f.unit, f.direction, f.root) for f in CATALOG if not f.is_category and f.unit != CATEGORY
)
PLATT = Platt(1.0, 0.0)


def rows(**columns):
    """One firm per value; a column that is not given is 0."""
    count = len(next(iter(columns.values())))
    table = pd.DataFrame(0.0, index=range(count), columns=[column.name for column in INPUTS])
    return table.assign(siren=[f"{n:09d}" for n in range(count)], **columns)


@pytest.fixture(scope="module")
def model():
    """Risk rises with the social debt, and with the delay in paying suppliers, by the same steps."""
    rng = np.random.default_rng(0)
    table = rows(debt=rng.uniform(0, 100, 4000), paydex=rng.uniform(0, 100, 4000))
    y = (rng.random(4000) < 1 / (1 + np.exp(6 - 0.05 * (table["debt"] + table["paydex"])))).astype(int)
    parameters = {"objective": "binary", "num_leaves": 8, "learning_rate": 0.2, "verbosity": -1, "seed": 0}
    parameters["monotone_constraints"] = [column.direction for column in INPUTS]
    text = lgb.train(parameters, lgb.Dataset(matrix(table, INPUTS), y), 40).model_to_string()
    return risk_model(text=text, inputs=INPUTS, calibration=PLATT)


def risk(model, table):
    return PLATT.probability(margins(booster_of(model.text), matrix(table, INPUTS)))


def test_paying_a_part_of_the_debt_is_enough_where_the_model_says_so(model):
    firm = rows(debt=[80.0], paydex=[20.0])
    assert risk(model, firm)[0] > 0.2
    (found,) = counterfactuals(model, firm, Thresholds(0.5, 0.2))["000000000"][:1]
    assert found.actions == ("pay_debt",)
    before, after = found.changes["debt"]
    assert (before, 0 < after < 80) == (80.0, True)
    # The promise is the model's own, and a little less would not do.
    assert risk(model, rows(debt=[after], paydex=[20.0]))[0] == pytest.approx(found.probability)
    assert found.probability < 0.2 <= risk(model, rows(debt=[80 - (80 - after) * 0.9], paydex=[20.0]))[0]


def test_actions_are_put_together_only_where_none_is_enough_by_itself(model):
    firm = rows(debt=[99.0], paydex=[99.0])
    (found,) = counterfactuals(model, firm, Thresholds(0.5, 0.05))["000000000"]
    assert found.actions == ("pay_debt", "pay_suppliers")
    assert found.changes["debt"] == (99.0, 0.0)
    assert found.probability < 0.05


def test_a_firm_that_nothing_helps_is_told_so(model):
    found = counterfactuals(model, rows(debt=[90.0], paydex=[90.0]), Thresholds(0.5, 0.0))
    assert found == {"000000000": []}


def test_a_debt_paid_today_leaves_the_months_before_as_they_were():
    pay = ACTIONS[0].carry_out
    columns = ["debt", "debt_employee", "debt_in_months", "debt_employee_in_months", "debt_per_employee"]
    columns += ["debt_employee_share", "months_in_debt_12m", "months_since_debt", "debt_in_months_rank_in_division"]
    columns += ["debt_in_months_lag_1m", "debt_change_3m", "debt_in_months_mean_12m"]
    now = {name: np.array([12.0]) for name in columns}
    paid = pay(now, np.array([1.0]))
    assert (paid["debt"][0], paid["debt_change_3m"][0], paid["debt_in_months_mean_12m"][0]) == (0.0, 0.0, 11.0)
    assert paid["months_in_debt_12m"][0] == 11
    assert paid["months_since_debt"][0] == 1
    assert "debt_in_months_lag_1m" not in paid


def test_a_movement_is_the_exact_sum_of_what_each_feature_did_and_of_the_revision(model):
    then, now = rows(debt=[10.0, 50.0], paydex=[20.0, 20.0]), rows(debt=[60.0, 50.0], paydex=[20.0, 70.0])
    published = pd.DataFrame(
        {"siren": then["siren"], "margin": margins(booster_of(model.text), matrix(then, INPUTS)) - 0.25}
    )
    moved = movement(model, now, then, published.assign(model_id="another"))
    assert np.allclose(moved.parts.sum(axis=1), moved.total, atol=1e-9)
    assert np.allclose(moved.parts[REVISION], 0.25)
    assert moved.parts["debt"].iloc[0] > 0.5 > abs(moved.parts["debt"].iloc[1])
    assert moved.parts["paydex"].iloc[1] > 0.5
    assert moved.is_new_model.all()


def test_a_firm_that_one_of_the_lists_lacks_has_no_movement(model):
    both = rows(debt=[10.0, 50.0])
    published = pd.DataFrame({"siren": ["000000001"], "margin": [0.0], "model_id": ["m"]})
    assert list(movement(model, both, both, published).parts.index) == ["000000001"]


def test_what_moved_a_risk_most_is_told_in_its_own_direction_until_it_covers_most_of_it():
    parts = pd.Series({"a": 0.5, "b": 0.3, "c": 0.1, "d": 0.06, "e": -0.1})
    assert list(decisive(parts).index) == ["a", "b"]
    assert list(decisive(-parts).index) == ["a", "b"]
    assert list(decisive(pd.Series({"a": 0.2, "b": 0.2, "c": 0.2, "d": 0.2})).index) == ["a", "b", "c"]


def test_contributions_by_root_add_up_to_the_margin(model):
    table = rows(debt=[10.0, 90.0], paydex=[5.0, 50.0])
    explained = explain(booster_of(model.text), matrix(table, INPUTS))
    grouped = by_root(pd.DataFrame(explained.contributions, columns=[c.name for c in INPUTS]), INPUTS)
    assert np.allclose(grouped.sum(axis=1) + explained.base, explained.margin)
