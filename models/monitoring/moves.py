"""How the firms on alert changed since the last list: who came in, went out, up or down."""

from typing import Final

import pandas as pd

from models.alerts import ALERTS
from models.monitoring.records import Moves
from models.monitoring.volumes import Published

# A higher number is a graver alert; a firm that is not on the list has none.
RANK: Final = {alert: rank for rank, alert in enumerate(reversed(ALERTS))}


def moves(now: Published, before: Published) -> Moves:
    """The moves of the alerts from an earlier list to this one."""
    both = pd.concat([_ranks(before), _ranks(now)], axis=1, keys=["then", "now"])
    then, today = both["then"].fillna(0), both["now"].fillna(0)
    came, went = (then == 0) & (today > 0), (then > 0) & (today == 0)
    on_both = (then > 0) & (today > 0)
    counts = {
        "came_in": came,
        "new_in_scope": came & both["then"].isna(),
        "went_out": went,
        "out_of_scope": went & both["now"].isna(),
        "up": on_both & (today > then),
        "down": on_both & (today < then),
        "stayed": on_both & (today == then),
    }
    return Moves(before.period, **{name: int(moved.sum()) for name, moved in counts.items()})


def _ranks(published: Published) -> pd.Series:
    firms = published.firms.set_index("siren")
    return firms["alert"].map(RANK).astype("float64")
