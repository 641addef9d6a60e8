"""A run and Prefect's server: it is started, ends with the run, and is not missed where it is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from flows import prefect_server
from flows.settings import load
from reports.runs.records import runs
from tests.commands import started
from tests.deliveries import sound


def demo(data, **variables):
    return started("demo", "--firms", "200", "--language", "en", "--data", data, variables=variables)


def children(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def until(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def server_of(run):
    assert until(lambda: children(run.pid) or run.poll() is not None)
    return children(run.pid)[0]


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are looked up in /proc (Linux)")


@needs_proc
def test_a_run_that_is_killed_leaves_no_server_behind(tmp_path):
    run = demo(tmp_path)
    server = server_of(run)
    run.send_signal(signal.SIGKILL)
    run.communicate()
    assert until(lambda: not is_alive(server))


def test_a_run_whose_server_can_not_be_reached_stops_where_the_settings_say_so(tmp_path):
    run = demo(tmp_path, PREFECT_API_URL="http://127.0.0.1:9/api", WEAKSIGNALS_NEEDS_PREFECT="true")
    _, said = run.communicate(timeout=300)
    assert run.returncode == 1
    assert "Prefect's server at http://127.0.0.1:9/api does not answer. Start it again" in said
    (record,), _ = runs(load(data=tmp_path / "demo").folder)
    assert (record.outcome, record.sentence.startswith("Prefect's server at ")) == ("refused", True)
    assert "Traceback" not in said


@pytest.mark.slow
def test_a_run_shows_its_report_on_the_server_that_is_named_and_its_log_is_json_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    url = f"http://127.0.0.1:{(port := prefect_server._free_port())}/api"
    server = subprocess.Popen([sys.executable, "-m", "flows.prefect_server", str(port)], stdin=subprocess.PIPE)
    try:
        assert until(lambda: prefect_server.answers(url))
        sound(tmp_path / "raw")
        variables = {"PREFECT_API_URL": url, "WEAKSIGNALS_LOG_FORMAT": "json"}
        run = started("run", tmp_path / "raw", "--language", "en", "--data", tmp_path / "data", variables=variables)
        _, said = run.communicate(timeout=300)
        assert run.returncode == 1
        lines = [json.loads(line) for line in said.splitlines()]
        shown = httpx2.post(f"{url}/artifacts/filter", json={}, timeout=60).json()
    finally:
        server.communicate(b"", timeout=60)
    (report,) = [one["data"] for one in shown if one["key"] == "run"]
    assert report.startswith("**monthly run – refused** (")
    assert "No firm is in scope" in report
    (record,), _ = runs(load(data=tmp_path / "data").folder)
    assert {line["run_id"] for line in lines[-2:]} == {record.run_id}


@needs_proc
@pytest.mark.slow
@pytest.mark.nightly
def test_a_run_whose_server_is_lost_goes_on_without_it(tmp_path):
    # A file with a bad line ends this run early: at its second attempt, without Prefect.
    run = demo(tmp_path, WEAKSIGNALS_MAX_REJECTED_SHARE="0")
    server = server_of(run)
    assert until(lambda: list((tmp_path / "demo" / "raw").glob("*")))
    os.kill(server, signal.SIGKILL)
    shown, said = run.communicate(timeout=600)
    assert "Prefect's server was lost. The run goes on without it." in said
    assert "more than 0%; the last good state stays" in said.split("The run goes on without it.")[1]
    assert run.returncode == 1
    assert "Traceback" not in said + shown
