"""The tables on SQLite and on a PostgreSQL server that the test starts: the same promises on both."""

import os
import shutil
import socket
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from reports.review import audit, chains, guessing, verdicts
from reports.review.accounts import add_user
from reports.review.app import create_app
from reports.review.cases.briefs import follow_states
from reports.review.cases.notes import notes_of
from reports.review.cases.records import Content, follow_ups_of, save
from reports.review.configuration import read_configuration
from reports.review.data import Reader
from reports.review.database import APPEND_ONLY, AuditEntry, Base, LogCut, Verdict, migrate, now, open_database
from tests.reports.review.conftest import PASSWORD, TestClient, add_accounts, signed_in

# The function that runs a command of the server, and the command but for its last word.
RESTART = []
# A PostgreSQL server refuses to run as root.
NOBODY = "nobody"


def server_binaries() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return places[-1] if places else None


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory):
    binaries = server_binaries()
    if binaries is None:
        pytest.skip("No PostgreSQL server on this machine: apt-get install postgresql")
    pytest.importorskip("psycopg")
    folder = Path(subprocess.run(["mktemp", "-d"], check=True, capture_output=True, text=True).stdout.strip())
    as_nobody = {"user": NOBODY, "group": "nogroup", "extra_groups": []} if os.getuid() == 0 else {}
    if as_nobody:
        shutil.chown(folder, NOBODY)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command: str) -> None:
        with (tmp_path_factory.getbasetemp() / "postgresql.log").open("w") as log:
            subprocess.run(command, check=True, cwd="/", stdout=log, stderr=log, **as_nobody)

    cluster = str(folder / "cluster")
    run(str(binaries / "initdb"), "-D", cluster, "-U", "review", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off"
    run(str(binaries / "pg_ctl"), "-D", cluster, "-o", options, "-l", str(folder / "log"), "-w", "start")
    RESTART[:] = [run, str(binaries / "pg_ctl"), "-D", cluster, "-m", "immediate", "-l", str(folder / "log"), "-w"]
    yield f"postgresql+psycopg://review@127.0.0.1:{port}/"
    run(str(binaries / "pg_ctl"), "-D", cluster, "-m", "immediate", "-W", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'review.db'}"
        return
    server = request.getfixturevalue("postgresql")
    name = f"t{abs(hash(tmp_path))}"
    admin = sa.create_engine(server + "postgres", isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    admin.dispose()
    yield server + name


@pytest.fixture
def engine(url):
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_migrations_lead_to_the_tables_that_the_code_declares(engine):
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_migrating_again_changes_nothing(engine):
    migrate(engine)
    assert set(APPEND_ONLY) <= set(sa.inspect(engine).get_table_names())


def test_an_instant_is_read_as_it_was_written_in_any_time_zone(engine):
    at = datetime(2024, 2, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    with sa.orm.Session(engine) as db, db.begin():
        db.add(AuditEntry(at=at, by="x", address="", action="", path="", outcome=""))
    with sa.orm.Session(engine) as db:
        read = db.scalar(sa.select(AuditEntry.at))
    assert (read, read.tzinfo) == (at, UTC)


@pytest.mark.parametrize("change", ["DELETE FROM audit", "UPDATE audit SET by = 'me'"])
def test_the_log_can_not_be_rewritten(engine, change):
    with sa.orm.Session(engine) as db, db.begin():
        db.add(AuditEntry(by="x", address="", action="", path="", outcome=""))
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.text(change))


def lines(engine):
    with sa.orm.Session(engine) as db:
        return list(db.scalars(sa.select(AuditEntry.by).order_by(AuditEntry.id)))


def test_a_line_leaves_the_log_only_where_a_cut_tells_so_and_never_one_of_the_last_six_months(engine):
    with sa.orm.Session(engine) as db, db.begin():
        for by, days in (("old", 800), ("recent", 100)):
            at = now() - timedelta(days=days)
            db.add(AuditEntry(at=at, by=by, address="", action="", path="", outcome=""))
    delete_old = sa.delete(AuditEntry).where(AuditEntry.by == "old")
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(delete_old)
    with pytest.raises(sa.exc.DatabaseError, match="six months"), engine.begin() as connection:
        connection.execute(sa.insert(LogCut).values(by="x", up_to=now()))
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(lambda _: audit.shorten(engine, 12), range(4))) == [0, 0, 0, 1]
    assert lines(engine) == ["recent", audit.RULE]
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(sa.delete(AuditEntry))
    for change in (sa.delete(LogCut), sa.update(LogCut).values(by="me")):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(change)


def test_of_eight_answers_to_one_page_at_once_one_is_kept_and_seven_are_told(engine, data_template):
    published = Reader(data_template).published(None)

    def answer(n: int) -> bool:
        try:
            verdicts.give_verdict(engine, "552100554", published, f"agent {n}", 0, "yes", "", "")
        except chains.OvertakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        kept = list(pool.map(answer, range(8)))
    assert kept.count(True) == 1
    with sa.orm.Session(engine) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Verdict)) == 1


