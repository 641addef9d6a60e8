"""With open data alone the perimeter is made of what was known then: as many of its firms fail as of the whole."""

import shutil
from datetime import date

import pandas as pd
import pytest

from features.build import build
from features.engine import connect
from features.folder import FeatureTable
from features.scope import Scope
from models.rows.dataset import read_rows
from tests.economy import staged_once

OPEN = (
    "legal_units", "legal_unit_history", "establishments", "establishment_history",
    "bodacc", "legal_notices", "financial_ratios",
)  # fmt: skip
START, END = date(2016, 1, 1), date(2024, 2, 1)


@pytest.fixture(scope="module")
def shares(tmp_path_factory):
    """By year, the share of firms in no procedure that fail within 18 months: of all data, and of open data alone."""
    data, staged = tmp_path_factory.mktemp("data"), staged_once(tmp_path_factory)
    for name in OPEN:
        shutil.copytree((staged / name).resolve(), data / "open" / name)
    return [failing(records, data / f"{records.name} built") for records in (staged, data / "open")]


def failing(staged, folder):
    scope = Scope(START, END, 18, 10, ("7210", "4110", "7389"), ("84", "65", "66"), 1_000_000)
    con = connect("duckdb", folder / "scratch", 2)
    build(con, staged, folder / "features", folder / "scratch", scope, 25, lambda _: None)
    table = FeatureTable((folder / "features").resolve())
    rows = read_rows(table, table.periods, only_labelled=True)
    by_year = rows["label"].astype(float).groupby(rows["period"].dt.year)
    return pd.DataFrame({"share": by_year.mean(), "firms": by_year.size()})


@pytest.mark.slow
def test_open_data_alone_reach_the_failure_rate_of_the_whole(shares):
    whole, alone = ((table["share"] * table["firms"]).sum() / table["firms"].sum() for table in shares)
    assert alone == pytest.approx(whole, rel=0.15)


@pytest.mark.slow
def test_the_share_that_fails_follows_the_openings_of_each_year(shares):
    whole, alone = (table["share"] for table in shares)
    assert list(alone.index) == list(whole.index) == list(range(2016, 2023))
    assert alone.corr(whole) > 0.8
    assert ((alone / whole).between(0.6, 1.5)).all()


@pytest.mark.slow
def test_open_data_alone_cover_most_of_the_firms_of_the_whole(shares):
    whole, alone = (table["firms"] for table in shares)
    assert ((alone / whole).between(0.7, 1.2)).all()
