"""The record of a run, whatever its end: done, refused, failed, stopped or killed; and no firm is named in it."""

import errno
import html
import json
import os
import re
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from features import store
from features.errors import InputError
from flows import deliveries, stages
from flows.failures import StoppedError
from flows.journal import begun, end_recorded, recorded
from flows.settings import load
from reports.runs.records import runs
from tests.commands import weaksignals
from tests.deliveries import DEBT, faulty, former, sound, write

SIREN = "005520135"


def silent(_step):
    pass


def only_run(settings):
    (record,), damaged = runs(settings.folder)
    assert damaged == []
    return record


def text_of(settings, record, code="en"):
    """What a reader sees of the page of a run."""
    page = (settings.folder.runs / record.run_id / f"index.{code}.html").read_text()
    text = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(text).replace("\u202f", " ").replace("\xa0", " ").split())


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """The settings of a folder in which two runs read deliveries: a sound one, then one with every fault."""
    root = tmp_path_factory.mktemp("house")
    settings = load(data=root / "data", max_rejected_share=0.5)
    for delivered in (former, faulty):
        delivered(root / "raw")
        with recorded(begun(settings, "monthly", date(2024, 2, 1))) as journal:
            journal.step("ingest", stages.ingest, settings, root / "raw", silent)
    return settings


def test_a_run_tells_what_came_in_what_it_took_and_how_it_ended(read):
    (record, before), _ = runs(read.folder)
    assert (record.outcome, record.batch, record.unread) == ("done", "2401", 2)
    assert record.started_at > before.ended_at > before.started_at
    found = {source.source: source for source in record.sources}
    assert (found["debts"].lines, found["debts"].rejected, found["debts"].unread_cells) == (14, 2, 1)
    assert found["debts"].deliveries == {"2311": 20, "2401": 12}
    assert (found["firm_headcounts"].batch, found["firm_headcounts"].months_late) == ("2311", 2)
    assert found["bodacc"].undecided == 2
    assert "payment_delays" in record.missing
    (stage,) = record.stages
    assert stage.name == "ingest"
    assert stage.seconds > 0
    assert stage.cpu_seconds > 0
    assert 50 < stage.peak_mb < 10_000


@pytest.mark.parametrize(
    ("code", "sentences"),
    [
        (
            "en",
            [
                "Monthly run – February 2024",
                "Done outcome",
                "contribution debts (URSSAF) January 2024 1 14 2 1 2016-03-18",
                "contribution debts (URSSAF) 20 12",
                "Files that no source takes, and that were not read: 2.",
                "deliveries read",
            ],
        ),
        (
            "fr",
            [
                "Exécution mensuelle – février 2024",
                "Terminée issue",
                "débits de cotisations (URSSAF) janvier 2024 1 14 2 1 18/03/2016",
                "Fichiers qui ne correspondent à aucune source et n'ont pas été lus : 2.",
                "lecture des livraisons",
            ],
        ),
    ],
)
def test_the_page_of_a_run_says_so_in_both_languages_and_links_to_what_was_read(read, code, sentences):
    settings, record = read, runs(read.folder)[0][0]
    shown = text_of(settings, record, code)
    assert [sentence for sentence in sentences if sentence not in shown] == []
    folder = settings.folder.runs / record.run_id
    links = re.findall(r'href="([^"]+)"', (folder / f"index.{code}.html").read_text())
    assert f"../../received/2401/index.{code}.html" in links
    # As a browser follows them: by name, not by what the folder is a link to.
    assert [link for link in links if not Path(os.path.normpath(folder / link)).exists()] == []
    written = "".join(path.read_text() for path in folder.resolve().iterdir())
    assert SIREN not in written
    assert "dettes_janvier" not in written


@pytest.mark.parametrize(
    ("error", "outcome", "sentence"),
    [
        (
            InputError(f"The firm {SIREN}, or 005 520 135 00012, is not in scope."),
            "refused",
            "The firm …, or …, is not",
        ),
        (OSError(errno.ENOSPC, "No space left on device"), "failed", "The disk is full"),
        (KeyError(f"DUPONT {SIREN}"), "failed", "An error of the program itself, KeyError"),
        (StoppedError(signal.SIGTERM), "stopped", ""),
    ],
    ids=["refused", "disk", "ours", "stopped"],
)
def test_a_run_that_fails_tells_why_in_one_sentence_that_names_no_firm(tmp_path, error, outcome, sentence):
    settings = load(data=tmp_path)

    def fail():
        raise error

    with pytest.raises(type(error)), recorded(begun(settings, "monthly")) as journal:
        journal.step("build", fail)
    record = only_run(settings)
    assert record.outcome == outcome
    assert record.sentence.startswith(sentence)
    assert record.stages[0].seconds is not None
    assert SIREN not in (settings.folder.runs / record.run_id / "index.fr.html").read_text()
    assert "DUPONT" not in record.sentence


