"""What operators ask: which settings hold and why, and whether the installation can run."""

import shutil
import sqlite3

import pytest

from features.errors import InputError
from flows import doctor, operation
from flows.origins import told_configuration, told_settings
from flows.settings import load
from reports.review.configuration import read_configuration


def test_each_setting_is_told_with_its_value_and_its_origin(tmp_path, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_REASONS", "7")
    monkeypatch.setenv("WEAKSIGNALS_LIMITS", '{"gone_stop": 0.6}')
    (tmp_path / "weaksignals.toml").write_text("seed = 3\n[limits]\nalerts_stop = 5\n")
    options = {"data": tmp_path, "language": "en", "engine": None}
    told = {one.name: (one.value, one.origin) for one in told_settings(load(**options), options)}
    assert told["data"] == (str(tmp_path), "option")
    assert told["language"] == ("en", "option")
    assert told["engine"] == ("duckdb", "default")
    assert told["reasons"] == ("7", "variable")
    assert told["seed"] == ("3", "weaksignals.toml")
    assert told["limits.alerts_stop"] == ("5.0", "weaksignals.toml")
    assert told["limits.gone_stop"] == ("0.6", "variable")
    assert told["limits.psi_stop"] == ("0.5", "default")


def test_no_secret_is_told(monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_DATABASE", "postgresql+psycopg://user:hunter2@host/db")
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_SECRET", "hunter2" * 5)
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_OIDC_CLIENT_SECRET", "hunter2")
    told = {one.name: one.value for one in told_configuration(read_configuration())}
    assert "hunter2" not in str(told)
    assert told["database"] == "postgresql+psycopg://user:***@host/db"
    assert {told["secret"], told["oidc_client_secret"]} == {"***"}


def found(data, **changes):
    return {finding.what: finding for finding in doctor.findings(load(data=data, **changes))}


def test_a_sound_installation_has_no_problem_and_nothing_is_changed_in_its_folder(tmp_path):
    told = found(tmp_path, memory_gb=1)
    assert {finding.state for finding in told.values()} == {"ok"}
    assert {"versions", "clock", "memory", "folders", "disk", "Prefect", "review", "notifications", "data"} == set(told)
    assert list(tmp_path.iterdir()) == []


def test_files_that_a_run_removes_while_they_are_looked_at_end_nothing(tmp_path):
    for folder in ("received", "scratch"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "gone").symlink_to("nowhere")
        (tmp_path / folder / "there").write_text("1")
    assert {finding.state for finding in found(tmp_path, memory_gb=1).values()} == {"ok"}
    assert doctor._size(tmp_path / "received") == 1 / doctor.GB
    shutil.rmtree(tmp_path / "scratch")
    assert doctor._inside(tmp_path / "scratch") == []


def test_what_can_not_work_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "build.json").write_text("{")
    (tmp_path / "review").mkdir()
    sqlite3.connect(tmp_path / "review" / "review.db").execute("CREATE TABLE other (x)").connection.close()
    told = found(tmp_path, memory_gb=100_000)
    assert "Set memory_gb to" in told["memory"].sentence
    assert told["Prefect"].sentence.endswith("Start it, or unset PREFECT_API_URL.")
    assert "no such table: users" in told["review"].sentence
    assert told["data"].state == "problem"
    assert {told[what].state for what in ("Prefect", "review")} == {"problem"}


def test_problems_end_the_command_with_their_number(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(InputError, match="1 of these is a problem"):
        operation.doctor(tmp_path)


def test_deliveries_that_are_nowhere_are_refused_before_a_server_starts(tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        operation.serve(tmp_path / "nowhere", data=tmp_path)
