"""The simulated economy as arrays, before any file: the firms, their distress, their procedures, their headcount."""

import zlib
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from simulation.cells import Flags, Floats
from simulation.judgements import Judgements, judgements
from simulation.lives import Calendar, Lives, autoregressive, lives, sign
from simulation.population import Firms, population

# Change of the logarithm of the headcount per month: gained by a healthy firm, lost per unit of distress seen.
GROWTH: Final = 0.0012
DECLINE: Final = 0.009
HEADCOUNT_LAG: Final = 6
SEASON: Final = {"A": 0.12, "I": 0.10, "R": 0.08}
NOISE: Final = 0.025
STARTING_SHARE: Final = 0.35
GROWING_MONTHS: Final = 30
# More than any file has of one kind for a firm, on average.
NUMBERS_PER_FIRM: Final = 80


@dataclass(frozen=True)
class World:
    """An economy, or those of its firms that come after its first `first` ones.

    headcount: (firms, months), 0 where the firm employs nobody (not yet, or no longer).
    """

    calendar: Calendar
    firms: Firms
    lives: Lives
    judgements: Judgements
    headcount: Floats
    seed: int
    first: int = 0

    def generator(self, name: str) -> np.random.Generator:
        """A separate random generator per file, so that what one file draws changes nothing in another."""
        return _generator(self.origin, name)

    @property
    def origin(self) -> tuple[int, ...]:
        """What its draws begin from: no other part of the economy has the same."""
        return (self.seed, self.first) if self.first else (self.seed,)

    @property
    def numbers(self) -> int:
        """What its notices, plans and requests are numbered from: no other part of the economy uses these numbers."""
        return self.first * NUMBERS_PER_FIRM

    @property
    def is_employing(self) -> Flags:
        """(firms, months): whether the firm has employees."""
        return self.headcount > 0


def world(firms: int, end: date, seed: int, first: int = 0, divisions: Floats | None = None) -> World:
    """The economy of `firms` firms up to the month before `end`; equal arguments give equal worlds.

    first, divisions: of firms that come after so many others of the same economy, whose `Lives.divisions` they share.
    """

    origin = (seed, first) if first else (seed,)

    def rng(name: str) -> np.random.Generator:
        return _generator(origin, name)

    calendar = Calendar.until(np.datetime64(end, "M"))
    common = _generator((seed,), "population")
    people = population(rng("population"), firms, calendar.first, calendar.end, common, first)
    fates = lives(rng("lives"), people, calendar, divisions)
    decisions = judgements(rng("judgements"), fates, calendar)
    staff = _headcount(rng("headcount"), people, fates, decisions, calendar)
    return World(calendar, people, fates, decisions, staff, seed, first)


def _generator(origin: tuple[int, ...], name: str) -> np.random.Generator:
    return np.random.default_rng([*origin, zlib.crc32(name.encode())])


def _headcount(
    rng: np.random.Generator, firms: Firms, lives: Lives, decisions: Judgements, calendar: Calendar
) -> Floats:
    months = np.arange(calendar.months, dtype=np.float32)[None, :]
    seen = sign(rng, lives.distress, HEADCOUNT_LAG, 3, 0.25, 0.3)
    path = np.cumsum(GROWTH - DECLINE * np.maximum(seen - 0.6, 0), axis=1, dtype=np.float32)
    path += np.float32(NOISE) * autoregressive(rng, seen.shape, 0.9)
    peak = rng.integers(5, 9, firms.count)[:, None]
    season = np.array([SEASON.get(section, 0.0) for section in firms.section.tolist()], np.float32)[:, None]
    calendar_month = (calendar.first + np.arange(calendar.months)).astype(np.int64) % 12
    path += season * np.cos((calendar_month[None, :] - peak) * np.float32(np.pi / 6)).astype(np.float32)
    age = months - calendar.index(firms.created_on)[:, None]
    young = STARTING_SHARE + (1 - STARTING_SHARE) * np.minimum(age / GROWING_MONTHS, 1)
    staff = np.round(firms.size[:, None] * np.exp(path) * young).clip(1, None)
    stop = np.minimum(calendar.index(decisions.liquidated_on) + 1, calendar.index(lives.closed_on))[:, None]
    return np.where((age >= 1) & (months <= stop), staff, 0).astype(np.float32)
