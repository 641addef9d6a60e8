"""Scores and contributions that readers could not rely on are refused by column, before anything is written."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from models.alerts import Thresholds
from models.scoring.contract import check_scores
from models.scoring.records import Scores

MODEL = SimpleNamespace(inputs=[SimpleNamespace(name="debt"), SimpleNamespace(name="headcount")])
KEY = {"siren": ["005520135", "552100554"], "period": pd.Series(["2024-02-01"] * 2, dtype="datetime64[ms]")}
SCORES = pd.DataFrame(
    {
        **KEY,
        "margin": [-1.0, 0.5],
        "probability": [0.2, 0.6],
        "probability_3m": [0.02, 0.1],
        "probability_6m": np.nan,
        "probability_12m": [0.02, 0.6],
        "probability_low": [0.1, 0.5],
        "probability_high": [0.3, 0.6],
        "model_id": "m",
        "alert": ["none", "high"],
    }
)
CONTRIBUTIONS = pd.DataFrame({**KEY, "base": -2.0, "debt": [0.4, 2.0], "headcount": [0.6, 0.5]})


def checked(scores=SCORES, contributions=CONTRIBUTIONS):
    check_scores(Scores(scores, contributions, Thresholds(1, 1)), MODEL)


def test_sound_scores_pass():
    checked()


def test_scores_of_a_model_that_tells_neither_interval_nor_horizons_pass():
    unknown = [name for name in SCORES if name.startswith("probability_")]
    checked(SCORES.assign(**dict.fromkeys(unknown, np.nan)))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"siren": ["005520135"] * 2}, "siren: field_uniqueness"),
        ({"siren": ["5520135", "552100554"]}, "siren: str_matches"),
        ({"margin": [np.nan, 0.5]}, "margin: not_nullable"),
        ({"margin": [np.inf, 0.5]}, "margin: finite"),
        ({"probability": [0.2, 1.1]}, "probability: in_range"),
        ({"probability_high": [0.15, 0.6]}, "the interval holds the probability"),
        ({"probability_3m": [0.03, 0.1]}, "the risk rises with the horizon"),
        ({"probability_12m": [0.02, 0.61]}, "the risk rises with the horizon"),
        ({"alert": ["none", "severe"]}, "alert: isin"),
        ({"rank": 1}, "rank"),
    ],
)
def test_scores_that_are_not_sound_are_refused_by_column(changed, told):
    with pytest.raises(InputError, match=told):
        checked(SCORES.assign(**changed))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"debt": [0.4, 2.1]}, "they add up to the margin"),
        ({"debt": [np.nan, 2.0]}, "debt: not_nullable"),
        ({"siren": ["552100554", "005520135"]}, "the firms of the scores, in their order"),
    ],
)
def test_contributions_that_are_not_sound_are_refused_by_column(changed, told):
    with pytest.raises(InputError, match=told):
        checked(contributions=CONTRIBUTIONS.assign(**changed))
