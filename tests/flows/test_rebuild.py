"""A published list is made again from what it was made of, to the same bytes; or it is told what differs."""

import gzip
import shutil
from dataclasses import replace

import pytest

from features.manifests import read_manifest
from flows.rebuild import compared
from reports.made_of import read_made_of
from tests.commands import weaksignals

pytestmark = pytest.mark.slow
PERIOD = "2024-03"


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
def house(tmp_path_factory):
    """A data folder with the lists of two months: by hand, then from the inbox, one file of which came late."""
    root = tmp_path_factory.mktemp("house")
    data, raw = root / "data", root / "data" / "raw"
    raw.mkdir(parents=True)
    (data / "weaksignals.toml").write_text("[inbox]\nquiet_seconds = 0\n")
    assert weaksignals("simulate", raw, "--firms", 1000).returncode == 0
    assert weaksignals("run", raw, "--data", data).returncode == 0
    drop = dropped(raw / "2401_simulated", root / "drop")
    (drop / "sigfaible_debits.csv").rename(root / "sigfaible_debits.csv")
    inbox = ("inbox", drop, "--simulated", "--data", data, "--run", "--received")
    early = weaksignals(*inbox, "2024-02-24")
    assert "awaited: contribution debts (URSSAF).\n" in early.stdout, early.stderr
    (root / "sigfaible_debits.csv").rename(drop / "sigfaible_debits.csv")
    late = weaksignals(*inbox, "2024-02-27")
    assert "The run of 2024-03 starts. All sources that it waits for are there." in late.stdout, late.stderr
    assert (data / "lists" / PERIOD / "target_list.parquet").exists(), late.stderr
    return data


@pytest.fixture(scope="module")
def rebuilt(house):
    """What `weaksignals rebuild` said of the newest list."""
    return weaksignals("rebuild", PERIOD, "--data", house)


def test_a_list_is_made_again_to_the_same_bytes(house, rebuilt):
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert f"The same bytes in all 5 files of the list of {PERIOD}" in rebuilt.stdout
    assert read_manifest(house / "raw" / "2402_simulated").of("sigfaible_debits.csv").received_on.day == 27
    record = read_made_of(house / "lists" / PERIOD)
    assert [name for name in record.earlier if "lists/" in name] == ["lists/2024-02/target_list.parquet"]


def test_another_code_version_or_content_is_told(house, rebuilt, tmp_path):
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


def test_what_is_missing_or_another_than_it_was_is_told_before_anything_is_read(house):
    path = house / "raw" / "2402_simulated" / "sigfaible_debits.csv"
    former = house / "lists" / "2024-02" / "target_list.parquet"
    contents = {one: one.read_bytes() for one in (path, former)}
    try:
        for one, content in contents.items():
            one.write_bytes(content + b"\n")
        done = weaksignals("rebuild", PERIOD, "--data", house)
    finally:
        for one, content in contents.items():
            one.write_bytes(content)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{path} is another file than it was." in done.stderr
    assert f"{former}, which it tells of, is another file than it was: it was published anew since" in done.stderr


def test_a_list_without_a_record_can_not_be_made_again(house, tmp_path):
    path = (house / "lists" / PERIOD / "made_of.json").resolve()
    path.rename(tmp_path / "made_of.json")
    try:
        done = weaksignals("rebuild", PERIOD, "--data", house)
    finally:
        shutil.move(tmp_path / "made_of.json", path)
    assert (done.returncode, "their lists can't be made again exactly" in done.stderr) == (1, True), done.stderr
