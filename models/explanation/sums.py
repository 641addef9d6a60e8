"""Contributions summed over what belongs together: with the base, each sum is still the margin."""

from collections.abc import Sequence

import pandas as pd

from models.rows.inputs import Input


def by_theme(contributions: pd.DataFrame, inputs: Sequence[Input]) -> pd.DataFrame:
    """Contributions summed over each theme: with the base they are the margin."""
    return _summed(contributions, inputs, [column.theme for column in inputs])


def by_root(contributions: pd.DataFrame, inputs: Sequence[Input]) -> pd.DataFrame:
    """Contributions summed over what derives from one feature: with the base they are the margin."""
    return _summed(contributions, inputs, [column.root for column in inputs])


def _summed(contributions: pd.DataFrame, inputs: Sequence[Input], groups: Sequence[str]) -> pd.DataFrame:
    return contributions[[column.name for column in inputs]].T.groupby(list(groups), sort=False).sum().T
