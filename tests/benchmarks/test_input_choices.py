"""Choices of inputs as they are written on the command line, and what they are worth."""

import numpy as np
import pandas as pd

from benchmarks.input_choices import REFERENCE, as_markdown, chosen, measured
from models.estimators.boosted_trees import Sample
from models.rows.inputs import Input
from models.training.origins import Origin

INPUTS = (
    Input("debt", "social_debt", "EUR", 1, "debt"),
    Input("debt_lag_12m", "social_debt", "EUR", 1, "debt"),
    Input("noise", "profile", "EUR", 0, "noise"),
)


def sample(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(2000, 3)).astype(np.float32)
    return Sample(x, (rng.random(2000) < 1 / (1 + np.exp(1 - 2 * x[:, 0]))).astype(np.int8))


ORIGINS = [Origin(sample(0), sample(1), pd.Series([f"{n // 4:09d}" for n in range(2000)]))]


def test_inputs_are_left_out_or_freed_by_theme_and_name():
    left = chosen("without:^social_debt/.*_lag_", INPUTS, ORIGINS, 10)
    assert [column.name for column in left] == ["debt", "noise"]
    freed = chosen("free:_lag_", INPUTS, ORIGINS, 10)
    assert [column.direction for column in freed] == [1, 0, 0]
    assert [column.name for column in chosen("heaviest:1", INPUTS, ORIGINS, 10)] == ["debt"]


def test_what_tells_is_missed_and_noise_is_not():
    choices = {REFERENCE: INPUTS, "without:debt": INPUTS[2:], "without:noise": INPUTS[:2]}
    found = [measured(name, kept, INPUTS, ORIGINS, seeds=2, trees=100) for name, kept in choices.items()]
    assert found[1].precision[0] < found[0].precision[0] - 0.15
    assert abs(found[2].precision[0] - found[0].precision[0]) < 0.1
    assert [line.count("|") for line in as_markdown(found)] == [6] * 5
