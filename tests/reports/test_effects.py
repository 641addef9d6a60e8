"""From contributions in log-odds to points of risk."""

import numpy as np
import pytest
from scipy.special import expit

from reports.effects import Effect, effects, merged, rounded_changes

GROUPS = {"debt": {"now": 1.5, "before": -0.4}, "staff": {"change": -0.3}, "accounts": {}}


def test_the_effects_are_the_largest_first_and_add_up_to_the_risk():
    found = effects(-3.0, GROUPS, expit)
    assert [effect.name for effect in found] == ["debt", "staff", "accounts"]
    assert expit(-3.0) + sum(effect.change for effect in found) == pytest.approx(expit(-2.2), abs=1e-15)
    assert found[1].change < 0


def test_the_parts_of_an_effect_add_up_to_it_and_keep_the_direction_of_their_contributions():
    debt, *_ = effects(-3.0, GROUPS, expit)
    assert [part.name for part in debt.parts] == ["now", "before"]
    assert debt.parts[0].change > debt.change > 0 > debt.parts[1].change
    assert sum(part.change for part in debt.parts) == pytest.approx(debt.change, abs=1e-15)


def test_several_effects_told_as_one_are_their_sum():
    assert merged([Effect("a", 0.25), Effect("b", -0.5)], "other") == Effect("other", -0.25)


def test_points_that_are_read_add_up_to_the_risk_that_is_read():
    changes = rounded_changes(0.0434, np.diff([0.0434, 0.1416, 0.3649, 0.6494]).tolist())
    assert changes == [9.9, 22.3, 28.4]
    assert round(4.3 + sum(changes), 1) == 64.9
