"""Contributions summed by theme or by root feature: with the base value, the sums still add up to the margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from models.rows.inputs import Input

if TYPE_CHECKING:
    import pandas as pd


def by_theme(contributions: pd.DataFrame, inputs: Sequence[Input]) -> pd.DataFrame:
    """Contributions summed by theme: firms x themes, in log-odds."""
    return _summed(contributions, inputs, [column.theme for column in inputs])


def by_root(contributions: pd.DataFrame, inputs: Sequence[Input]) -> pd.DataFrame:
    """Contributions of a feature and of what derives from it (lags, means, changes), summed: firms x root features."""
    return _summed(contributions, inputs, [column.root for column in inputs])


def _summed(contributions: pd.DataFrame, inputs: Sequence[Input], groups: Sequence[str]) -> pd.DataFrame:
    return contributions[[column.name for column in inputs]].T.groupby(list(groups), sort=False).sum().T
