"""SIRENs and SIRETs that no real firm has, with valid Luhn keys (ISO/IEC 7812)."""

from typing import Final

import numpy as np

from simulation.cells import Ints

# Ranges of the first eight digits. The register has a few low numbers (000325175, 001807254), then numbers from
# 005410220 on. Those between were never attributed, so that no simulated firm can be taken for a real one.
UNATTRIBUTED: Final = ((40_000, 180_000), (200_000, 540_000))
MAX_FIRMS: Final = sum(stop - start for start, stop in UNATTRIBUTED)


def luhn_keys(bodies: Ints, digits: int) -> Ints:
    """The Luhn key of each number, to be added as its last digit. digits: of the number without its key."""
    total = np.zeros_like(bodies)
    for place in range(digits):
        digit = bodies // 10**place % 10
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 * (doubled > 9)
    return -total % 10


def sirens(rng: np.random.Generator, count: int, first: int = 0) -> Ints:
    """Distinct SIRENs in random order, as numbers below 10,000,000: nine digits with their leading zeros.

    first: how many that the same generator gives come before them.
    """
    bodies = np.concatenate([np.arange(start, stop, dtype=np.int64) for start, stop in UNATTRIBUTED])
    chosen = rng.permutation(bodies)[first : first + count]
    return chosen * 10 + luhn_keys(chosen, 8)


def sirets(siren: Ints, sequence: Ints) -> Ints:
    """The SIRET of the establishment of that sequence number; the last digit of a SIRET is its key."""
    bodies = siren * 10_000 + sequence
    return bodies * 10 + luhn_keys(bodies, 13)