def test_deliveries_that_are_refused_are_told_without_what_they_hold(tmp_path):
    settings = load(data=tmp_path / "data")
    folder = sound(tmp_path / "raw")
    # A file without its header: a debt stands where the names of columns should.
    write(folder, "sigfaible_debits.csv", DEBT.format(1), DEBT.format(2))
    done = weaksignals("run", tmp_path / "raw", "--data", settings.data)
    assert done.returncode == 1
    record = only_run(settings)
    assert (record.outcome, record.batch) == ("refused", "2401")
    assert "has no column" in record.sentence
    assert record.links == {"received": "received/2401-refused"}
    assert f"runs/{record.run_id}/index.fr.html" in done.stderr
    assert "n'a pas de colonne" in text_of(settings, record, "fr")
    assert SIREN not in (settings.folder.runs / record.run_id / "run.json").read_text()


KILLED = """
import os, signal
from flows.journal import begun, recorded
from flows.settings import load
from features import store

settings = load()
with store.locked(settings.data), recorded(begun(settings, "monthly")) as journal:
    journal.step("ingest", lambda: None)
    journal.step("build", lambda: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_run_that_was_killed_says_that_it_did_not_end_and_what_it_was_at(tmp_path, monkeypatch):
    monkeypatch.setenv("WEAKSIGNALS_DATA", str(tmp_path))
    settings = load()
    assert subprocess.run([sys.executable, "-c", KILLED], check=False).returncode == -signal.SIGKILL
    assert only_run(settings).outcome == "unfinished"
    assert "did not end" in weaksignals("runs").stdout
    with store.locked(settings.data), recorded(begun(settings, "monthly")):
        pass
    (_, killed), _ = runs(settings.folder)
    assert killed.outcome == "killed"
    assert killed.sentence == "It did not end; what it was at: feature table built."
    assert [stage.seconds is None for stage in killed.stages] == [False, True]
    assert "pas allée à son terme" in text_of(settings, killed, "fr")


def test_a_check_that_passes_leaves_no_record(tmp_path):
    settings = load(data=tmp_path / "data")
    sound(tmp_path / "raw")
    with end_recorded(begun(settings, "monthly")):
        deliveries.check(settings, tmp_path / "raw")
    assert runs(settings.folder) == ([], [])


def test_a_report_that_can_not_be_written_does_not_stop_the_run(tmp_path, capsys):
    settings = load(data=tmp_path)
    settings.folder.runs.write_text("in the way")
    with recorded(begun(settings, "monthly")) as journal:
        assert journal.step("build", lambda: "made") == "made"
    assert "The report of the run can't be written" in capsys.readouterr().err


def test_runs_are_listed_the_last_one_first_with_those_that_can_not_be_read(tmp_path):
    settings = load(data=tmp_path)
    assert "No run is recorded" in weaksignals("runs", "--data", tmp_path).stdout
    with recorded(begun(settings, "retraining")):
        pass
    with pytest.raises(InputError), recorded(begun(settings, "monthly", date(2024, 2, 1))):
        raise InputError("no")
    (settings.folder.runs / "broken").mkdir()
    (settings.folder.runs / "broken" / "run.json").write_text("{")
    shown = weaksignals("runs", "--data", tmp_path).stdout
    lines = [line for line in shown.splitlines() if "UTC" in line]
    assert ["monthly" in lines[0], "2024-02" in lines[0], "refused" in lines[0]] == [True] * 3
    assert ["retraining" in lines[1], "done" in lines[1]] == [True] * 2
    assert "broken/run.json can't be read" in shown


def test_a_log_holds_one_object_a_line_with_the_ids_of_the_run_and_of_its_batch(tmp_path):
    folder = sound(tmp_path / "raw")
    (folder / "sigfaible_debits.csv").unlink()
    data = tmp_path / "data"
    data.mkdir()
    (data / "weaksignals.toml").write_text('log_format = "json"\n')
    done = weaksignals("run", tmp_path / "raw", "--data", data)
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    record = only_run(load(data=data))
    of_run = [line for line in lines if line.get("run_id") == record.run_id]
    assert of_run[-1]["level"] == "error"
    assert of_run[-1]["batch"] == "2401"
    assert {"at", "level", "message"} <= set(lines[0])
    assert SIREN not in done.stderr
