"""The latent process: how firms get into distress, and which of them fail. Arrays only, one row per firm.

Distress `d[i, t]` of firm i in month t, in standard deviations, is the sum of
- a constant fragility of the firm, N(0, FRAGILITY_SD), and the fragility of its youth (YOUTH at its creation, falling
  exponentially over YOUTH_MONTHS);
- the firm's own trouble, an AR(1) process around 0 with PERSISTENCE (half-life about 27 months) and stationary variance
  1, so that most firms in distress recover; rare JUMPS add a loss (a lost client, a fire) of mean JUMP_MEAN;
- the trouble of its NAF division, an AR(1) process with DIVISION_PERSISTENCE and stationary deviation DIVISION_SD;
- from March 2020 on, a shock that depends on its NAF section (SHOCK_EXPOSURE), multiplied by SHOCK_FADING every month.

The hazard of a first opening in month t is

    HAZARD * exp(SLOPE * s[i, t]) * frozen[t] + SUDDEN_HAZARD

where s is the distress LAG months earlier, smoothed over SMOOTHING months, because a firm resists for months before it
goes to court. SUDDEN_HAZARD covers failures without any sign (fraud, the owner's death, the sudden loss of a client),
about one failure in eight. `frozen[t]` is FROZEN from 2020-03 to 2021-06 (courts and creditors waited), CAUGHT_UP from
2022-04 to 2024-06, and 1 otherwise.

Whatever partners measure is a `sign` of the same distress, with its own lag, smoothing and noise; for a share of firms
it shows nothing. The lags give the order in which trouble shows: supplier payments (1 month), short-time work (2),
accounts (3), employer contributions (4), headcount (6), employee contributions (8), then payment plans and CCSF.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.cells import Days, Flags, Floats
from simulation.population import Firms

FRAGILITY_SD: Final = 0.55
YOUTH: Final = 0.5
YOUTH_MONTHS: Final = 36
PERSISTENCE: Final = 0.975
JUMPS: Final = 0.006
JUMP_MEAN: Final = 1.4
DIVISION_PERSISTENCE: Final = 0.97
DIVISION_SD: Final = 0.3
SHOCK_EXPOSURE: Final = {"I": 1.6, "R": 1.6, "N": 0.9, "H": 0.8, "S": 0.9, "F": 0.5, "C": 0.6, "G": 0.6}
SHOCK_FADING: Final = 0.93
HAZARD: Final = 0.00018
SLOPE: Final = 2.1
SMOOTHING: Final = 5
LAG: Final = 6
MOST_HAZARD: Final = 0.09
SUDDEN_HAZARD: Final = 0.0005
VOLUNTARY_HAZARD: Final = 0.0006
SHOCK_START: Final = np.datetime64("2020-03")
FREEZE_END: Final = np.datetime64("2021-07")
CATCHING_UP: Final = (np.datetime64("2022-04"), np.datetime64("2024-07"))
FROZEN: Final = 0.35
CAUGHT_UP: Final = 1.3
# Distress begins before the first month of the files, so that they contain older debts and failures, as in reality.
WARM_UP_MONTHS: Final = 24
HISTORY_MONTHS: Final = 120
# Share of the firms whose plan began before the first month.
EARLIER_SHARE: Final = 0.012
NEVER: Final = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Calendar:
    """The months simulated: `months` of them from `first` to the one before `end`."""

    first: np.datetime64
    months: int
    end: np.datetime64

    @classmethod
    def until(cls, end: np.datetime64) -> "Calendar":
        """The months of the warm-up and of the history, up to the month before `end`."""
        months = WARM_UP_MONTHS + HISTORY_MONTHS
        return cls(end - months, months, end)

    @property
    def dates(self) -> Days:
        """The first day of each month."""
        return (self.first + np.arange(self.months)).astype("datetime64[D]")

    @property
    def last_day(self) -> np.datetime64:
        """The first day of the delivery's month: nothing is dated after it."""
        return self.end.astype("datetime64[D]")

    def index(self, days: Days) -> Floats:
        """The place of each date's month: 0 is the first month, negative before it, infinite for NaT."""
        place = (days.astype("datetime64[M]") - self.first).astype(np.float32)
        return np.where(np.isnat(days), np.float32(np.inf), place)