def test_an_agent_s_morning(url, data_template):
    """Signing in, reading, answering and correcting, through the application."""
    app = create_app(read_configuration(data=data_template, database=url, is_local=True))
    add_accounts(app)
    agent = signed_in(app, "paris")
    for follows in (0, 1):
        fields = {"follows": follows, "is_useful": "no", "reason": "seasonal", "note": f"avis {follows}"}
        assert agent.post("/firms/552100554/verdicts", **fields).status_code == 303
    fields = {"follows": 0, "state": "contacted", "on": "2024-02-03", "note": "rappeler"}
    assert agent.post("/firms/552100554/follow-ups", **fields).status_code == 303
    text = agent.get("/firms/552100554").text + agent.get("/firms/552100554/follow-up").text
    assert all(said in text for said in ("avis 0", "avis 1", "rappeler", "contactée"))
    fields = {"follows": 1, "state": "closed", "outcome": "recovered", "on": "2024-02-04", "participants": ["admin"]}
    assert agent.post("/firms/552100554/follow-ups", **fields).status_code == 303
    assert agent.post("/firms/552100554/follow-up-notes", follows=1, note="rappelée", visibility="all").is_redirect
    assert agent.post("/firms/552100554/follow-ups", follows=0, state="visited", on="2024-02-05").status_code == 303
    assert "552100554" in agent.get("/follow-ups").text
    assert agent.get("/lists/2024-02/export.json?unreviewed=true&unfollowed=true").json()["firms"]
    assert guessing.begin(app.state.services.engine, "PARIS", "x").user_id is not None
    app.state.services.engine.dispose()


def test_of_guesses_made_at_once_no_more_are_checked_than_of_guesses_made_in_turn(engine):
    """On both: a lock serialises them, of the database in SQLite and of a number in PostgreSQL."""
    add_user(engine, "paris", "agent", ["75"], [], PASSWORD)
    together = threading.Barrier(24)

    def guess(_: int) -> bool:
        together.wait()
        try:
            guessing.begin(engine, "paris", "1.1.1.1")
        except guessing.TooManyAttemptsError:
            return False
        return True

    with ThreadPoolExecutor(24) as pool:
        outcomes = list(pool.map(guess, range(24)))
    assert outcomes.count(True) == guessing.HERE.free


def test_who_waits_for_their_turn_is_not_taken_for_one_who_comes_too_soon(engine):
    add_user(engine, "paris", "agent", ["75"], [], PASSWORD)
    together = threading.Barrier(guessing.ANYWHERE.free)

    def guess(n: int) -> int | None:
        together.wait()
        return guessing.begin(engine, "paris", f"1.1.1.{n}").user_id

    with ThreadPoolExecutor(guessing.ANYWHERE.free) as pool:
        assert None not in list(pool.map(guess, range(guessing.ANYWHERE.free)))


def test_a_character_that_postgresql_can_not_keep_is_refused_in_a_page(url, data_template):
    app = create_app(read_configuration(data=data_template, database=url, is_local=True))
    add_accounts(app)
    agent = signed_in(app, "paris")
    note = {"follows": 0, "state": "contacted", "on": "2024-02-03", "note": "a\0b"}
    answers = [agent.post("/firms/552100554/follow-ups", **note), agent.get("/lists/2024-02?q=%00")]
    answers += [agent.get("/firms/%00"), agent.get("/lists/%00/export.csv"), agent.get("/lists/2024-02?%00=1")]
    answers.append(TestClient(app).post("/sign-in", data={"name": "\0", "password": "x", "token": "x"}))
    assert [answer.status_code for answer in answers] == [400] * 6
    assert all("<h1>" in answer.text for answer in answers)
    app.state.services.engine.dispose()


