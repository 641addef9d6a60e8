"""A back-up is of one moment, while a run publishes and agents answer; what is restored is what was there, or nothing."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import time
from contextlib import closing

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from features import store
from features.errors import InputError
from flows import holding
from flows.archive import DATA, RECORD, SUMS
from flows.backup import back_up
from flows.restoring import restore
from reports.review.database import AuditEntry, now, open_database
from tests.commands import killed_while, started, weaksignals
from tests.reports.review.test_database import postgresql  # noqa: F401 - a fixture

HERE = make_url("sqlite:///nowhere.db")


def files_of(data):
    """Everything that a data folder holds, by name: where a link points, or what a file holds."""
    found = {}
    for path in data.rglob("*"):
        if path.name != store.LOCK and (path.is_symlink() or path.is_file()):
            found[str(path.relative_to(data))] = str(path.readlink()) if path.is_symlink() else path.read_bytes()
    return found


def publish(target, **contents):
    with store.new_folder(target) as fresh:
        for name, content in contents.items():
            (fresh / name).write_text(content)


@pytest.fixture
def data(tmp_path):
    """A folder with a blank, an accent, a per cent sign and brackets in its name."""
    root = tmp_path / "data é 100% [a]"
    publish(root / "features", record="table")
    publish(root / "lists" / "2024-02", rows="firms")
    (root / "weaksignals.toml").write_text("seed = 3\n")
    (root / "raw" / "2401").mkdir(parents=True)
    (root / "raw" / "2401" / "debts.csv").write_text("1;2\n")
    return root


def test_what_is_restored_elsewhere_is_what_was_there_but_for_working_files(data, tmp_path):
    kept = files_of(data)
    for name in ("scratch/part", ".prefect/prefect.db", ".versions/features-half/part", ".lock"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("working")
    made = weaksignals("backup", tmp_path / "copy.tar", "--data", data)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "copy.tar").stat().st_mode & 0o777 == 0o600
    done = weaksignals("restore", tmp_path / "copy.tar", "--data", tmp_path / "moved")
    assert done.returncode == 0, done.stderr
    assert files_of(tmp_path / "moved") == kept
    assert (tmp_path / "moved" / "lists" / "2024-02" / "rows").read_text() == "firms"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.tar", data.name, "moved"]


def test_links_that_somebody_made_are_restored_as_what_they_lead_to(data, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "old.csv").write_text("old")
    (data / "raw" / "2312").symlink_to(tmp_path / "disk")
    (data / "raw" / "around").symlink_to(data)
    os.mkfifo(data / "pipe")
    back_up(data, HERE, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "moved", HERE)
    assert not (tmp_path / "moved" / "raw" / "2312").is_symlink()
    assert (tmp_path / "moved" / "raw" / "2312" / "old.csv").read_text() == "old"
    assert not (tmp_path / "moved" / "pipe").exists()


ANSWERING = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60) as connection:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE one (n INTEGER)")
    connection.execute("CREATE TABLE other (n INTEGER)")
    print("ready", flush=True)
    n = 0
    while True:
        n += 1
        connection.execute("BEGIN")
        connection.execute("INSERT INTO one VALUES (?)", [n])
        connection.execute("INSERT INTO other VALUES (?)", [n])
        connection.execute("COMMIT")
"""
PUBLISHING = """
import sys
from pathlib import Path
from features import store
n = 0
while True:
    n += 1
    for name in ("scores", "lists"):
        with store.new_folder(Path(sys.argv[1]) / name / "2024-02") as fresh:
            for part in "abcdefgh":
                (fresh / part).write_text(str(n))
    if n == 1:
        print("ready", flush=True)
"""


def at_work(program, *arguments):
    run = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    assert run.stdout.readline() == "ready\n"
    return run


