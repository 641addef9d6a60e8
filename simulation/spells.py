"""Spells of months that begin at random, one at a time per firm: payment plans, requests for short-time work."""

from dataclasses import dataclass

import numpy as np

from simulation.cells import Floats, Ints


@dataclass(frozen=True)
class Spells:
    """firm, start, months: one row per spell, in order of start; `start` is a place in the calendar."""

    firm: Ints
    start: Ints
    months: Ints

    @property
    def count(self) -> int:
        """How many spells there are."""
        return len(self.firm)


def spells(rng: np.random.Generator, chance: Floats, shortest: int, longest: int) -> Spells:
    """Spells of `shortest` to `longest` months. chance: (firms, months), that a spell begins while no other runs."""
    count, months = chance.shape
    free_from = np.zeros(count, np.int64)
    parts = []
    for start in range(months):
        begins = np.flatnonzero((rng.random(count, dtype=np.float32) < chance[:, start]) & (free_from <= start))
        length = rng.integers(shortest, longest + 1, len(begins))
        free_from[begins] = start + length
        parts.append((begins, np.full(len(begins), start), length))
    firm, start_of, length_of = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Spells(firm, start_of, length_of)
