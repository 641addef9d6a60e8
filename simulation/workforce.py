"""Headcount (URSSAF) of firms and establishments: one column per month, the last months not yet known."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from simulation.cells import choose, joined, padded, period_codes, whole
from simulation.dirt import thousands_apart, zeros_lost
from simulation.lives import WARM_UP_MONTHS
from simulation.world import World

UNKNOWN_MONTHS: Final = 3
MISSING_SHARE: Final = 0.004
SECOND_SHARE: Final = 0.2


def firm_headcounts(world: World) -> Any:
    """One line per firm that ever had an employee."""
    rng = world.generator("firm headcounts")
    kept = np.flatnonzero(world.headcount[:, WARM_UP_MONTHS:].any(axis=1))
    firms, rows = world.firms, pa.array(kept)
    names = joined(firms.name.take(rows), firms.last_name.take(rows))
    cells = {"siren": zeros_lost(rng, firms.siren.take(rows)), **_months(world, rng, world.headcount[kept])}
    return pa.table({**cells, "rais_soc": names})


def establishment_headcounts(world: World) -> Any:
    """One line per establishment that ever had an employee."""
    rng = world.generator("establishment headcounts")
    staff = world.headcount
    second = np.where(world.firms.has_second[:, None], np.floor(staff * SECOND_SHARE), 0)
    parts = [_establishments(world, rng, staff - second, 0), _establishments(world, rng, second, 1)]
    return pa.concat_tables(parts)


def _establishments(world: World, rng: np.random.Generator, staff: Any, rank: int) -> Any:
    firms = world.firms
    kept = np.flatnonzero(staff[:, WARM_UP_MONTHS:].any(axis=1))
    rows = pa.array(kept)
    return pa.table(
        {
            "compte": padded(117_000_000_000_000_000 + kept * 10 + rank, 18),
            "siret": zeros_lost(rng, firms.siret[rank].take(rows)),
            "rais_soc": joined(firms.name.take(rows), firms.last_name.take(rows)),
            "ape_ins": firms.naf.take(rows),
            "dep": firms.departement.take(rows),
            **_months(world, rng, staff[kept]),
        }
    )


def _months(world: World, rng: np.random.Generator, staff: Any) -> dict[str, Any]:
    """One column per month, blank where there is no employee, the figure is missing, or the month is not yet known."""
    codes, _, _ = period_codes(world.calendar.first, world.calendar.months)
    columns = {}
    for month in range(WARM_UP_MONTHS, world.calendar.months):
        column = staff[:, month]
        known = (column > 0) & (rng.random(len(column)) >= MISSING_SHARE)
        known &= month < world.calendar.months - UNKNOWN_MONTHS
        columns[f"eff{codes[month]}"] = choose(known, thousands_apart(rng, whole(column)), None)
    return columns
