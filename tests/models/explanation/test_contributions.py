"""Contributions add up to the margin, or are refused."""

import numpy as np
import pytest

from models.explanation.contributions import NotAdditiveError, explain, margins


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
