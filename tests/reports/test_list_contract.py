"""A list that agents could not rely on is refused by column, before anything is written."""

import pandas as pd
import pytest

from features.errors import InputError
from reports.list_columns import LIST_COLUMNS
from reports.list_contract import check_list

FIRM = dict.fromkeys(LIST_COLUMNS) | {
    "rank": 1, "siren": "005520135", "probability": 0.6, "alert": "high", "state": "in_bonis", "period": "2024-02-01",
    "model_id": "m", "headcount": 12.0,
}  # fmt: skip
OTHERS = (
    {"rank": 2, "siren": "552100554", "probability": 0.2, "alert": "none"},
    {"rank": None, "siren": "732829320", "probability": 0.9, "alert": "none", "state": "liquidation"},
)


def listed(change=None, place=0):
    firms = [FIRM, *({**FIRM, **other} for other in OTHERS)]
    firms[place] = {**firms[place], **(change or {})}
    return pd.DataFrame(firms, dtype=object).astype({"rank": "Int64", "probability": float, "headcount": float})


def test_a_sound_list_passes():
    check_list(listed())


@pytest.mark.parametrize(
    ("change", "place", "told"),
    [
        ({"siren": "552100554"}, 0, "siren: field_uniqueness"),
        ({"rank": 3}, 1, "ranks follow each other"),
        ({"rank": None}, 1, "a rank for firms in no procedure"),
        ({"rank": 3}, 2, "a rank for firms in no procedure"),
        ({"alert": "high"}, 2, "no alert in a procedure"),
        ({"probability": 0.7}, 1, "the risk falls from rank to rank"),
        ({"probability": 1.7}, 0, "probability: in_range"),
        ({"probability_low": -0.1}, 0, "probability_low: in_range"),
        ({"headcount": -1.0}, 0, "headcount: greater_than"),
        ({"state": "bankrupt"}, 2, "state: isin"),
        ({"alert": None}, 1, "alert: not_nullable"),
    ],
)
def test_a_list_that_is_not_sound_is_refused_by_column(change, place, told):
    with pytest.raises(InputError, match=told):
        check_list(listed(change, place))


def test_a_list_without_a_column_or_in_another_order_is_refused():
    with pytest.raises(InputError, match="reasons"):
        check_list(listed().drop(columns="reasons"))
    with pytest.raises(InputError, match="order"):
        check_list(listed()[list(LIST_COLUMNS)[::-1]])
