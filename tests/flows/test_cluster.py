"""A Spark cluster gives what one machine gives: a master and two workers, each a process of its own."""

import gc
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG
from features.engine import connect
from features.folder import DataFolder
from features.places import resolved
from features.store import digests
from models.rows.dataset import read_rows
from tests.cluster import Cluster, cluster, connect_server
from tests.commands import started
from tests.economy import SMALL_MODEL, VARIABLES, made_once

pytestmark = [pytest.mark.nightly, pytest.mark.slow]
TOLERANCE = 1e-6
MONTH = "2024-02"


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def on_duckdb(tmp_path_factory):
    """Built, trained and scored by DuckDB in one process each."""
    data = shutil.copytree(made_once(tmp_path_factory), tmp_path_factory.mktemp("duckdb") / "data", symlinks=True)
    (data / "weaksignals.toml").write_text(SMALL_MODEL)
    ended(data, "duckdb", "train")
    ended(data, "duckdb", "score", "--period", MONTH)
    return data


@pytest.fixture(scope="module")
def on_spark(on_duckdb, spark, tmp_path_factory):
    """What was staged, built and scored by the cluster, with the same model; an executor is killed while it builds."""
    data = unbuilt(on_duckdb, tmp_path_factory.mktemp("spark") / "data")
    with command(data, spark, "build", "--start", MONTH, "--end", MONTH) as build:
        said = iter(build.stderr)
        assert any("features of firms" in line for line in said)
        spark.kill_an_executor()
        rest = "".join(said)
    assert build.returncode == 0, rest
    ended(data, spark, "score", "--period", MONTH)
    return data


def unbuilt(data: Path, target: Path) -> Path:
    """What is staged and the model in use, without the feature table and what follows from it."""
    made = ("features", "features-*", "scores", "lists", "monitoring")
    return Path(shutil.copytree(data, target, symlinks=True, ignore=shutil.ignore_patterns(*made)))


def command(data: Path, engine: "Cluster | str", *arguments: str) -> "subprocess.Popen[str]":
    of_spark = {} if isinstance(engine, str) else of_cluster(engine, data)
    name = engine if isinstance(engine, str) else "spark"
    return started(*arguments, "--engine", name, "--data", data, variables={**VARIABLES, **of_spark})


def of_cluster(spark: Cluster, data: Path) -> dict[str, str]:
    """The settings of a run on a cluster; what it publishes is put beside the data folder as well."""
    url = (data.parent / "published").as_uri()
    return {"WEAKSIGNALS_SPARK_MASTER": spark.url, "WEAKSIGNALS_MEMORY_GB": "2", "WEAKSIGNALS_PUBLISH_URL": url}


def ended(data: Path, engine: "Cluster | str", *arguments: str) -> str:
    run = command(data, engine, *arguments)
    _shown, said = run.communicate(timeout=1800)
    assert run.returncode == 0, said
    return said


def features(data: Path) -> pd.DataFrame:
    table = DataFolder(data).snapshot().built
    return read_rows(table, table.periods[-1:])


def scores(data: Path) -> list[pd.DataFrame]:
    folder = next(iter(DataFolder(data).snapshot().scores.values()))
    return [pd.read_parquet(folder / name, partitioning=None) for name in ("scores.parquet", "contributions.parquet")]


def assert_same(ours: pd.DataFrame, theirs: pd.DataFrame) -> None:
    assert list(ours.columns) == list(theirs.columns)
    for name in ours:
        a, b = ours[name], theirs[name]
        if pd.api.types.is_float_dtype(a):
            assert np.allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True), name
        else:
            assert a.equals(b), name


def test_a_cluster_that_loses_an_executor_builds_the_features_that_one_machine_builds(on_duckdb, on_spark):
    ours, theirs = features(on_duckdb), features(on_spark)
    assert len(ours) > 500
    assert {feature.name for feature in CATALOG} <= {*ours.columns}
    assert_same(ours, theirs)


def test_a_cluster_gives_the_scores_contributions_and_alerts_that_one_machine_gives(on_duckdb, on_spark):
    for ours, theirs in zip(scores(on_duckdb), scores(on_spark), strict=True):
        assert_same(ours, theirs)


def test_what_a_cluster_publishes_stands_at_the_url_that_the_settings_name(on_spark):
    folder, published = DataFolder(on_spark), on_spark.parent / "published"
    named = ("features", f"scores/period={MONTH}-01", f"lists/{MONTH}")
    for name, ours in zip(named, (folder.features, *folder_of(folder)), strict=True):
        there = Path(resolved((published / name).as_uri()).removeprefix("file://"))
        assert digests(there) == digests(ours.resolve()) != {}


def test_a_spark_connect_server_builds_and_scores_what_one_machine_does(on_duckdb, tmp_path):
    data = unbuilt(on_duckdb, tmp_path / "data")
    with connect_server(tmp_path / "server") as spark:
        said = ended(data, spark, "build", "--start", MONTH, "--end", MONTH)
        said += ended(data, spark, "score", "--period", MONTH)
    assert "warn" not in said
    assert_same(features(on_duckdb), features(data))
    for ours, theirs in zip(scores(on_duckdb), scores(data), strict=True):
        assert_same(ours, theirs)


def folder_of(folder: DataFolder) -> tuple[Path, Path]:
    (period,) = folder.snapshot().lists
    return folder.scores_of(period), folder.list_of(period)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_reads_the_rows_to_train_on_that_one_machine_reads(on_duckdb, spark, tmp_path):
    table = DataFolder(on_duckdb).snapshot().built
    con = connect("spark", tmp_path / "scratch", 1, spark.url)
    try:
        by_spark = type(table)(table.folder, reader=con)
        arguments = {"periods": table.periods[10:40:12], "share": 0.5, "only_labelled": True}
        theirs = read_rows(by_spark, **arguments)
    finally:
        con.disconnect()
        # PySpark leaves a socket open until then.
        gc.collect()
    ours = read_rows(table, **arguments)
    assert ours["label"].nunique() == 2
    pd.testing.assert_frame_equal(ours, theirs)


def test_a_cluster_prints_nothing_of_its_own_and_tells_in_one_sentence_that_it_is_not_there(on_duckdb, tmp_path):
    data = unbuilt(on_duckdb, tmp_path / "data")
    run = command(data, Cluster("spark://127.0.0.1:1", []), "build", "--start", MONTH, "--end", MONTH)
    _, said = run.communicate(timeout=600)
    assert run.returncode == 1
    assert "Java" not in said
    assert "Traceback" not in said
    assert "Spark can't be used at spark://127.0.0.1:1" in said.splitlines()[-1]