def test_first_requests_behind_a_proxy_may_come_together(url, data_template):
    settings = {"trusted_header": "X-Remote-User", "trusted_proxies": ["10.0.0.2"], "is_local": True}
    app = create_app(read_configuration(data=data_template, database=url, **settings))
    add_accounts(app)
    client = TestClient(app, client=("10.0.0.2", 50000), headers={"X-Remote-User": "paris"})
    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: client.get("/account"), range(16)))
    assert {page.status_code for page in pages} == {200}
    app.state.services.engine.dispose()


FIRST_VERSION = (
    "INSERT INTO verdicts VALUES (1, '552100554', '2024-02', 'm', true, '', 'vue', 'paris', '2024-02-03', 0)",
    "INSERT INTO follow_ups VALUES (1, '552100554', 'contacted', '2024-02-03', 'rappeler', 'paris', '2024-02-03', 0)",
    "INSERT INTO follow_ups VALUES (2, '350000008', 'to_contact', '2024-02-04', '', 'ouest', '2024-02-04', 0)",
    "INSERT INTO follow_ups VALUES (3, '552100554', 'closed', '2024-02-05', 'va mieux', 'lyon', '2024-02-06', 1)",
)


@pytest.fixture
def upgraded(url):
    """A database of version 0.1 with answers, as the application opens it."""
    engine = sa.create_engine(url)
    config = Config()
    config.set_main_option("script_location", "reports.review:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for line in FIRST_VERSION:
            connection.execute(sa.text(line))
    engine.dispose()
    engine = open_database(url)
    yield engine
    engine.dispose()


def test_a_database_of_the_first_version_keeps_every_answer(upgraded):
    assert [row["note"] for row in verdicts.verdict_rows(upgraded)] == ["vue"]
    (one,) = follow_ups_of(upgraded, "552100554")
    told = [(version.state, f"{version.on}", version.by, f"{version.at:%Y-%m-%d}") for version in one.versions]
    assert told == [("closed", "2024-02-05", "lyon", "2024-02-06"), ("contacted", "2024-02-03", "paris", "2024-02-03")]
    notes = [(note.last.note, note.last.by, note.last.visibility) for note in notes_of(upgraded, one.case.id)]
    assert notes == [("va mieux", "lyon", "all"), ("rappeler", "paris", "all")]
    assert (one.case.by, one.case.list_period, one.case.follows) == ("paris", "", 0)
    assert follow_states(upgraded) == {"552100554": "closed", "350000008": "to_contact"}
    assert "follow_ups" not in sa.inspect(upgraded).get_table_names()


def test_follow_ups_of_the_first_version_go_on_as_new_ones_do(upgraded, data_template):
    published, day = Reader(data_template).published(None), date(2024, 3, 1)
    save(upgraded, "350000008", published, "ouest", 2, Content("visited", day))
    save(upgraded, "552100554", published, "paris", 0, Content("to_contact", day))
    save(upgraded, "100000017", published, "paris", 0, Content("to_contact", day))
    assert [one.last.state for one in follow_ups_of(upgraded, "552100554")] == ["to_contact", "closed"]
    assert [version.state for version in follow_ups_of(upgraded, "350000008")[0].versions] == ["visited", "to_contact"]


def test_of_eight_who_go_on_with_one_follow_up_at_once_one_is_kept_and_seven_are_told(engine, data_template):
    published = Reader(data_template).published(None)

    def said(n: int, follows: int) -> bool:
        try:
            save(
                engine,
                "552100554",
                published,
                f"agent {n}",
                follows,
                Content("visited", date(2024, 2 + follows, n + 1)),
            )
        except chains.OvertakenError:
            return False
        return True

    for follows in (0, 1):
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(said, range(8), [follows] * 8)).count(True) == 1
    (one,) = follow_ups_of(engine, "552100554")
    assert len(one.versions) == 2


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_the_application_goes_on_where_its_database_was_restarted(url, data_template):
    app = create_app(read_configuration(data=data_template, database=url, is_local=True))
    add_accounts(app)
    admin = signed_in(app, "admin")
    assert admin.get("/audit").status_code == 200
    run, *command = RESTART
    run(*command, "restart")
    assert admin.get("/audit").status_code == 200
    assert admin.post("/firms/552100554/follow-ups", follows=0, state="to_contact", on="2024-02-01").status_code == 303
    app.state.services.engine.dispose()
