"""Which training rows are used, and their weights, which keep the mean probability right."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.protocol import Sampling
from models.rows.split import SURVIVING, firm_shares


def sampled_periods(periods: Sequence[date], every_months: int) -> tuple[date, ...]:
    """One period in `every_months`, in order; always the last one, whose economy is nearest to today's."""
    return tuple(periods[::-1][::every_months][::-1])


def kept_rows(siren: pd.Series, label: pd.Series, negative_share: float) -> NDArray[np.bool_]:
    """Which labelled rows are used: all that precede a failure, and the others of a share of the firms."""
    return np.asarray(label == 1) | (firm_shares(siren, SURVIVING) < negative_share)


def sample_weights(label: pd.Series, negative_share: float) -> NDArray[np.float32]:
    """The weight of each row kept: 1 for a failure; a negative stands for itself and for those left out."""
    return np.where(label.to_numpy() == 1, 1.0, 1.0 / negative_share).astype(np.float32)


def sampled(rows: pd.DataFrame, sampling: Sampling) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """The rows to train on, of rows with siren, period and label, and their weights."""
    periods = sampled_periods(sorted(rows["period"].unique()), sampling.every_months)
    kept = rows["period"].isin(periods) & kept_rows(rows["siren"], rows["label"], sampling.negative_share)
    fewer = rows[kept]
    return fewer, sample_weights(fewer["label"], sampling.negative_share)
