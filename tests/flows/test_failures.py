"""What the environment does to a run - a full disk, a stop signal, a closed output - is told in one sentence."""

import os
import resource
import signal

import pytest

from flows.failures import sentence_of
from tests.commands import started, weaksignals


def with_a_disk_of(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def test_a_full_disk_is_told_and_leaves_nothing_half_written(tmp_path):
    run = started("simulate", tmp_path / "raw", "--firms", 200, preexec_fn=with_a_disk_of(20_000))
    _, said = run.communicate(timeout=300)
    assert run.returncode == 1
    assert "Traceback" not in said
    assert "The disk is full" in said
    assert not list((tmp_path / "raw").glob("[0-9]*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stop_signal_is_told_and_leaves_nothing_half_written(number, code, tmp_path):
    run = started("simulate", tmp_path / "raw", "--firms", 100_000)
    # The first step is told: it is at work.
    assert run.stderr.readline()
    run.send_signal(number)
    _, said = run.communicate(timeout=300)
    assert run.returncode == code
    assert f"Stopped ({number.name})" in said
    assert "Traceback" not in said
    assert not list((tmp_path / "raw").glob("[0-9]*"))


def test_an_output_that_nobody_reads_any_more_ends_the_command_without_a_traceback(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    run = started("dictionary", "--out", tmp_path, stdout=writing)
    os.close(writing)
    _, said = run.communicate(timeout=300)
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert run.returncode == 1


def test_brackets_in_a_path_are_told_as_they_are(tmp_path):
    data = tmp_path / "a [bold]b[/bold] é 100%"
    run = started("build", "--data", data)
    _, said = run.communicate(timeout=300)
    assert run.returncode == 1
    assert "Traceback" not in said
    assert str(data) in said


def test_an_error_of_our_own_keeps_its_traceback():
    assert sentence_of(KeyError("siren")) is None
    assert "not enough memory" in sentence_of(MemoryError())
    assert "/x: Permission denied" in sentence_of(PermissionError(13, "Permission denied", "/x"))


def test_a_database_that_can_not_be_used_is_told_in_a_sentence(tmp_path):
    (tmp_path / "review").mkdir()
    (tmp_path / "review" / "review.db").write_bytes(b"no database" * 500)
    done = weaksignals("verdicts", "export", "--data", tmp_path)
    assert done.returncode == 1
    assert "file is not a database" in done.stderr
    assert "weaksignals doctor" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cluster_that_fails_is_told_by_its_cause_and_where_it_said_more():
    errors = pytest.importorskip("pyspark.errors", reason="the extra spark is not installed")
    told = sentence_of(errors.PySparkException("Job aborted.\nDriver stacktrace:\n\tat java.lang.Thread.run"))
    assert told is not None
    assert told.startswith("The Spark cluster failed (Job aborted). What it said is in spark.log of the data folder.")
