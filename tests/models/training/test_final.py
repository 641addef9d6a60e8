"""The trees in use: labels at shorter horizons, how many trees, and the level that their margins are moved to."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from models.calibration.shapes import Isotonic, Platt
from models.training.final import agreement, at_horizon, shorter

MARGINS = np.random.default_rng(0).normal(-2, 1, 500)


def test_shorter_horizons_are_a_third_and_two_thirds_in_whole_months():
    assert [shorter(months) for months in (18, 12, 2, 1)] == [(6, 12), (4, 8), (1,), ()]


def test_a_label_at_a_shorter_horizon_is_whether_a_procedure_opens_in_it():
    """A firm in a procedure that nobody knew of yet has no label: what is predicted has already happened."""
    rows = pd.DataFrame({"siren": ["1", "2", "3", "4"], "period": pd.Timestamp("2023-03-01"), "label": pd.NA})
    days = {"1": "2023-09-01", "2": "2023-09-02", "3": "2023-02-20", "4": "2022-10-01"}
    openings = pd.DataFrame({"siren": list(days), "opened_on": pd.to_datetime(list(days.values()))})
    found = at_horizon(openings, 6)(rows)
    assert dict(zip(found["siren"], found["label"], strict=True)) == {"1": 1, "2": 0, "4": 0}


def test_labels_at_a_shorter_horizon_are_those_of_the_table_where_it_is_its_own():
    months = pd.date_range(date(2022, 1, 1), date(2023, 1, 1), freq="MS")
    rows = pd.DataFrame({"siren": "1", "period": months})
    openings = pd.DataFrame({"siren": ["1"], "opened_on": [pd.Timestamp("2022-09-15")]})
    found = at_horizon(openings, 3)(rows)
    assert found.loc[found["label"] == 1, "period"].dt.month.tolist() == [7, 8, 9]
    # Until it is surely known, the months after the opening have no label.
    assert found["period"].dt.strftime("%y-%m").tolist()[-2:] == ["22-09", "23-01"]


@pytest.mark.parametrize("calibration", [Platt(0.8, -0.5), Isotonic((-4.0, -2.0, 1.0), (0.01, 0.05, 0.6))])
def test_moved_margins_have_the_mean_risk_of_those_of_reference(calibration):
    sharper = 1.3 * MARGINS + 0.4
    offset = agreement(calibration, MARGINS, sharper)
    ours, theirs = (calibration.probability(margins).mean() for margins in (sharper + offset, MARGINS))
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_a_constant_between_two_margins_is_taken_back():
    assert agreement(Platt(1.0, 0.0), MARGINS, MARGINS + 1.5) == pytest.approx(-1.5, abs=1e-6)
