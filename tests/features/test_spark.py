"""What a Spark that fails says is one line on its cause. (What it computes: tests/flows/test_cluster.py.)"""

import shutil

import ibis
import pytest

from features import engine
from features.errors import InputError
from features.spark import active, why


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    con = engine.connect("spark", tmp_path_factory.mktemp("spark") / "scratch", 1)
    yield active()
    con.disconnect()


def of_this_file(batches):
    """What executors can't import: they know our packages, and no file of the tests."""
    yield from batches


FAILURES = {
    "Python of an executor": (
        lambda session, _: session.range(3).mapInArrow(of_this_file, "id long").collect(),
        "ModuleNotFoundError: No module named 'test_spark'",
    ),
    "a file that is not there": (
        lambda session, folder: session.read.parquet(str(folder / "none")).count(),
        "[PATH_NOT_FOUND] Path does not exist: file:",
    ),
    "a folder that can't be written": (
        lambda session, _: session.range(3).write.parquet("/proc/none"),
        "java.io.IOException: Mkdirs failed to create file:/proc/none",
    ),
    "a query": (
        lambda session, _: session.sql("SELECT none FROM nowhere"),
        "[TABLE_OR_VIEW_NOT_FOUND] The table or view `nowhere` cannot be found",
    ),
}


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("failure", FAILURES)
def test_the_cause_of_a_failure_is_one_line_and_nothing_else_is_printed(session, tmp_path, capfd, failure):
    fail, expected = FAILURES[failure]
    with pytest.raises(Exception) as raised:  # noqa: PT011  # Spark's own, of several libraries
        fail(session, tmp_path)
    assert why(raised.value).startswith(expected)
    assert "\n" not in why(raised.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_session_of_which_the_working_files_were_swept_is_begun_anew(session, tmp_path):
    folder = tmp_path / "scratch"
    for _ in range(2):
        con = engine.connect("spark", folder, 1)
        assert active().range(100).selectExpr("id % 7 AS rest").distinct().count() == 7
        shutil.rmtree(folder)
    con.disconnect()


@pytest.mark.nightly
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_spark_leaves_parquet_files_alone_in_a_folder_as_increments_link_them(tmp_path):
    con, folder = engine.connect("spark", tmp_path / "scratch", 1), tmp_path / "written"
    engine.write_parquet(con, ibis.range(3).unnest().name("n").as_table(), folder)
    assert {path.suffix for path in folder.iterdir()} == {".parquet"}
    assert sorted(engine.to_frame(con, engine.read_parquet(con, folder))["n"]) == [0, 1, 2]
    con.disconnect()


def test_what_is_no_error_of_spark_is_told_as_it_is():
    assert why(ValueError("too many\nrows")) == "too many"
    assert why(ValueError()) == "ValueError"


def test_a_master_where_nobody_listens_is_told_at_once(tmp_path):
    pytest.importorskip("pyspark", reason="the extra spark is not installed")
    with pytest.raises(InputError, match=r"Spark can't be used at spark://127.0.0.1:1 \(.*refused\). Start it"):
        engine.connect("spark", tmp_path / "scratch", 1, "spark://127.0.0.1:1")


def test_the_cause_is_what_java_names_last():
    first = "An error occurred while calling o1.parquet.\n: org.apache.spark.SparkException: Job aborted.\n\tat a.b(C.java:1)"
    assert why(ValueError(first)) == "org.apache.spark.SparkException: Job aborted"
    assert (
        why(ValueError(f"{first}\nCaused by: java.io.IOException: No room\n\t... 1 more"))
        == "java.io.IOException: No room"
    )
