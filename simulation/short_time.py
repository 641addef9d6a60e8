"""Short-time work (DGEFP): requests granted, hours used month by month, and the lockdowns of 2020."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from simulation.cells import Days, Floats, Ints, Texts, choose, days, decimal, joined, of, padded, quoted, whole
from simulation.dirt import spoiled, zeros_lost
from simulation.lives import SHOCK_EXPOSURE, WARM_UP_MONTHS, sign
from simulation.spells import spells
from simulation.world import World

FULL_TIME_HOURS: Final = 151.67
STRESS_LAG: Final = 2
ONSET: Final = 1.5
CHANCE: Final = 0.10
IDLE_CHANCE: Final = 0.0008
REQUEST_MONTHS: Final = (2, 6)
LOCKDOWN: Final = np.datetime64("2020-03")
LOCKDOWN_REASON: Final = "6"
REASONS: Final = ("1", "2", "3", "4", "5", "7")
REASON_SHARES: Final = (0.72, 0.08, 0.08, 0.04, 0.06, 0.02)


@dataclass(frozen=True)
class Requests:
    """One row per request. start: place of its first month. granted: hours; used: (requests, months), in hours.

    number: their identifiers.
    """

    firm: Ints
    start: Ints
    months: Ints
    persons: Ints
    reason: Texts
    decided_on: Days
    granted: Floats
    used: Floats
    number: Texts


def requests(world: World) -> Requests:
    """The requests of firms in trouble and, in the lockdown of 2020, of firms in the sections most affected."""
    rng, calendar = world.generator("short time"), world.calendar
    stress = sign(rng, world.lives.distress, STRESS_LAG, 2, 0.45, 0.3)
    chance = np.where(stress > ONSET, CHANCE, IDLE_CHANCE) * world.is_employing
    chance[:, :WARM_UP_MONTHS] = 0
    locked = int((LOCKDOWN - calendar.first).astype(int))
    has_lockdown = 0 <= locked < calendar.months
    if has_lockdown:
        exposure = np.array([SHOCK_EXPOSURE.get(s, 0.3) for s in world.firms.section.tolist()])
        chance[:, locked] = np.clip(exposure * 0.5, 0, 0.9) * world.is_employing[:, locked]
    asked = spells(rng, chance.astype(np.float32), *REQUEST_MONTHS)
    is_locked = (asked.start == locked) & has_lockdown
    staff = world.headcount[asked.firm, asked.start]
    persons = np.maximum(np.round(staff * rng.uniform(0.15, 0.9, asked.count)), 1)
    granted = persons * FULL_TIME_HOURS * asked.months * rng.uniform(0.25, 0.8, asked.count)
    month = np.arange(REQUEST_MONTHS[1])[None, :]
    rate = rng.uniform(0.1, 1, (asked.count, REQUEST_MONTHS[1])) * (month < asked.months[:, None])
    rate *= rng.random(rate.shape) < 0.85
    reason = of(REASONS, rng.choice(len(REASONS), asked.count, p=REASON_SHARES))
    first = _first_day(world, asked.start)
    return Requests(
        asked.firm,
        asked.start,
        asked.months,
        persons.astype(np.int64),
        choose(is_locked, LOCKDOWN_REASON, reason),
        first - rng.integers(-10, 40, asked.count).astype("timedelta64[D]"),
        granted.astype(np.float32),
        (rate * (granted / asked.months)[:, None]).astype(np.float32),
        joined("d", padded(np.arange(asked.count) + world.numbers + 100_000_000, 9)),
    )


def granted(world: World, asked: Requests) -> Any:
    """One line per request that was decided by the last day."""
    rng = world.generator("short time granted")
    owner = pa.array(asked.firm)
    staff = whole(world.headcount[asked.firm, asked.start])
    after = _first_day(world, asked.start + asked.months)
    used = asked.used.sum(axis=1)
    table = pa.table(
        {
            "ID_DA": quoted(asked.number),
            "ETAB_SIRET": quoted(zeros_lost(rng, world.firms.siret[0].take(owner))),
            "EFF_ENT": staff,
            "EFF_ETAB": staff,
            "DATE_STATUT": quoted(days(asked.decided_on)),
            "DATE_DEB": quoted(days(_first_day(world, asked.start))),
            "DATE_FIN": quoted(days(after - np.timedelta64(1, "D"))),
            "HTA": decimal(asked.granted),
            "MTA": decimal(asked.granted * 7.74),
            "EFF_AUTO": whole(asked.persons),
            "MOTIF_RECOURS_SE": asked.reason,
            "PERIMETRE_AP": whole(np.ones(len(asked.firm))),
            "S_HEURE_CONSOM_TOT": decimal(used),
            "S_EFF_CONSOM_TOT": whole(asked.persons),
            "S_MONTANT_CONSOM_TOT": decimal(used * 7.74),
            "RECOURS_ANTERIEUR": choose(rng.random(len(asked.firm)) < 0.3, "1", "0"),
        }
    )
    kept = table.filter(pa.array(asked.decided_on <= world.calendar.last_day))
    return spoiled(rng, kept, "ETAB_SIRET", "DATE_DEB", "2019-02-31")


def used(world: World, asked: Requests) -> Any:
    """One line per request and month in which hours were used."""
    rng = world.generator("short time used")
    request, month = np.nonzero(asked.used > 0)
    place = asked.start[request] + month
    firm = asked.firm[request]
    # The hours used in the last month are not yet known.
    kept = (place < world.calendar.months - 1) & (
        world.headcount[firm, np.minimum(place, world.calendar.months - 1)] > 0
    )
    request, month, place, firm = request[kept], month[kept], place[kept], firm[kept]
    hours = asked.used[request, month]
    table = pa.table(
        {
            "ID_DA": quoted(asked.number.take(pa.array(request))),
            "ETAB_SIRET": quoted(zeros_lost(rng, world.firms.siret[0].take(pa.array(firm)))),
            "HEURES": decimal(hours),
            "MONTANTS": decimal(hours * 7.74, 1),
            "EFFECTIFS": decimal(asked.persons[request], 1),
            "MOIS": quoted(days(_first_day(world, place))),
        }
    )
    return spoiled(rng, table, "ETAB_SIRET", "MOIS", "2019-13-01")


def _first_day(world: World, month: Ints) -> Days:
    return (world.calendar.first + month).astype("datetime64[D]")
