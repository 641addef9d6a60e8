"""Scores of a period, and the calibration that they are made with."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.errors import InputError
from features.insolvency import IN_BONIS
from models.scoring.scoring import calibration_at, refuse_other_dictionary, score
from tests.models.small import rows_of
from tests.records import build_record


def test_a_feature_table_of_another_dictionary_is_refused_with_the_differences_named(model):
    same = build_record(dictionary={**model.facts.data.dictionary, "new": "1"})
    refuse_other_dictionary(model, same)
    other = build_record(horizon=12, dictionary={"debt": "2", "noise": "1", "section": "1"})
    with pytest.raises(InputError, match=r"no longer there: liquidity.*definition: debt.*12 months, not 18"):
        refuse_other_dictionary(model, other)


def states(failed):
    """100 firms in bonis in January 2023, of which `failed` are in liquidation a year later."""
    rows = [(f"{n:09d}", "2023-01-01", IN_BONIS) for n in range(100)]
    rows += [(f"{n:09d}", "2024-01-01", "liquidation" if n < failed else IN_BONIS) for n in range(100)]
    table = pd.DataFrame(rows, columns=["siren", "period", "procedure_state"])
    return table.assign(period=pd.to_datetime(table["period"]))


def test_probabilities_move_to_the_failure_rate_known_at_the_period_once_it_has_drifted(model):
    # 4 in 100 a year is 6 in 100 in 18 months: not clearly another rate than 5 %; 30 in 100 are.
    assert calibration_at(model, states(4), date(2024, 1, 1)) == model.calibration
    moved = calibration_at(model, states(30), date(2024, 1, 1))
    rate = 1 - 0.7**1.5
    assert moved.offset == pytest.approx(np.log(rate / (1 - rate)) - np.log(0.05 / 0.95))
    assert calibration_at(model, states(0), date(2024, 1, 1)) == model.calibration


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
