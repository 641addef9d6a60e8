"""Which firms are followed from list to list."""

from datetime import date

import pandas as pd
import pytest

from features.folder import BUILD, FeatureTable
from features.records import write_record
from features.table_record import BUILD_UPGRADES
from models.alerts import AlertPolicy
from models.evaluation.report import followed_share
from tests.records import build_record

PERIOD = date(2022, 6, 1)


@pytest.fixture
def table(tmp_path):
    """Of one month, four firms that survived."""
    table = FeatureTable(tmp_path / "features")
    table.part(PERIOD).mkdir(parents=True)
    rows = pd.DataFrame({"siren": [f"{firm:09d}" for firm in range(4)], "in_procedure": False})
    rows.to_parquet(table.part(PERIOD) / "part-0.parquet")
    write_record(
        table.folder / BUILD, build_record(start=PERIOD, end=PERIOD, observed_until=date(2024, 1, 1)), BUILD_UPGRADES
    )
    pd.DataFrame({"siren": ["9" * 9], "period": [PERIOD], "label": pd.array([1], "Int8")}).to_parquet(table.labels)
    return table


def test_of_many_firms_a_share_is_followed(table):
    assert followed_share(AlertPolicy(), table, [PERIOD], 3) == 0.75
    assert followed_share(AlertPolicy(), table, [PERIOD], 5) == 1


def test_all_firms_are_followed_where_alerts_are_a_number_of_them(table):
    assert followed_share(AlertPolicy(firms_per_departement=2), table, [PERIOD], 3) == 1
