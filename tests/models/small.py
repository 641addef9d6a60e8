"""A model of four columns on 4,000 made-up rows, small enough to train in a test."""

import numpy as np
import pandas as pd

from models.estimators.boosted_trees import BoostedTrees
from models.rows.inputs import Input

INPUTS = (
    Input("debt", "social_debt", "EUR", 1, "debt"),
    Input("liquidity", "financial_health", "%", -1, "liquidity"),
    Input("noise", "profile", "EUR", 0, "noise"),
    Input("section", "profile", "category", 0, "section", ("A", "B", "C")),
)


def drawn_sample():
    """Rows x INPUTS, a tenth of the cells unknown, and labels: debt raises the risk, liquidity lowers it."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 4)).astype(np.float32)
    x[:, 3] = rng.integers(0, 3, 4000)
    x[rng.random(x.shape) < 0.1] = np.nan
    odds = np.nan_to_num(x[:, 0]) - np.nan_to_num(x[:, 1]) + 0.5 * (x[:, 3] == 1) - 2
    return x, (rng.random(4000) < 1 / (1 + np.exp(-odds))).astype(np.int8)


def grown(sample, seed):
    """The booster of that seed."""
    return BoostedTrees(INPUTS, n_estimators=60, min_child_samples=50, reg_lambda=5, seed=seed).fit(*sample).booster_


def rows_of(x):
    """The matrix as rows of a feature table."""
    rows = pd.DataFrame(x, columns=[column.name for column in INPUTS])
    return rows.assign(section=rows["section"].map({0: "A", 1: "B", 2: "C"}))
