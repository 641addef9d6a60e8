"""Whether the interval of a risk holds the true mean risk of firms scored alike, in later months of made-up economies.

`benchmarks/base_rate.py` does the same on a feature table, with the share that failed.
"""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from scipy.special import expit

from features.periods import add_months
from models.calibration.base_rate import LEVEL_MONTHS, base_rate
from models.calibration.fitting import fit_platt
from models.calibration.redrawing import interval_of
from models.calibration.shapes import shifted

HORIZON, WINDOW, GAP, FIRMS, ECONOMIES = 18, 6, 25, 1200, 12
STEP, STAYS = 0.15, 0.97
MONTHS = [add_months(date(2010, 1, 1), n) for n in range(LEVEL_MONTHS)]


def levels(rng):
    """The log-odds of failing in each month's horizon, which come back to their mean: one shock follows another."""
    found = np.zeros(3 * LEVEL_MONTHS + HORIZON)
    for n in range(1, len(found)):
        found[n] = STAYS * found[n - 1] + rng.normal(0, STEP)
    return np.convolve(found, np.ones(HORIZON) / HORIZON, "valid")[LEVEL_MONTHS:]


def held(seed):
    """For each of ten groups in each of 12 later months: whether its true mean risk is held, and without the drift."""
    rng = np.random.default_rng(seed)
    level = levels(rng)
    margins, luck = rng.normal(-3, 1.2, FIRMS), rng.random(FIRMS)
    failed = np.array([luck < expit(0.8 * margins - 0.3 + level[n]) for n in range(LEVEL_MONTHS)])
    counts = pd.DataFrame({"period": MONTHS, "rows": FIRMS, "failures": failed.sum(axis=1)})
    rate = base_rate(counts, MONTHS[-WINDOW:], HORIZON)
    rows = pd.DataFrame(
        {
            "siren": np.tile([f"{n:09d}" for n in range(FIRMS)], WINDOW),
            "period": np.repeat(pd.to_datetime(MONTHS[-WINDOW:]), FIRMS),
            "label": failed[-WINDOW:].ravel().astype(np.int8),
        }
    )
    known = np.tile(margins, WINDOW)
    calibration = shifted(fit_platt(known, rows["label"].to_numpy()), rate.offset)
    interval = interval_of(calibration, known, rows, rate.drift, seed)
    risk = calibration.probability(margins)
    groups = np.array_split(np.argsort(risk), 10)
    truths = [expit(0.8 * margins - 0.3 + level[n]) for n in range(LEVEL_MONTHS + GAP, LEVEL_MONTHS + GAP + 12)]
    found = []
    for low, high in (told.ends(margins, risk) for told in (interval, replace(interval, drift=0.0))):
        found.append([low[g].mean() <= truth[g].mean() <= high[g].mean() for truth in truths for g in groups])
    return found


def test_the_interval_holds_the_true_mean_risk_in_later_months_and_would_not_without_the_drift_of_the_failure_rate():
    with_drift, without = np.mean([held(seed) for seed in range(ECONOMIES)], axis=(0, 2))
    assert 0.85 <= with_drift <= 0.99
    assert without < with_drift - 0.2
