"""Numbers that no real firm bears: SIRENs and SIRETs with valid Luhn keys (ISO/IEC 7812)."""

from typing import Final

import numpy as np

from simulation.cells import Ints

# First eight digits. The register begins with a few numbers (000325175, 001807254), then from 005410220 on: what lies
# between was never attributed, so that no simulated firm can be taken for a real one.
UNATTRIBUTED: Final = ((40_000, 180_000), (200_000, 540_000))
MAX_FIRMS: Final = sum(stop - start for start, stop in UNATTRIBUTED)


def luhn_keys(bodies: Ints, digits: int) -> Ints:
    """The key that completes each number of that many digits."""
    total = np.zeros_like(bodies)
    for place in range(digits):
        digit = bodies // 10**place % 10
        doubled = digit * 2 if place % 2 == 0 else digit
        total += doubled - 9 * (doubled > 9)
    return -total % 10


def sirens(rng: np.random.Generator, count: int) -> Ints:
    """Distinct SIRENs, in no order, as numbers below 10,000,000: nine digits with their leading zeros."""
    bodies = np.concatenate([np.arange(start, stop, dtype=np.int64) for start, stop in UNATTRIBUTED])
    chosen = rng.permutation(bodies)[:count]
    return chosen * 10 + luhn_keys(chosen, 8)


def sirets(siren: Ints, sequence: Ints) -> Ints:
    """The SIRET of a firm's n-th establishment, the last of the five digits of its NIC being the key."""
    bodies = siren * 10_000 + sequence
    return bodies * 10 + luhn_keys(bodies, 13)
