from datetime import date

import pandas as pd

from features.folder import FeatureTable
from models.rows.dataset import read_undecided


def written(folder, name, *rows):
    table = pd.DataFrame(rows, columns=["siren", "known_at"]).assign(known_at=lambda t: pd.to_datetime(t["known_at"]))
    table.to_parquet(folder / name)


def test_firms_held_back_are_counted_among_those_with_a_procedure_as_known_at_the_period(tmp_path):
    written(tmp_path, "undecided.parquet", ("1", "2024-01-10"), ("1", "2024-01-20"), ("2", "2024-03-10"))
    written(tmp_path, "procedures.parquet", ("1", "2023-01-01"), ("3", "2023-01-01"), ("4", "2024-02-02"))
    assert read_undecided(FeatureTable(tmp_path), date(2024, 2, 1)) == (1, 2)
    assert read_undecided(FeatureTable(tmp_path), date(2024, 4, 1)) == (2, 4)


def test_a_table_that_an_older_version_built_holds_nothing_back(tmp_path):
    assert read_undecided(FeatureTable(tmp_path), date(2024, 2, 1)) == (0, 0)
