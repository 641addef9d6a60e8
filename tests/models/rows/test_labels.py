"""Labels are joined where a model learns; the feature table holds none."""

from datetime import date

import pandas as pd
import pytest

from features.errors import InputError
from features.folder import BUILD, FeatureTable
from features.periods import period_range
from features.records import write_record
from features.table_record import BUILD_UPGRADES
from models.rows.dataset import count_rows, read_rows
from tests.records import build_record

PERIODS = period_range(date(2022, 6, 1), date(2022, 9, 1))
# The horizon is of 18 months: the label of 2022-07 is known on 2024-01-01, that of 2022-08 is not.
RECORD = build_record(start=PERIODS[0], end=PERIODS[-1], observed_until=date(2024, 1, 1))
FAILS, STAYS = "100000017", "552100554"


@pytest.fixture
def table(tmp_path):
    table = FeatureTable(tmp_path / "features")
    for period in PERIODS:
        table.part(period).mkdir(parents=True)
        rows = pd.DataFrame({"siren": [FAILS, STAYS], "in_procedure": [period == PERIODS[0], False]})
        rows.to_parquet(table.part(period) / "part-0.parquet")
        (table.part(period) / "_made_of.json").write_text("{}")
    write_record(table.folder / BUILD, RECORD, BUILD_UPGRADES)
    told = pd.DataFrame({"siren": FAILS, "period": PERIODS, "label": pd.array([1, 1, None, None], "Int8")})
    told.to_parquet(table.labels)
    pd.DataFrame({"siren": [FAILS], "opened_on": [pd.Timestamp(2023, 2, 15)]}).to_parquet(table.openings)
    return table


def test_a_firm_of_which_nothing_is_told_survived_where_that_can_be_known(table):
    rows = read_rows(table, PERIODS, has_label=True)
    labels = [None if pd.isna(label) else int(label) for label in rows["label"]]
    assert list(rows["siren"]) == [FAILS, STAYS] * 4
    assert labels == [1, 0, 1, 0, None, None, None, None]


def test_a_model_learns_from_firms_in_no_procedure_of_which_the_end_is_known(table):
    rows = read_rows(table, PERIODS, only_labelled=True)
    assert list(zip(rows["siren"], rows["label"], rows["lasted"], strict=True)) == [
        (STAYS, 0, 18), (FAILS, 1, 8), (STAYS, 0, 18),
    ]  # fmt: skip
    assert count_rows(table, PERIODS) == 3


def test_rows_that_nobody_learns_from_hold_no_label(table):
    assert "label" not in read_rows(table, PERIODS)


def test_a_table_of_an_older_version_is_read_but_for_its_labels(table):
    table.labels.unlink()
    for period in PERIODS:
        path = table.part(period) / "part-0.parquet"
        pd.read_parquet(path, partitioning=None).assign(label=1).to_parquet(path)
    assert list(read_rows(table, PERIODS).columns) == ["siren", "in_procedure", "period"]
    with pytest.raises(InputError, match=r"older version, which kept labels in it\. .* weaksignals build --rebuild"):
        read_rows(table, PERIODS, only_labelled=True)
