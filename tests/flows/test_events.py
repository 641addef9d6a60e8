"""OpenLineage events of a run: in a file, to a collector, and never in the way of the run."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

import pytest

from features.errors import InputError
from flows import stages
from flows.events import EVENTS
from flows.journal import begun, recorded
from flows.settings import load
from tests.deliveries import sound


def silent(_step):
    pass


def read_deliveries(settings, raw):
    with recorded(begun(settings, "monthly", date(2024, 2, 1))) as journal:
        journal.step("ingest", stages.ingest, settings, raw, silent)


@pytest.fixture
def raw(tmp_path):
    sound(tmp_path / "raw")
    return tmp_path / "raw"


def test_a_run_and_its_stages_tell_what_they_read_and_wrote_in_a_file(raw, tmp_path):
    settings = load(data=tmp_path / "data")
    read_deliveries(settings, raw)
    events = [json.loads(line) for line in (settings.folder.runs / EVENTS).read_text().splitlines()]
    assert [(event["job"]["name"], event["eventType"]) for event in events] == [
        ("monthly", "START"),
        ("monthly.ingest", "START"),
        ("monthly.ingest", "COMPLETE"),
        ("monthly", "COMPLETE"),
    ]
    run, _, ingest, ended = events
    assert UUID(run["run"]["runId"])
    assert run["run"]["runId"] == ended["run"]["runId"] == ingest["run"]["facets"]["parent"]["run"]["runId"]
    data = str((tmp_path / "data").resolve())
    # Batches may lie outside of the data folder, as here.
    assert [(one["namespace"], one["name"]) for one in ingest["inputs"]] == [("weaksignals", "deliveries/2401")]
    assert f"{data}/staged/debts" in {dataset["name"] for dataset in ingest["outputs"]}


def test_a_run_that_is_refused_tells_why(raw, tmp_path):
    settings = load(data=tmp_path / "data")
    with pytest.raises(InputError), recorded(begun(settings, "monthly")) as journal:
        journal.step("train", refuse)
    *_, stage, ended = (json.loads(line) for line in (settings.folder.runs / EVENTS).read_text().splitlines())
    assert (stage["job"]["name"], stage["eventType"]) == ("monthly.train", "FAIL")
    assert ended["eventType"] == "FAIL"
    assert ended["run"]["facets"]["errorMessage"]["message"] == "No model is good enough."


def refuse():
    raise InputError("No model is good enough.")


def test_a_collector_gets_the_events_with_the_key(raw, tmp_path):
    posted = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, self.headers["Authorization"], json.loads(body)["eventType"]))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        settings = load(data=tmp_path / "data", openlineage_url=url, openlineage_key="our-key")
        read_deliveries(settings, raw)
        server.shutdown()
    assert {(path, key) for path, key, _ in posted} == {("/api/v1/lineage", "Bearer our-key")}
    assert [state for *_, state in posted] == ["START", "START", "COMPLETE", "COMPLETE"]
    assert not (settings.folder.runs / EVENTS).exists()


def test_a_collector_that_does_not_answer_is_told_once_and_the_run_goes_on(raw, tmp_path, capsys):
    settings = load(data=tmp_path / "data", openlineage_url="http://127.0.0.1:9", openlineage_key="our-key")
    read_deliveries(settings, raw)
    assert (settings.folder.staged / "debts").exists()
    told = capsys.readouterr().err
    assert told.count("OpenLineage events can't be written") == 1
    assert "our-key" not in told
