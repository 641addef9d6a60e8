"""Which training rows are learnt from, and what each counts for: the weights keep the mean probability right."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.hashing import HASHES, MULTIPLIER
from models.protocol import Sampling
from models.rows.split import firm_hashes


def sampled_periods(periods: Sequence[date], every_months: int) -> tuple[date, ...]:
    """One period in so many, in order; the last is always among them, since the economy is nearest to today's."""
    return tuple(periods[::-1][::every_months][::-1])


def firm_share(siren: pd.Series) -> NDArray[np.float64]:
    """A number in [0, 1) of each firm, spread evenly: from another hash than the one that limits the firms read."""
    mixed = firm_hashes(siren).astype(np.uint64)
    # A second round: firms that `features.hashing.firm_hash` puts below a limit must not all be below this one too.
    mixed = (mixed ^ (mixed >> np.uint64(15))) * np.uint64(MULTIPLIER) % np.uint64(HASHES)
    return mixed.astype(np.float64) / HASHES


def kept_rows(siren: pd.Series, label: pd.Series, negative_share: float) -> NDArray[np.bool_]:
    """Which labelled rows are learnt from: every failure, and all the other months of that share of firms."""
    return np.asarray(label == 1) | (firm_share(siren) < negative_share)


def weights_of(label: pd.Series, negative_share: float) -> NDArray[np.float32]:
    """What each kept row counts for: a kept negative for itself and for those left out."""
    return np.where(label.to_numpy() == 1, 1.0, 1.0 / negative_share).astype(np.float32)


def sampled(rows: pd.DataFrame, sampling: Sampling) -> tuple[pd.DataFrame, NDArray[np.float32]]:
    """The rows (siren, period, label) to learn from, and their weights."""
    periods = sampled_periods(sorted(rows["period"].unique()), sampling.every_months)
    kept = rows["period"].isin(periods) & kept_rows(rows["siren"], rows["label"], sampling.negative_share)
    fewer = rows[kept]
    return fewer, weights_of(fewer["label"], sampling.negative_share)
