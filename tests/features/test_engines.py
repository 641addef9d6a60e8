"""The same table code gives the same table on DuckDB and on Spark."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG, DATED
from features.build import build
from features.engine import connect
from features.ingest import Reading, ingest
from features.known_days import known_day
from features.scope import Scope
from features.sources import SOURCES
from simulation.simulation import simulate


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.filterwarnings("ignore")
def test_spark_builds_the_table_that_duckdb_builds(tmp_path):
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    (tmp_path / "scratch").mkdir()
    simulate(tmp_path / "raw", 60, date(2024, 1, 1), seed=6)
    reading = Reading(max_rejected_share=0.05, delivery_day=25, lags={})
    folders = {name: tmp_path / name for name in ("staged", "rejects", "scratch")}
    ingest([ibis.duckdb.connect()], tmp_path / "raw", SOURCES, reading, **folders, progress=lambda _: None)
    period = date(2023, 6, 1)
    scope = Scope(period, period, 18, 10, ("7210", "4110", "7389"), ("84", "65", "66"), 1_000_000)
    tables = {}
    for engine in ("duckdb", "spark"):
        con = connect(engine, tmp_path / engine / "scratch", 2)
        target = tmp_path / engine / "features"
        build(con, tmp_path / "staged", target, tmp_path / engine / "scratch", scope, 25, lambda _: None)
        files = (target / f"period={period}").resolve().glob("*.parquet")
        tables[engine] = (
            pd.concat([pd.read_parquet(file, partitioning=None) for file in files]).set_index("siren").sort_index()
        )
    ours, theirs = tables["duckdb"], tables["spark"]
    assert list(ours.index) == list(theirs.index)
    for feature in CATALOG:
        a, b = ours[feature.name], theirs[feature.name]
        if feature.is_category:
            assert (a.fillna("") == b.fillna("")).all(), feature.name
        else:
            assert np.allclose(a.astype(float), b.astype(float), rtol=1e-6, equal_nan=True), feature.name
    for name in map(known_day, DATED):
        assert pd.to_datetime(ours[name]).equals(pd.to_datetime(theirs[name])), name
    assert (ours["procedure_state"] == theirs["procedure_state"]).all()