@dataclass(frozen=True)
class Troubles:
    """(firms, months) each: the firm's own trouble with its losses, constants, and what its division and the shock add.

    divisions: (divisions, months), what `division` is taken from. The first and the division's go on with chance from
    month to month; the others are known for all months.
    """

    own: Floats
    fragility: Floats
    youth: Floats
    division: Floats
    shock: Floats
    divisions: Floats

    @property
    def distress(self) -> Floats:
        """Their sum."""
        return self.own + self.fragility + self.youth + self.division + self.shock


@dataclass(frozen=True)
class Lives:
    """The fate of each firm, in arrays.

    distress: (firms, months). failed_on: first opening; closed_on: voluntary closing; NaT where there is none.
    is_sudden: the failure came without a sign. is_earlier: the failure was before the first month.
    divisions: (divisions, months), the trouble of each division.
    """

    distress: Floats
    failed_on: Days
    is_sudden: Flags
    is_earlier: Flags
    closed_on: Days
    divisions: Floats


def lives(rng: np.random.Generator, firms: Firms, calendar: Calendar, divisions: Floats | None = None) -> Lives:
    """Distress, first failure and voluntary closing of each firm. divisions: see `troubles`."""
    trouble = troubles(rng, firms, calendar, divisions)
    distress = trouble.distress
    failing, closing = hazards(distress, firms, calendar)
    is_earlier = (_ages(firms, calendar)[:, 0] > 48) & (rng.random(firms.count) < EARLIER_SHARE)
    failed = _first(rng, failing * ~is_earlier[:, None])
    closed = _first(rng, closing)
    failed_first = failed <= closed
    month = np.minimum(failed, calendar.months - 1)
    at_failure = _creeping(distress, calendar)[np.arange(firms.count), month]
    failed_on = _days_in(rng, np.where(failed_first, failed, calendar.months), calendar)
    earlier_on = calendar.dates[0] - rng.integers(420, 3500, firms.count).astype("timedelta64[D]")
    earlier_on = np.maximum(earlier_on, firms.created_on + np.timedelta64(365, "D"))
    return Lives(
        distress=distress,
        failed_on=np.where(is_earlier, earlier_on, failed_on),
        is_sudden=rng.random(firms.count) * (at_failure + SUDDEN_HAZARD) < SUDDEN_HAZARD,
        is_earlier=is_earlier,
        closed_on=_days_in(rng, np.where(failed_first, calendar.months, closed), calendar),
        divisions=trouble.divisions,
    )


def hazards(distress: Floats, firms: Firms, calendar: Calendar) -> tuple[Floats, Floats]:
    """(firms, months), twice: the risk of a first opening, and of a voluntary closing, where neither came before."""
    age = _ages(firms, calendar)
    failing = (_creeping(distress, calendar) + np.float32(SUDDEN_HAZARD)) * (age > 3)
    return failing, np.full_like(failing, VOLUNTARY_HAZARD) * (age > 12)


def sign(
    rng: np.random.Generator, distress: Floats, lag: int, smoothing: int, mute_share: float, noise: float
) -> Floats:
    """(firms, months): the distress as one partner sees it: late, smoothed, noisy, not at all for some firms."""
    seen = smoothed(delayed(distress, lag), smoothing)
    weight = np.where(rng.random(len(seen)) < mute_share, 0, rng.uniform(0.7, 1.3, len(seen))).astype(np.float32)
    return seen * weight[:, None] + np.float32(noise) * autoregressive(rng, seen.shape, 0.8)


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], persistence: float) -> Floats:
    """(firms, months): AR(1) paths along the months, with standard deviation 1 from the first month on."""
    path = rng.standard_normal(shape, dtype=np.float32)
    path[:, 1:] *= np.float32(np.sqrt(1 - persistence**2))
    for t in range(1, shape[1]):
        path[:, t] += np.float32(persistence) * path[:, t - 1]
    return path


