"""What changed in the register in the firms' past: head offices that moved, legal forms and activities that changed.

Each kind is drawn from a generator of its own, so that no other file depends on it.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.nomenclatures import read_nomenclature
from simulation.cells import Days, Flags, Texts, of, padded
from simulation.identifiers import sirets
from simulation.lives import NEVER
from simulation.population import DEPARTEMENTS
from simulation.world import World

CHANGED_ACTIVITY_SHARE: Final = 0.08
CHANGED_DAYS: Final = (1, 3000)
MOVED_SHARE: Final = 0.08
# Of the firms that moved, those that came from any département, by the number of firms there; the others stayed in it.
MOVED_FAR_SHARE: Final = 0.4
REFORMED_SHARE: Final = 0.07
# The usual earlier form of each legal form: a limited company (5499) becomes a simplified one (5710), a sole trader
# founds a company, an establishment of the State (4110, out of scope) is privatised.
FORMER_FORMS: Final = {"5710": "5499", "5499": "1000", "5599": "4110", "9220": "7389"}
THIRD: Final = 3


@dataclass(frozen=True)
class Moves:
    """Head offices that moved, one value per firm. office: SIRET of the former one; moved_on: NaT where none did."""

    moved_on: Days
    office: Texts
    departement: Texts

    @property
    def is_moved(self) -> Flags:
        """Whether the firm's head office moved."""
        return ~np.isnat(self.moved_on)


def changed_activity(world: World) -> Days:
    """The day on which each firm changed its activity, before any other condition; NaT where it never did."""
    firms, rng = world.firms, world.generator("history")
    changed = rng.random(firms.count) < CHANGED_ACTIVITY_SHARE
    changed_on = world.calendar.last_day - rng.integers(*CHANGED_DAYS, firms.count).astype("timedelta64[D]")
    return np.where(changed, changed_on, NEVER)


def moves(world: World) -> Moves:
    """The former head office of each firm that moved: an establishment of its own, closed on the day of the move."""
    firms, rng = world.firms, world.generator("moves")
    moved_on = _drawn_days(world, rng, MOVED_SHARE)
    codes = [row["departement"] for row in read_nomenclature("departements")]
    weights = np.array([DEPARTEMENTS.get(code, 1.0) for code in codes])
    elsewhere = of(codes, rng.choice(len(codes), firms.count, p=weights / weights.sum()))
    is_far = rng.random(firms.count) < MOVED_FAR_SHARE
    numbers = pc.cast(firms.siren, pa.int64()).to_numpy()
    return Moves(
        moved_on,
        padded(sirets(numbers, np.full(firms.count, THIRD)), 14),
        pc.if_else(pa.array(is_far), elsewhere, firms.departement),
    )


def former_forms(world: World) -> tuple[Days, Texts]:
    """The day on which each firm changed its legal form, NaT where it never did, and the form before."""
    rng = world.generator("legal forms")
    forms = world.firms.legal_category.to_pylist()
    former = pa.array([FORMER_FORMS.get(form) for form in forms], pa.string())
    days = np.where(np.array([form in FORMER_FORMS for form in forms]), _drawn_days(world, rng, REFORMED_SHARE), NEVER)
    return days, former


def within_life(world: World, days: Days, owner: Any = slice(None)) -> Days:
    """The days that fall within the firm's life, NaT for the others."""
    created_on, ceased_on = world.firms.created_on[owner], world.judgements.ceased_on[owner]
    return np.where((days > created_on) & ~(days >= ceased_on), days, NEVER)


def _drawn_days(world: World, rng: np.random.Generator, share: float) -> Days:
    count = world.firms.count
    changed = rng.random(count) < share
    days = world.calendar.last_day - rng.integers(*CHANGED_DAYS, count).astype("timedelta64[D]")
    return within_life(world, np.where(changed, days, NEVER))
