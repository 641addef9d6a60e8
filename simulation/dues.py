"""What firms owe to URSSAF, as arrays: contributions due, gaps (what is left unpaid), and when gaps are settled."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.cells import Floats, Ints
from simulation.lives import sign
from simulation.world import World

# Contributions per employee and month in euros, and the part of them that is withheld from wages.
CONTRIBUTION: Final = 1050
EMPLOYEE_PART: Final = 0.35
PAY_SPREAD: Final = 0.25
# Distress seen (after a lag in months) from which a share of the contributions is unpaid; how fast the share grows.
EMPLOYER_LAG, EMPLOYER_ONSET = 4, 2.0
EMPLOYEE_LAG, EMPLOYEE_ONSET = 8, 2.3
UNPAID_SLOPE: Final = 0.45
# Mistakes and disputes, which say nothing about distress. Chance per month.
SLIP_CHANCE: Final = 0.0035
SMALLEST_GAP: Final = 40
# Rate per month at which gaps are settled: by a firm without trouble, by a firm in deep trouble.
SETTLED_WELL, SETTLED_ILL = 0.35, 0.025
BIG: Final = 1e6


@dataclass(frozen=True)
class Dues:
    """Arrays of (firms, months): euros due for each month, euros left unpaid, place of the month of the settlement."""

    due: Floats
    employee_gap: Floats
    employer_gap: Floats
    settled: Ints

    @property
    def gap(self) -> Floats:
        """(firms, months): euros left unpaid of each month, employee and employer shares."""
        return self.employee_gap + self.employer_gap

    @property
    def debt(self) -> Floats:
        """(firms, months): euros owed at the end of each month."""
        count, months = self.due.shape
        change = np.zeros((count, months + 1), np.float64)
        change[:, :months] = self.gap
        firm, _ = np.nonzero(self.gap)
        np.add.at(change, (firm, self.settled[self.gap > 0]), -self.gap[self.gap > 0])
        return np.cumsum(change, axis=1)[:, :months].astype(np.float32)


def dues(world: World) -> Dues:
    """The dues of all firms. A firm in trouble leaves contributions unpaid, the employer's share first."""
    rng, distress = world.generator("dues"), world.lives.distress
    pay = rng.lognormal(0, PAY_SPREAD, (world.firms.count, 1))
    due = (CONTRIBUTION * pay * world.headcount * rng.normal(1, 0.03, distress.shape)).astype(np.float32)
    stress = sign(rng, distress, EMPLOYER_LAG, 3, 0.22, 0.3)
    late_stress = sign(rng, distress, EMPLOYEE_LAG, 3, 0.3, 0.3)
    employer = np.clip((stress - EMPLOYER_ONSET) * UNPAID_SLOPE, 0, 1)
    employee = np.clip((late_stress - EMPLOYEE_ONSET) * UNPAID_SLOPE, 0, 1) * (employer > 0)
    slips = rng.random(distress.shape, dtype=np.float32) < SLIP_CHANCE
    employer = np.where(slips, np.maximum(employer, rng.random(distress.shape, dtype=np.float32)), employer)
    # By law, what is due after the opening of a procedure is paid first (Code de commerce, L622-17).
    before = np.arange(world.calendar.months)[None, :] < world.calendar.index(world.lives.failed_on)[:, None]
    before |= world.lives.is_earlier[:, None]
    gaps = [
        np.where((part * share * due >= SMALLEST_GAP) & before, part * share * due, 0).astype(np.float32)
        for part, share in ((EMPLOYEE_PART, employee), (1 - EMPLOYEE_PART, employer))
    ]
    return Dues(due, gaps[0], gaps[1], _settled(rng, world, stress))


def _settled(rng: np.random.Generator, world: World, stress: Floats) -> Ints:
    """(firms, months): place of the month in which a gap of that month is settled; the number of months if never."""
    count, months = stress.shape
    ease = np.clip(2.2 - stress, 0, 1)
    frozen = np.arange(months)[None, :] >= world.calendar.index(world.lives.failed_on)[:, None]
    rate = np.where(frozen & ~world.lives.is_earlier[:, None], 0, SETTLED_ILL + (SETTLED_WELL - SETTLED_ILL) * ease)
    # The cumulated rates of the firms lie in separate ranges, so that one sorted search serves all firms.
    scale = np.cumsum(rate, axis=1, dtype=np.float64) + BIG * np.arange(count)[:, None]
    wanted = scale + rng.exponential(1, stress.shape)
    place = np.searchsorted(scale.ravel(), wanted.ravel()).reshape(count, months) - np.arange(count)[:, None] * months
    earliest = np.arange(months)[None, :] + 2
    return np.minimum(np.maximum(place, earliest), months).astype(np.int64)
