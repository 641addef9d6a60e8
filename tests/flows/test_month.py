"""A month as operators live it: a file that is late, one that is broken, one that is corrected; then a list that is wrong.

The right list is published by itself and can be made again to the same bytes; the wrong one is refused and told.
"""

import gzip
import json
import shutil
import threading
from dataclasses import astuple, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from features.assemble import CATALOG
from features.folder import DataFolder
from features.manifests import read_manifest
from flows.rebuild import compared
from models.evaluation.records import DIRECTIONS, SOURCE, THEME
from models.registry import registry
from reports.card.additions import CAPTIONS
from reports.dictionary import source_names
from reports.language import Language
from reports.made_of import read_made_of
from reports.reasons import THEME_WORDS
from tests.economy import SMALL_MODEL, command, made_once

pytestmark = pytest.mark.slow
PERIOD = "2024-03"
DEBTS, HEADCOUNTS = "sigfaible_debits.csv", "sigfaible_effectif_siren.csv"


class Receiver(BaseHTTPRequestHandler):
    """Takes webhooks."""

    def do_POST(self):
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def told():
    """What the operator was told, by webhook; and the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        server.told = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.told, f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def dropped(batch, drop):
    """The files of a batch in the inbox, each in other bytes that say the same."""
    drop.mkdir()
    for path in batch.glob("[!m]*"):
        content = path.read_bytes()
        if path.suffix == ".gz":
            (drop / path.name).write_bytes(gzip.compress(gzip.decompress(content), compresslevel=1, mtime=1))
        else:
            (drop / path.name).write_bytes(content + content.splitlines(keepends=True)[-1])
    return drop


@pytest.fixture(scope="module")
def month(tmp_path_factory, told):
    """A data folder with the list of a month, then what each day of the next month brought."""
    root = tmp_path_factory.mktemp("month")
    data = shutil.copytree(made_once(tmp_path_factory), root / "data", symlinks=True)
    shutil.copytree(made_once(tmp_path_factory).parent / "raw", data / "raw")
    (data / "weaksignals.toml").write_text(
        f'ablations = true\n{SMALL_MODEL}\n[inbox]\nquiet_seconds = 0\n[notify]\nwebhook_url = "{told[1]}"\n'
    )
    for step in ("train", "score"):
        done = command(step, "--data", data)
        assert done.returncode == 0, done.stderr
    drop = dropped(data / "raw" / "2401_simulated", root / "drop")
    (drop / DEBTS).rename(root / DEBTS)
    sound = (drop / HEADCOUNTS).read_bytes()
    (drop / HEADCOUNTS).write_bytes(b"<html>503 Service Unavailable</html>\n")

    def day(number, *more):
        given = ("--simulated", "--data", data, "--run", "--received", f"2024-02-{number}", *more)
        return command("inbox", drop, *given)

    days = {"broken": day(24)}
    (drop / HEADCOUNTS).write_bytes(sound)
    days["corrected"] = day(25)
    (root / DEBTS).rename(drop / DEBTS)
    days["late"] = day(27)
    return data, drop, days


def told_of(card, caption):
    """The cells of the table of that caption, by row."""
    table = card.split(caption)[1].split("\n\n")[1]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_card_tells_what_each_source_and_theme_of_the_catalogue_adds(month):
    """So far as `ablations = true` is set, as here."""
    data, *_ = month
    models, say = DataFolder(data).models, Language("en")
    champion = registry.champion(models).model_id
    metrics, card = registry.metrics_of(models, champion), (models / champion / "card.md").read_text()
    expected = {SOURCE: {}, THEME: {}, DIRECTIONS: {}}
    for part, name, _, adds in map(astuple, metrics.ablations):
        word = source_names([name], say) if part == SOURCE else say.say(THEME_WORDS[name])
        expected[part][word] = [say.number(value, 4) for value in adds[:3]]
    assert len(expected[SOURCE]) == len({source for feature in CATALOG for source in feature.sources})
    assert len(expected[THEME]) == len({feature.theme for feature in CATALOG})
    for part, caption in CAPTIONS.items():
        assert {name: adds for name, _, _, *adds in told_of(card, caption)} == expected[part]
    # Each is a measure of its own.
    assert len({tuple(adds) for adds in expected[SOURCE].values()}) > 1


def test_a_broken_file_is_put_aside_with_why_and_what_is_awaited_is_told(month):
    _, _, days = month
    assert f"{HEADCOUNTS}: quarantined" in days["broken"].stdout, days["broken"].stderr
    assert "awaited: firm headcount (URSSAF), contribution debts (URSSAF)" in days["broken"].stdout
    assert "The run of" not in days["broken"].stdout


def test_what_was_broken_is_corrected_and_the_late_file_starts_the_run(month):
    data, _, days = month
    assert f"{HEADCOUNTS}: filed in 2402_simulated" in days["corrected"].stdout, days["corrected"].stderr
    assert "awaited: contribution debts (URSSAF).\n" in days["corrected"].stdout
    assert "The run of 2024-03 starts. All sources that it waits for are there." in days["late"].stdout
    assert days["late"].returncode == 0, days["late"].stderr
    assert read_manifest(data / "raw" / "2402_simulated").of(DEBTS).received_on.day == 27
    assert (data / "lists" / PERIOD / "target_list.parquet").exists()


def test_a_figure_of_the_list_is_traced_to_the_file_that_came_late(month):
    data, _, _ = month
    document = json.loads((data / "lists" / PERIOD / "target_list.json").read_text())
    reasons = {firm["siren"]: {reason["feature"] for reason in firm["reasons"]} for firm in document["firms"]}
    siren = next(siren for siren, features in reasons.items() if "debt" in features)
    done = command("lineage", siren, "--period", PERIOD, "--feature", "debt", "--data", data)
    assert done.returncode == 0, done.stderr
    assert f"2402_simulated/{DEBTS}" in done.stdout
    assert "List of 2024-03: rank" in done.stdout


@pytest.fixture(scope="module")
def rebuilt(month):
    """What `weaksignals rebuild` said of the newest list."""
    house, *_ = month
    return command("rebuild", PERIOD, "--data", house)


def test_a_list_is_made_again_to_the_same_bytes(month, rebuilt):
    house, *_ = month
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert f"The same bytes in all 5 files of the list of {PERIOD}" in rebuilt.stdout
    assert read_manifest(house / "raw" / "2402_simulated").of("sigfaible_debits.csv").received_on.day == 27
    record = read_made_of(house / "lists" / PERIOD)
    assert [name for name in record.earlier if "lists/" in name] == ["lists/2024-02/target_list.parquet"]


def test_another_code_version_or_content_is_told(month, rebuilt, tmp_path):
    house, *_ = month
    published, made = house / "lists" / PERIOD, house / "rebuilt" / PERIOD / "lists" / PERIOD
    then = read_made_of(published)
    found = compared(published, replace(then, code="abc", versions={**then.versions, "lightgbm": "1.0"}), made)
    assert (len(found.same), found.other, found.altered) == (5, (), ())
    assert found.why[0].startswith("The code is another: abc then, ")
    assert found.why[1].startswith("lightgbm is another version: 1.0 then, ")
    altered = shutil.copytree(published, tmp_path / "altered")
    (altered / "target_list.csv").write_text("x")
    found = compared(altered, then, made)
    assert (found.other, found.altered, found.why) == (("target_list.csv",), ("target_list.csv",), ())


def test_what_is_missing_or_another_than_it_was_is_told_before_anything_is_read(month):
    house, *_ = month
    path = house / "raw" / "2402_simulated" / "sigfaible_debits.csv"
    former = house / "lists" / "2024-02" / "target_list.parquet"
    contents = {one: one.read_bytes() for one in (path, former)}
    try:
        for one, content in contents.items():
            one.write_bytes(content + b"\n")
        done = command("rebuild", PERIOD, "--data", house)
    finally:
        for one, content in contents.items():
            one.write_bytes(content)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{path} is another file than it was." in done.stderr
    assert f"{former}, which it tells of, is another file than it was: it was published anew since" in done.stderr


def test_a_list_without_a_record_can_not_be_made_again(month, tmp_path):
    house, *_ = month
    path = (house / "lists" / PERIOD / "made_of.json").resolve()
    path.rename(tmp_path / "made_of.json")
    try:
        done = command("rebuild", PERIOD, "--data", house)
    finally:
        shutil.move(tmp_path / "made_of.json", path)
    assert (done.returncode, "their lists can't be made again exactly" in done.stderr) == (1, True), done.stderr


# The last one: what it leaves is a table of the month after.
def test_a_wrong_list_is_refused_and_told_and_the_last_one_stays(month, told):
    data, _, _ = month
    batch = data / "raw" / "2403_simulated"
    batch.mkdir()
    lines = (data / "raw" / "2402_simulated" / HEADCOUNTS).read_text().splitlines(keepends=True)
    (batch / HEADCOUNTS).write_text("".join(lines[: len(lines) // 4]))
    before = (data / "lists" / PERIOD / "target_list.csv").read_bytes()
    done = command("run", data / "raw", "--data", data)
    shutil.rmtree(batch)
    assert done.returncode == 1
    assert "Nothing was published for 2024-04" in done.stderr
    assert not (data / "lists" / "2024-04").exists()
    assert (data / "lists" / PERIOD / "target_list.csv").read_bytes() == before
    refusal = told[0][-1]
    assert refusal["outcome"] == "refused"
    assert refusal["period"] == "2024-04"