def smoothed(path: Floats, months: int) -> Floats:
    """The exponential moving mean of the path over about that many months."""
    mean = path.copy()
    for t in range(1, path.shape[1]):
        mean[:, t] = mean[:, t - 1] + (path[:, t] - mean[:, t - 1]) / months
    return mean


def delayed(path: Floats, months: int) -> Floats:
    """The path moved `months` later; the first value fills the gap."""
    return np.concatenate([np.repeat(path[:, :1], months, axis=1), path[:, : path.shape[1] - months]], axis=1)


def _ages(firms: Firms, calendar: Calendar) -> Floats:
    return np.arange(calendar.months, dtype=np.float32)[None, :] - calendar.index(firms.created_on)[:, None]


def troubles(rng: np.random.Generator, firms: Firms, calendar: Calendar, divisions: Floats | None = None) -> Troubles:
    """What the distress of each firm is the sum of. divisions: their trouble, drawn where None."""
    shape = (firms.count, calendar.months)
    own = autoregressive(rng, shape, PERSISTENCE)
    own += _losses(rng, shape)
    fragility = np.float32(FRAGILITY_SD) * rng.standard_normal((firms.count, 1), dtype=np.float32)
    if divisions is None:
        divisions = np.float32(DIVISION_SD) * autoregressive(rng, (100, calendar.months), DIVISION_PERSISTENCE)
    return Troubles(
        own=own,
        fragility=fragility,
        youth=np.float32(YOUTH) * np.exp(-np.maximum(_ages(firms, calendar), 0) / YOUTH_MONTHS),
        division=divisions[firms.division],
        shock=_exposure(firms)[:, None] * _shock(calendar)[None, :],
        divisions=divisions,
    )


def _losses(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Rare sudden losses, which fade like any other trouble."""
    loss = np.zeros(shape, np.float32)
    hit = rng.random(shape, dtype=np.float32) < JUMPS
    loss[hit] = rng.exponential(JUMP_MEAN, int(hit.sum()))
    for t in range(1, shape[1]):
        loss[:, t] += np.float32(PERSISTENCE) * loss[:, t - 1]
    return loss


def _exposure(firms: Firms) -> Floats:
    return np.array([SHOCK_EXPOSURE.get(section, 0.3) for section in firms.section.tolist()], np.float32)


def _shock(calendar: Calendar) -> Floats:
    since = (calendar.first + np.arange(calendar.months) - SHOCK_START).astype(np.int64)
    return np.where(since >= 0, SHOCK_FADING ** np.maximum(since, 0), 0).astype(np.float32)


def _creeping(distress: Floats, calendar: Calendar) -> Floats:
    return creeping(smoothed(delayed(distress, LAG), SMOOTHING), pace(calendar))


def creeping(level: Floats, at_pace: Floats) -> Floats:
    """The hazard of a failure with signs, by the distress late and smoothed, and the pace of the courts."""
    return (HAZARD * np.exp(np.float32(SLOPE) * level)).clip(0, MOST_HAZARD) * at_pace


def pace(calendar: Calendar) -> Floats:
    """Of each month, how many times as often as usual courts open procedures."""
    dates = calendar.first + np.arange(calendar.months)
    found = np.where((dates >= SHOCK_START) & (dates < FREEZE_END), FROZEN, 1.0)
    found = np.where((dates >= CATCHING_UP[0]) & (dates < CATCHING_UP[1]), CAUGHT_UP, found)
    return found.astype(np.float32)


def _first(rng: np.random.Generator, hazard: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The place of the first month in which the event happens; the number of months where it never does."""
    happens = rng.random(hazard.shape, dtype=np.float32) < hazard
    return np.where(happens.any(axis=1), happens.argmax(axis=1), hazard.shape[1])


def _days_in(rng: np.random.Generator, months: np.ndarray[tuple[int], np.dtype[np.int64]], calendar: Calendar) -> Days:
    """A random day in each of the months, NaT for a month after the last."""
    day = (calendar.first + months).astype("datetime64[D]") + rng.integers(0, 28, len(months)).astype("timedelta64[D]")
    return np.where(months < calendar.months, day, NEVER)
