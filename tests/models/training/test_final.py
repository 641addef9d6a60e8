"""The trees in use: the level that their margins are moved to."""

import numpy as np
import pytest

from models.calibration.shapes import Isotonic, Platt
from models.training.final import agreement

MARGINS = np.random.default_rng(0).normal(-2, 1, 500)


@pytest.mark.parametrize("calibration", [Platt(0.8, -0.5), Isotonic((-4.0, -2.0, 1.0), (0.01, 0.05, 0.6))])
def test_moved_margins_have_the_mean_risk_of_those_of_reference(calibration):
    sharper = 1.3 * MARGINS + 0.4
    offset = agreement(calibration, MARGINS, sharper)
    ours, theirs = (calibration.probability(margins).mean() for margins in (sharper + offset, MARGINS))
    assert ours == pytest.approx(theirs, rel=1e-6)


def test_a_constant_between_two_margins_is_taken_back():
    assert agreement(Platt(1.0, 0.0), MARGINS, MARGINS + 1.5) == pytest.approx(-1.5, abs=1e-6)
