"""Scores of a period, and the calibration that they are made with."""

from datetime import date

import pytest

from features.errors import InputError
from models.scoring.scoring import refuse_other_dictionary, score
from tests.models.small import rows_of
from tests.records import build_record


def test_a_feature_table_of_another_dictionary_is_refused_with_the_differences_named(model):
    same = build_record(dictionary={**model.facts.data.dictionary, "new": "1"})
    refuse_other_dictionary(model, same)
    other = build_record(horizon=12, dictionary={"debt": "2", "noise": "1", "section": "1"})
    with pytest.raises(InputError, match=r"no longer there: liquidity.*definition: debt.*12 months, not 18"):
        refuse_other_dictionary(model, other)


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
