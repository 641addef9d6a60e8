"""What the courts decide about the firms that fail (openings, plans, conversions, closings), and when firms cease."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulation.cells import Days, Flags, Ints
from simulation.lives import NEVER, Calendar, Lives


@dataclass(frozen=True)
class Kind:
    """A kind of decision: as coded by URSSAF (one line or two), and as published in the BODACC."""

    urssaf: tuple[str, ...]
    family: str
    nature: str


_OPENING, _OTHER, _CLOSING = "Jugement d'ouverture", "Jugement prononçant", "Jugement de clôture"
KINDS: Final = (
    Kind(("sauvegarde_ouverture",), _OPENING, "Jugement d'ouverture d'une procédure de sauvegarde"),
    Kind(("redressement_ouverture",), _OPENING, "Jugement d'ouverture d'une procédure de redressement judiciaire"),
    Kind(("liquidation_ouverture",), _OPENING, "Jugement d'ouverture de liquidation judiciaire"),
    Kind(("sauvegarde_plan_continuation",), _OTHER, "Jugement arrêtant le plan de sauvegarde"),
    Kind(("redressement_plan_continuation",), _OTHER, "Jugement de plan de redressement"),
    Kind(
        ("liquidation_ouverture", "sauvegarde_inclusion_autre_procedure"),
        _OPENING,
        "Jugement de conversion en liquidation judiciaire de la procédure de sauvegarde",
    ),
    Kind(
        ("liquidation_ouverture", "redressement_inclusion_autre_procedure"),
        _OPENING,
        "Jugement de conversion en liquidation judiciaire",
    ),
    Kind(
        ("redressement_ouverture", "sauvegarde_inclusion_autre_procedure"),
        _OPENING,
        "Jugement de conversion en redressement judiciaire de la procédure de sauvegarde",
    ),
    Kind(
        ("liquidation_ouverture", "sauvegarde_fin_procedure"),
        _OTHER,
        "Jugement prononçant la résolution du plan de sauvegarde et la liquidation judiciaire",
    ),
    Kind(
        ("liquidation_ouverture", "redressement_fin_procedure"),
        _OTHER,
        "Jugement prononçant la résolution du plan de redressement et la liquidation judiciaire",
    ),
    Kind(("sauvegarde_fin_procedure",), _OTHER, "Jugement mettant fin à la procédure de sauvegarde"),
    Kind(("redressement_fin_procedure",), _OTHER, "Jugement mettant fin à la procédure de redressement judiciaire"),
    Kind(("liquidation_fin_procedure",), _CLOSING, "Jugement de clôture pour insuffisance d'actif"),
)
# Places in KINDS. For PLAN, CONVERSION, RESOLUTION and END: that of the sauvegarde, followed by the redressement.
SAUVEGARDE, REDRESSEMENT, LIQUIDATION, PLAN, CONVERSION, TURNED = 0, 1, 2, 3, 5, 7
RESOLUTION, END, CLOSING = 8, 10, 12
OPENINGS: Final = (SAUVEGARDE, REDRESSEMENT, LIQUIDATION)

# Shares of the first openings (sauvegarde, redressement, liquidation): usually, and for a sudden failure.
OPENED_AS: Final = (0.11, 0.57, 0.32)
OPENED_AS_SUDDEN: Final = (0.06, 0.44, 0.50)
# Outcomes of the observation period of a sauvegarde, then of a redressement: plan, liquidation, end, redressement.
OUTCOMES: Final = ((0.60, 0.15, 0.07, 0.18), (0.33, 0.62, 0.05, 0.0))
RESOLVED_SHARE: Final = 0.35
# Days between two stages: (least, most).
OBSERVATION: Final = (100, 420)
UNTIL_RESOLUTION: Final = (200, 1600)
UNTIL_CLOSING: Final = (300, 1100)
UNTIL_CEASED: Final = (50, 240)


@dataclass(frozen=True)
class Judgements:
    """firm, day, kind: one row per event up to the last day. The other dates: one per firm, or NaT."""

    firm: Ints
    day: Days
    kind: Ints
    liquidated_on: Days
    closed_on: Days
    ceased_on: Days


def judgements(rng: np.random.Generator, lives: Lives, calendar: Calendar) -> Judgements:
    """The events of each firm that fails, in order of day; a firm that closes voluntarily only ceases."""
    opened_on, opening = lives.failed_on, _openings(rng, lives)
    decided_on = _later(rng, opened_on, OBSERVATION)
    outcome = np.where(lives.is_earlier, 0, _outcomes(rng, opening))
    is_open = opening != LIQUIDATION
    has_plan, turned = is_open & (outcome == 0), is_open & (outcome == 3)
    resolved_on = _later(rng, decided_on, UNTIL_RESOLUTION)
    # A firm whose plan began before the first month must still exist in that month.
    resolved_on = np.where(resolved_on < calendar.dates[0], NEVER, resolved_on)
    resolved = has_plan & (rng.random(len(opening)) < RESOLVED_SHARE)
    converted_on = np.where(turned, _later(rng, decided_on, OBSERVATION), decided_on)
    converted = is_open & ((outcome == 1) | (turned & (rng.random(len(opening)) < 0.6)))
    liquidated_on = np.where(opening == LIQUIDATION, opened_on, NEVER)
    liquidated_on = np.where(resolved, resolved_on, np.where(converted, converted_on, liquidated_on))
    liquidated_on = np.where(liquidated_on <= calendar.last_day, liquidated_on, NEVER)
    closed_on = _later(rng, liquidated_on, UNTIL_CLOSING)
    is_redressement = ((opening == REDRESSEMENT) | turned).astype(np.int64)
    steps = [
        (opened_on, opening),
        (np.where(has_plan, decided_on, NEVER), PLAN + is_redressement),
        (np.where(turned, decided_on, NEVER), np.full_like(opening, TURNED)),
        (np.where(converted, converted_on, NEVER), CONVERSION + is_redressement),
        (np.where(resolved, resolved_on, NEVER), RESOLUTION + is_redressement),
        (np.where(is_open & (outcome == 2), decided_on, NEVER), END + is_redressement),
        (closed_on, np.full_like(opening, CLOSING)),
    ]
    ceased_on = _later(rng, np.where(np.isnat(liquidated_on), lives.closed_on, liquidated_on), UNTIL_CEASED)
    return _events(steps, liquidated_on, closed_on, ceased_on, calendar)


def _openings(rng: np.random.Generator, lives: Lives) -> Ints:
    count = len(lives.is_sudden)
    usual = rng.choice(OPENINGS, count, p=OPENED_AS)
    opening = np.where(lives.is_sudden, rng.choice(OPENINGS, count, p=OPENED_AS_SUDDEN), usual)
    return np.where(lives.is_earlier & (opening == LIQUIDATION), REDRESSEMENT, opening)


def _outcomes(rng: np.random.Generator, opening: Ints) -> Ints:
    of_sauvegarde, of_redressement = (rng.choice(4, len(opening), p=shares) for shares in OUTCOMES)
    return np.where(opening == SAUVEGARDE, of_sauvegarde, of_redressement)


def _later(rng: np.random.Generator, start: Days, span: tuple[int, int]) -> Days:
    return start + rng.integers(*span, len(start)).astype("timedelta64[D]")


def _events(
    steps: list[tuple[Days, Ints]], liquidated_on: Days, closed_on: Days, ceased_on: Days, calendar: Calendar
) -> Judgements:
    firm = np.tile(np.arange(len(liquidated_on)), len(steps))
    day = np.concatenate([day for day, _ in steps])
    kind = np.concatenate([kind for _, kind in steps])
    kept = day <= calendar.last_day
    firm, day, kind = firm[kept], day[kept], kind[kept]
    order = np.lexsort((kind, day, firm))
    return Judgements(firm[order], day[order], kind[order], liquidated_on, closed_on, _by(ceased_on, calendar))


def _by(day: Days, calendar: Calendar) -> Days:
    return np.where(day <= calendar.last_day, day, NEVER)


def in_procedure(opened_on: Days, months: Days) -> Flags:
    """(firms, months): whether the first procedure had opened by the first day of each month."""
    return opened_on[:, None] <= months[None, :]