def test_a_database_that_agents_write_to_is_copied_as_of_one_moment(data, tmp_path):
    (data / "review").mkdir()
    agents = at_work(ANSWERING, data / "review" / "review.db")
    try:
        time.sleep(0.2)
        back_up(data, HERE, tmp_path / "copy.tar")
    finally:
        agents.kill()
        agents.communicate()
    restore(tmp_path / "copy.tar", tmp_path / "moved", HERE)
    assert [path.name for path in (tmp_path / "moved" / "review").iterdir()] == ["review.db"]
    with closing(sqlite3.connect(tmp_path / "moved" / "review" / "review.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (one,) = connection.execute("SELECT max(n) FROM one").fetchone()
        (other,) = connection.execute("SELECT max(n) FROM other").fetchone()
    assert one == other > 0


def test_what_a_run_publishes_meanwhile_is_whole_and_of_one_moment(data, tmp_path):
    run = at_work(PUBLISHING, data)
    try:
        for number in range(5):
            back_up(data, HERE, tmp_path / f"{number}.tar")
    finally:
        run.kill()
        run.communicate()
    for number in range(5):
        moved = tmp_path / f"moved-{number}"
        restore(tmp_path / f"{number}.tar", moved, HERE)
        (scores,), (lists,) = (
            {path.read_text() for path in (moved / name / "2024-02").iterdir()} for name in ("scores", "lists")
        )
        # As a run that was killed leaves it: scores are published before the list.
        assert int(scores) - int(lists) in (0, 1)
        assert len(list((moved / "lists" / "2024-02").iterdir())) == 8


def test_a_folder_that_is_replaced_while_it_is_looked_through_is_looked_through_again(data, monkeypatch):
    replaced, look = [], holding._file

    def replace_first(path):
        if path.name == "record" and not replaced:
            replaced.append(path)
            publish(data / "features", record="newer table")
        return look(path)

    monkeypatch.setattr(holding, "_file", replace_first)
    found = holding.places(data)
    assert replaced
    assert not replaced[0].exists()
    assert found["features"].link
    assert all(place.path.exists() for place in found.values())


def test_a_link_that_leads_nowhere_is_named(data, tmp_path, monkeypatch):
    (data / "raw" / "lost.csv").symlink_to(tmp_path / "nowhere")
    monkeypatch.setattr(holding.time, "sleep", lambda seconds: None)
    with pytest.raises(InputError, match=r"lost\.csv .* leads nowhere"):
        back_up(data, HERE, tmp_path / "copy.tar")
    assert [path.name for path in tmp_path.iterdir()] == [data.name]


def test_a_back_up_and_a_restoration_that_are_killed_leave_nothing_and_are_done_again(data, tmp_path):
    with (data / "raw" / "2401" / "large.csv").open("wb") as large:
        large.truncate(400_000_000)
    target, moved = tmp_path / "away" / "copy.tar", tmp_path / "new" / "moved"
    killed_while(started("backup", target, "--data", data), lambda: any(target.parent.glob(".copy.tar.*")))
    assert not target.exists()
    assert weaksignals("backup", target, "--data", data).returncode == 0
    assert list(target.parent.iterdir()) == [target]
    half = moved.parent
    killed_while(started("restore", target, "--data", moved), lambda: any(half.glob(".moved.restored-*/data/raw/*/*")))
    assert not moved.exists()
    assert weaksignals("restore", target, "--data", moved).returncode == 0
    assert list(half.iterdir()) == [moved]
    assert (moved / "raw" / "2401" / "large.csv").stat().st_size == 400_000_000


def cut(path):
    os.truncate(path, path.stat().st_size * 2 // 3)


def garble(path):
    content = path.read_bytes()
    path.write_bytes(content.replace(b"firms", b"FIRMS", 1))


def lose_a_file(path):
    rewrite(path, lambda name: name != f"{DATA}weaksignals.toml")


def rewrite(path, keep, *more):
    with tarfile.open(path) as archive:
        kept = [(one, archive.extractfile(one).read() if one.isfile() else b"") for one in archive if keep(one.name)]
    with tarfile.open(path, "w") as archive:
        for entry, content in [*kept, *more]:
            archive.addfile(entry, io.BytesIO(content))


@pytest.mark.parametrize("harm", [cut, garble, lose_a_file])
def test_a_damaged_back_up_restores_nothing(data, tmp_path, harm):
    back_up(data, HERE, tmp_path / "copy.tar")
    harm(tmp_path / "copy.tar")
    done = weaksignals("restore", tmp_path / "copy.tar", "--data", tmp_path / "moved")
    assert done.returncode == 1
    assert f"{tmp_path / 'copy.tar'} is damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "moved").exists()
    assert not list(tmp_path.glob(".moved*"))


@pytest.mark.parametrize(
    ("name", "link"),
    [("../evil", ""), ("data/evil", "../../../evil"), ("data/evil", "/etc/passwd"), ("/tmp/evil", "")],  # noqa: S108
)
def test_nothing_is_written_outside_of_the_folder(data, tmp_path, name, link):
    back_up(data, HERE, tmp_path / "copy.tar")
    entry = tarfile.TarInfo(name)
    if link:
        entry.type, entry.linkname = tarfile.SYMTYPE, link
    rewrite(tmp_path / "copy.tar", lambda name: name != SUMS, (entry, b""))
    with pytest.raises(InputError, match="is damaged"):
        restore(tmp_path / "copy.tar", tmp_path / "house" / "moved", HERE)
    assert list((tmp_path / "house").iterdir()) == []
    assert not (tmp_path / "evil").exists()


def test_what_would_replace_something_is_refused_with_what_to_do(data, tmp_path):
    back_up(data, HERE, tmp_path / "copy.tar")
    for call, sentence in (
        (lambda: back_up(data, HERE, tmp_path / "copy.tar"), "is there already"),
        (lambda: back_up(data, HERE, data / "copy.tar"), "is in the data folder itself"),
        (lambda: back_up(tmp_path / "nowhere", HERE, tmp_path / "other.tar"), "is not a folder"),
        (lambda: restore(tmp_path / "copy.tar", data, HERE), "is not empty: nothing is replaced"),
    ):
        with pytest.raises(InputError, match=sentence):
            call()
    (tmp_path / "text.tar").write_text("no archive")
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(data / "weaksignals.toml", "weaksignals.toml")
    for name, sentence in (("text.tar", "is damaged"), ("other.tar", "is no back-up of weaksignals")):
        with pytest.raises(InputError, match=sentence):
            restore(tmp_path / name, tmp_path / "moved", HERE)


def test_a_database_elsewhere_is_in_the_back_up_too(data, tmp_path):
    elsewhere = make_url(f"sqlite:///{tmp_path / 'own.db'}")
    open_database(elsewhere.render_as_string()).dispose()
    back_up(data, elsewhere, tmp_path / "copy.tar")
    restore(tmp_path / "copy.tar", tmp_path / "moved", elsewhere)
    with closing(sqlite3.connect(tmp_path / "moved" / "review" / "review.db")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def created(server, name):
    admin = sa.create_engine(server + "postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return server + name


def actions(url):
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = list(connection.execute(sa.select(AuditEntry.action)).scalars())
    engine.dispose()
    return found


def test_a_postgresql_database_is_dumped_and_an_empty_one_is_filled(data, tmp_path, postgresql, monkeypatch):  # noqa: F811
    url, other = created(postgresql, "kept"), created(postgresql, "filled")
    engine = open_database(url)
    with engine.begin() as connection:
        row = {"at": now(), "by": "camille", "address": "::1", "action": "sign_in", "path": "/", "outcome": "done"}
        connection.execute(sa.insert(AuditEntry), row)
    engine.dispose()
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_DATABASE", url)
    assert weaksignals("backup", tmp_path / "copy.tar", "--data", data).returncode == 0
    refused = weaksignals("restore", tmp_path / "copy.tar", "--data", tmp_path / "moved")
    assert refused.returncode == 1
    assert "/kept is not empty: nothing is replaced. Name an empty database." in refused.stderr
    assert not (tmp_path / "moved").exists()
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_DATABASE", other)
    done = weaksignals("restore", tmp_path / "copy.tar", "--data", tmp_path / "moved")
    assert done.returncode == 0, done.stderr
    assert actions(other) == ["sign_in"]
    # What keeps the log from being changed is restored too.
    engine = sa.create_engine(other)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.delete(AuditEntry))
    engine.dispose()
    monkeypatch.delenv("WEAKSIGNALS_REVIEW_DATABASE")
    left = weaksignals("restore", tmp_path / "copy.tar", "--data", tmp_path / "by hand")
    assert left.returncode == 0, left.stderr
    assert "pg_restore" in left.stdout
    assert (tmp_path / "by hand" / "review.pgdump").exists()


def test_the_archive_says_first_what_it_holds_and_last_the_sum_of_each_file(data, tmp_path):
    made = back_up(data, HERE, tmp_path / "copy.tar")
    with tarfile.open(tmp_path / "copy.tar") as archive:
        names = archive.getnames()
        told = json.loads(archive.extractfile(RECORD).read())
        sums = json.loads(archive.extractfile(SUMS).read())
    assert (names[0], names[-1]) == (RECORD, SUMS)
    assert (told["files"], told["size"], told["has_dump"]) == (made.files, made.size, False)
    assert len(sums["files"]) == made.files == 4
    assert set(sums["links"]) == {f"{DATA}features", f"{DATA}lists/2024-02"}
