"""Reasons that hold when the model is fitted again on other firms."""

import pandas as pd

from models.explanation.stability import bootstrap_firms, overlap, stability, top, unstable
from models.rows.inputs import Input


def test_a_firm_is_drawn_again_with_all_its_months():
    weights = bootstrap_firms(pd.Series(["a", "b", "a", "c"]), 3)
    assert weights[0] == weights[2]
    assert weights[0] + weights[1] + weights[3] == 3
    assert len({tuple(bootstrap_firms(pd.Series(["a", "b", "a", "c"]), seed)) for seed in range(9)}) > 1


def test_only_what_raises_the_risk_is_among_the_first_reasons():
    grouped = pd.DataFrame([[0.3, -0.2, 0.1, 0.0], [0.1, 0.2, 0.3, 0.4]], columns=list("abcd"))
    assert top(grouped).tolist() == [[True, False, True, False], [False, True, True, True]]
    assert overlap(top(grouped)[:1], top(grouped)[1:]).tolist() == [0.25]


def test_a_reason_that_most_refits_lack_is_unstable():
    inputs = [Input(name, "profile", "EUR", 0, name) for name in "abcd"]
    ours = pd.DataFrame([[0.4, 0.3, 0.2, 0.0]], columns=list("abcd"))
    other = pd.DataFrame([[0.4, 0.3, 0.0, 0.2]], columns=list("abcd"))
    assert unstable(ours, [ours, other, other], inputs) == [frozenset({"c"})]
    assert unstable(ours, [ours, ours, other], inputs) == [frozenset()]
    found = stability(ours, [ours, other], inputs)
    assert (found.features, found.themes, found.firms, found.refits) == (0.75, 1.0, 1, 2)
