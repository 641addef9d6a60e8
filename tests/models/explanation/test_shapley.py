"""What each group adds to a risk, as the mean over all orders in which the groups may come."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from models.calibration.shapes import Isotonic
from models.explanation.shapley import owen_values, shapley_values

STEEP = Isotonic((-3.0, 0.0, 0.5, 3.0), (0.01, 0.1, 0.6, 0.7))


def over_all_orders(base, contributions, probability):
    """The definition, word for word."""
    orders = list(permutations(range(len(contributions))))
    values = np.zeros(len(contributions))
    for order in orders:
        margin = base
        for group in order:
            before, margin = margin, margin + contributions[group]
            values[group] += float(probability(np.array([margin]))[0] - probability(np.array([before]))[0])
    return values / len(orders)


def test_two_groups_by_hand():
    """From 50 %: a alone gives 73.1 %, b alone 26.9 %, both 50 %: half of (23.1 + 23.1) points each, up and down."""
    (values,) = shapley_values(0.0, np.array([[1.0, -1.0]]), expit)
    assert values == pytest.approx([expit(1.0) - 0.5, 0.5 - expit(1.0)])


@pytest.mark.parametrize("probability", [expit, STEEP.probability], ids=["smooth", "steep"])
def test_the_values_are_the_mean_over_all_orders(probability):
    firms = np.array([[2.0, -1.0, 0.3, 0.0], [-0.5, 4.0, -3.0, 0.1]])
    values = shapley_values(np.array([-2.0, -1.0]), firms, probability)
    for base, firm, found in zip((-2.0, -1.0), firms, values, strict=True):
        assert found == pytest.approx(over_all_orders(base, firm, probability), abs=1e-12)


@given(st.lists(st.floats(-8, 8), min_size=0, max_size=7), st.floats(-6, 2))
def test_the_values_add_up_to_the_risk_and_have_the_sign_of_the_contributions(contributions, base):
    (values,) = shapley_values(base, np.reshape(contributions, (1, -1)), STEEP.probability)
    start, end = STEEP.probability(np.array([base, base + sum(contributions)]))
    assert start + values.sum() == pytest.approx(end, abs=1e-9)
    assert all(value * contribution >= -1e-15 for value, contribution in zip(values, contributions, strict=True))


def test_no_firm_has_no_values():
    assert shapley_values(0.0, np.zeros((0, 3)), expit).shape == (0, 3)


def test_a_part_that_raises_the_risk_never_shows_as_lowering_it_even_where_a_group_cancels_out():
    whole, (mixed, other) = owen_values(0.0, [np.array([2.0, -2.0, 0.0]), np.array([1.0])], STEEP.probability)
    assert whole[0] == pytest.approx(0.0, abs=1e-15)
    assert mixed[0] == pytest.approx(-mixed[1])
    assert mixed[0] > 0.1
    assert mixed[2] == 0
    assert other[0] == pytest.approx(whole[1])


def test_parts_of_one_group_alone_are_its_two_sides_in_either_order():
    """Up by 2, down by 1 from 0: (p(2) - p(0) + p(1) - p(-1)) / 2 up, the rest down."""
    _, ((up, small, down),) = owen_values(0.0, [np.array([1.5, 0.5, -1.0])], expit)
    raised = (expit(2.0) - 0.5 + expit(1.0) - expit(-1.0)) / 2
    assert (up, small) == pytest.approx((0.75 * raised, 0.25 * raised))
    assert up + small + down == pytest.approx(expit(1.0) - 0.5)
