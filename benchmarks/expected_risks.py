"""The risks of simulated firms, as the simulator knows them: by each firm's future, and by its present state only."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.rows.inputs import Probabilities
from simulation.lives import (
    DIVISION_PERSISTENCE,
    DIVISION_SD,
    JUMP_MEAN,
    JUMPS,
    LAG,
    PERSISTENCE,
    SMOOTHING,
    SUDDEN_HAZARD,
    creeping,
    delayed,
    hazards,
    pace,
    smoothed,
    troubles,
)
from simulation.world import World

FUTURES: Final = 200
Values = NDArray[np.float32]


def realised_risks(economy: World, rows: pd.DataFrame, horizon: int) -> Probabilities:
    """The probability that a first procedure opens in the `horizon` months from each row's (siren, period) on.

    It knows what distress each firm will be in. NaN where the firm has had a procedure before. 0 where it has closed.
    Raises IndexError beyond the last month.
    """
    failing, closing = hazards(economy.lives.distress, economy.firms, economy.calendar)
    firm, start = _places(economy, rows)
    risk, is_left = np.zeros(len(rows)), np.ones(len(rows))
    for month in range(horizon):
        now = failing[firm, start + month]
        risk += is_left * now
        is_left *= (1 - now) * (1 - closing[firm, start + month])
    return _in_business(economy, rows, risk)


def expected_risks(
    economy: World, rows: pd.DataFrame, horizon: int, futures: int = FUTURES, seed: int = 0
) -> Probabilities:
    """The same, as far as it is decided: the mean over many futures from the state that each firm is in at its period.

    It knows the distress of each month before the period, which no record tells either, and not what comes.
    """
    risk, (firm, start) = np.zeros(len(rows)), _places(economy, rows)
    rng = np.random.default_rng(seed)
    for month in np.unique(start):
        own = start == month
        risk[own] = _expected(economy, firm[own], int(month), horizon, futures, rng)
    return _in_business(economy, rows, risk)


def _expected(
    economy: World, firm: NDArray[np.int64], start: int, horizon: int, futures: int, rng: np.random.Generator
) -> Probabilities:
    parts = troubles(economy.generator("lives"), economy.firms, economy.calendar)
    known = smoothed(delayed(economy.lives.distress, LAG), SMOOTHING)
    failing, closing = hazards(economy.lives.distress, economy.firms, economy.calendar)
    at_pace, shape = pace(economy.calendar), (len(firm), futures)
    own, division = (np.repeat(part[firm, start - 1][:, None], futures, axis=1) for part in (parts.own, parts.division))
    level = np.repeat(known[firm, start + LAG - 1][:, None], futures, axis=1)
    risk, is_left = np.zeros(shape), np.ones(shape)
    for month in range(start, start + horizon):
        at = known[firm, month][:, None]
        if month >= start + LAG:
            # What shows in the courts now was the firm's distress LAG months before.
            own, division = _next(own, division, rng)
            fixed = (parts.fragility[firm, 0] + (parts.youth + parts.shock)[firm, month - LAG])[:, None]
            level += (own + division + fixed - level) / SMOOTHING
            at = level
        # Firms too young to fail have no hazard.
        now = (creeping(at, at_pace[month]) + SUDDEN_HAZARD) * (failing[firm, month] > 0)[:, None]
        risk += is_left * now
        is_left *= (1 - now) * (1 - closing[firm, month][:, None])
    return np.asarray(risk.mean(axis=1), np.float64)


def _next(own: Values, division: Values, rng: np.random.Generator) -> tuple[Values, Values]:
    """The month that follows: a firm's own trouble with its losses, and that of its division, both fading."""
    chance = rng.standard_normal((2, *own.shape), dtype=np.float32)
    losses = rng.exponential(JUMP_MEAN, own.shape) * (rng.random(own.shape) < JUMPS)
    of_division = DIVISION_SD * np.sqrt(1 - DIVISION_PERSISTENCE**2) * chance[1]
    own = PERSISTENCE * own + np.sqrt(1 - PERSISTENCE**2) * chance[0] + losses
    return own.astype(np.float32), (DIVISION_PERSISTENCE * division + of_division).astype(np.float32)


def _places(economy: World, rows: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    firm = pd.Index(economy.firms.siren.to_pylist()).get_indexer(pd.Index(rows["siren"]))
    return firm, economy.calendar.index(rows["period"].to_numpy("datetime64[D]")).astype(np.int64)


def _in_business(economy: World, rows: pd.DataFrame, risk: Probabilities) -> Probabilities:
    firm, day = _places(economy, rows)[0], rows["period"].to_numpy("datetime64[D]")
    failed_on, closed_on = economy.lives.failed_on[firm], economy.lives.closed_on[firm]
    return np.where(failed_on <= day, np.nan, np.where(closed_on <= day, 0, risk))
