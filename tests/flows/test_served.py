"""The flows as Prefect serves them: what they take, when they run, and a run that a schedule starts."""

import asyncio
import shutil
import signal
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pandas as pd
import pytest
import yaml
from prefect.server.schemas.schedules import CronSchedule

from features.arrivals import delivery_month
from flows import served
from flows.inbox import time_of
from tests.commands import started, weaksignals
from tests.deliveries import sound
from tests.flows.test_backup import created
from tests.reports.review.test_database import postgresql  # noqa: F401 - a fixture

ROOT = Path(served.__file__).parents[1]


def test_prefect_yaml_tells_a_server_what_serve_does():
    told = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    found = {one["entrypoint"]: one for one in told}
    for made in served.deployments(Path("/srv/deliveries"), Path("/srv/data"), Path("/srv/drop")):
        one = found.pop(made.entrypoint)
        assert one["name"] == made.name
        assert one["parameters"] == made.parameters
        schedules = [{"cron": one.schedule.cron, "timezone": served.ZONE} for one in made.schedules]
        assert one["schedules"] == schedules
    assert found == {}


def test_the_monthly_run_is_due_once_each_month_also_on_days_on_which_the_clock_changes():
    schedule = CronSchedule(cron=served.SCHEDULES["monthly"], timezone=served.ZONE)
    start, end = (datetime(year, 1, 1, tzinfo=UTC) for year in (2026, 2031))
    days = [(one.year, one.month, one.day) for one in asyncio.run(schedule.get_dates(n=1000, start=start, end=end))]
    # At two o'clock on 25 October 2026 clocks go back to two; on 25 March 2029 there is no such hour.
    assert days == [(year, month, 25) for year in range(2026, 2031) for month in range(1, 13)]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Api:
    """The API of a Prefect server."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}/api"

    def post(self, path, content=None):
        """The answer; a server that is busy is asked again."""
        while True:
            answer = httpx2.post(f"{self.url}{path}", json=content or {}, timeout=60)
            if answer.status_code != httpx2.codes.SERVICE_UNAVAILABLE:
                return answer
            time.sleep(1)

    def deployments(self):
        """By the name of their flow; none as long as the server does not answer."""
        try:
            found = self.post("/deployments/filter").json()
        except httpx2.HTTPError:
            return {}
        return {one["entrypoint"].rpartition(".")[2]: one["id"] for one in found}

    def ended_run(self, deployment):
        """A run of a deployment that has ended, None as long as there is none: schedules start others at their times."""
        runs = self.post("/flow_runs/filter", {"deployments": {"id": {"any_": [deployment]}}}).json()
        return next((run for run in runs if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED")), None)

    def start_soon(self, deployment):
        """Add a schedule whose first date is near, to those that are months or minutes away."""
        near = {"interval": 86400, "anchor_date": (datetime.now(UTC) + timedelta(seconds=20)).isoformat()}
        assert self.post(f"/deployments/{deployment}/schedules", [{"active": True, "schedule": near}]).is_success

    def artifacts(self):
        return {one["key"] for one in self.post("/artifacts/filter").json()}


def until(found, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(1)
    raise AssertionError(f"Not within {seconds} seconds.")


# As much as a model of usual size needs of 1,000 firms.
LONGER = {"WEAKSIGNALS_HISTORY_MONTHS": "84", "WEAKSIGNALS_EVERY_MONTHS": "3"}


@pytest.mark.slow
@pytest.mark.nightly
def test_a_schedule_starts_a_run_that_publishes_a_list_and_its_artifacts(tmp_path):
    raw, data, port = tmp_path / "raw", tmp_path / "data", free_port()
    assert weaksignals("simulate", raw, "--firms", 1000).returncode == 0
    server = started("serve", raw, "--port", port, "--data", data, variables=LONGER, stdout=None, stderr=None)
    api = Api(port)
    try:
        deployed = until(lambda: len(found := api.deployments()) == len(served.SCHEDULES) - 1 and found, 300)
        monthly = f"/deployments/{deployed['monthly']}"
        refused = api.post(f"{monthly}/create_flow_run", {"parameters": {"raw": str(raw), "period": "24-02"}})
        assert refused.status_code == 409
        assert "period" in refused.text
        api.start_soon(deployed["monthly"])
        run = until(lambda: api.ended_run(deployed["monthly"]), 900)
        assert run["state_type"] == "COMPLETED", run["state"]
        assert run["auto_scheduled"]
        assert {"received", "feature-table", "model-card", "target-list", "monitoring", "run"} <= api.artifacts()
        (listed,) = data.glob("lists/*/target_list.parquet")
        assert len(pd.read_parquet(listed)) > 50
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) in (0, 143)


@pytest.mark.slow
@pytest.mark.nightly
def test_on_postgresql_the_inbox_files_what_was_dropped_and_starts_the_run_of_the_month(
    tmp_path,
    postgresql,  # noqa: F811
):
    database = created(postgresql, "prefect").replace("+psycopg", "+asyncpg")
    drop, raw, data, port = tmp_path / "drop", tmp_path / "raw", tmp_path / "data", free_port()
    month = delivery_month(time_of(None).date(), delivery_day=25, early_days=0)
    assert weaksignals("simulate", tmp_path / "made", "--firms", 1000, "--end", f"{month:%Y-%m}").returncode == 0
    shutil.copytree(tmp_path / "made" / f"{month:%y%m}_simulated", drop)
    raw.mkdir()
    data.mkdir()
    (data / "weaksignals.toml").write_text('[inbox]\nquiet_seconds = 0\nearly_days = 0\nrequired = ["debts"]\n')
    at = {**LONGER, "PREFECT_API_DATABASE_CONNECTION_URL": database}
    given = ("--port", port, "--data", data, "--inbox", drop)
    server, api = started("serve", raw, *given, variables=at, stdout=None, stderr=None), Api(port)
    try:
        deployed = until(lambda: len(found := api.deployments()) == len(served.SCHEDULES) and found, 300)
        api.start_soon(deployed["inbox"])
        run = until(lambda: api.ended_run(deployed["inbox"]), 900)
        assert run["state_type"] == "COMPLETED", run["state"]
        assert {"received", "feature-table", "model-card", "target-list", "monitoring", "run"} <= api.artifacts()
        assert [path.name for path in drop.iterdir() if not path.name.startswith(".")] == []
        assert len(list(data.glob("lists/*/target_list.parquet"))) == 1
        assert list(data.rglob("prefect.db")) == [], "all that Prefect knows is in PostgreSQL"
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) in (0, 143)


def test_without_a_folder_of_drops_no_inbox_is_served():
    found = served.deployments(Path("/srv/deliveries"), Path("/srv/data"), None)
    assert [one.entrypoint.rpartition(".")[2] for one in found] == ["monthly", "retraining", "monitoring", "reminders"]
    assert all(len(one.schedules) == 1 for one in found)
    (monthly, *_) = served.deployments(Path("/srv/deliveries"), Path("/srv/data"), Path("/srv/drop"))
    assert monthly.schedules == [], "the inbox starts it once its sources are there"


def test_the_flow_of_the_inbox_files_what_was_dropped_and_starts_no_run_before_its_time(tmp_path, capsys):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "weaksignals.toml").write_text("[inbox]\nquiet_seconds = 0\nrun_after_days = 99\n")
    sound(tmp_path / "made", "2401").rename(tmp_path / "drop")
    served.inbox.fn(str(tmp_path / "drop"), str(tmp_path / "raw"), str(tmp_path / "data"))
    assert "sigfaible_debits.csv: filed in " in capsys.readouterr().out
    assert len(list(tmp_path.glob("raw/*/sigfaible_debits.csv"))) == 1
    assert not (tmp_path / "data" / "inbox.json").exists()
