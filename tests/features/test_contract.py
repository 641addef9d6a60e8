from datetime import date

import ibis
import pandas as pd
import pytest

from features.assemble import CATALOG
from features.contract import check_feature_table
from features.errors import InputError

ROW = {
    "siren": "005520135", "period": date(2024, 1, 1), **{f.name: None for f in CATALOG},
    "label": 1, "in_procedure": False, "procedure_state": "in_bonis",
}  # fmt: skip
SCHEMA = {
    "siren": "string", "period": "date", **{f.name: "string" if f.is_category else "float32" for f in CATALOG},
    "label": "int8", "in_procedure": "boolean", "procedure_state": "string",
}  # fmt: skip


def rows(*changes):
    return ibis.memtable(pd.DataFrame([ROW | change for change in changes], dtype=object), schema=SCHEMA)


def test_a_sound_table_passes():
    check_feature_table(rows({}, {"siren": "552100554", "label": None}))


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (rows({}, {}), "unique"),
        (rows({"siren": "5520135"}), "siren"),
        (rows({"label": 2}), "label"),
        (rows({"procedure_state": None}), "procedure_state"),
        (rows({}).drop("debt"), "debt"),
        (rows({}).cast({"debt": "float64"}), "debt"),
    ],
)
def test_a_table_that_readers_could_not_rely_on_is_refused_by_column(table, told):
    with pytest.raises(InputError, match=told):
        check_feature_table(table)
