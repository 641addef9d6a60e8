"""The contract of the target list, from the declaration of its columns; it is checked before anything is published."""

from typing import Any, Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from features.contract import FORM, check
from features.insolvency import IN_BONIS, STATES
from models.alerts import ALERTS, NO_ALERT
from reports.list_columns import LIST_COLUMNS, Format

# What a format asks of the values that are known.
OF_FORMAT: Final = {
    Format.PERCENT: pa.Check.in_range(0, 1),
    Format.COUNT: pa.Check.ge(0),
    Format.EUROS: pa.Check(np.isfinite, name="finite"),
    Format.RANK: pa.Check.ge(1),
}
OF_COLUMN: Final[dict[str, dict[str, Any]]] = {
    "siren": {"checks": pa.Check.str_matches(FORM), "unique": True, "nullable": False},
    "probability": {"checks": OF_FORMAT[Format.PERCENT], "nullable": False},
    "alert": {"checks": pa.Check.isin(ALERTS), "nullable": False},
    "state": {"checks": pa.Check.isin(STATES), "nullable": False},
    "period": {"nullable": False},
    "model_id": {"nullable": False},
}


def _column(name: str) -> pa.Column:
    asked = {"checks": OF_FORMAT.get(LIST_COLUMNS[name].format), "nullable": True, **OF_COLUMN.get(name, {})}
    return pa.Column(**asked)


def _ranks_follow(table: pd.DataFrame) -> bool:
    ranks = table["rank"].dropna()
    return bool((ranks.to_numpy() == np.arange(1, len(ranks) + 1)).all())


def _falls(table: pd.DataFrame) -> bool:
    return bool(table.loc[table["rank"].notna(), "probability"].is_monotonic_decreasing)


CONTRACT: Final = pa.DataFrameSchema(
    {name: _column(name) for name in LIST_COLUMNS},
    checks=[
        pa.Check(
            lambda t: t["rank"].notna() == (t["state"] == IN_BONIS), name="a rank for firms in no procedure, only"
        ),
        pa.Check(lambda t: (t["alert"] == NO_ALERT) | (t["state"] == IN_BONIS), name="no alert in a procedure"),
        pa.Check(_ranks_follow, name="ranks follow each other"),
        pa.Check(_falls, name="the risk falls from rank to rank"),
    ],
    strict=True,
    ordered=True,
)


def check_list(rows: pd.DataFrame) -> None:
    """Raise InputError where a list is not what agents and programs rely on: nothing is published."""
    check(CONTRACT, rows, "The target list", "This is a fault of the program, not of the data: report it.")
