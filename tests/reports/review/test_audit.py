"""The log: strangers can't fill it, and what leaves it leaves by a rule that it tells of."""

import html
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from features.errors import InputError
from flows import review
from reports.review import audit
from reports.review.app import create_app
from reports.review.audit import Quota
from reports.review.configuration import read_configuration
from reports.review.database import AuditEntry, now, open_database
from tests.reports.review.conftest import add_accounts, signed_in

HOUR = timedelta(hours=1)


def lines(engine):
    with engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT by, action, path, outcome FROM audit WHERE outcome <> 'done' ORDER BY id")
        ).all()


def test_of_what_strangers_ask_in_an_hour_so_many_lines_are_written_and_the_others_counted():
    quota, at = Quota(lines=3), now()
    outcomes = [quota.take(at + n * HOUR / 10) for n in range(7)]
    assert [may for may, _ in outcomes] == [True] * 3 + [False] * 4
    assert [told for _, told in outcomes if told] == ["more than 3: the next ones are counted"]
    assert quota.take(at + HOUR) == (True, "4 more were not written")
    assert quota.take(at + HOUR) == (True, "")


def test_strangers_do_not_fill_the_log_and_who_is_signed_in_is_always_in_it(fresh):
    services = fresh.state.services
    services.strangers.lines, stranger = 5, TestClient(fresh)
    for n in range(20):
        stranger.get(f"/firms/552100554?n={n}&pad={'x' * 1000}", follow_redirects=False)
    signed_in(fresh, "paris").get("/firms/552100554?mine")
    written = lines(services.engine)
    assert len([line for line in written if line.outcome == "401"]) == 5
    assert [line.path for line in written if line.outcome == "left out"] == ["more than 5: the next ones are counted"]
    assert max(len(line.path) for line in written) <= audit.LONGEST_OF_STRANGERS
    assert written[-1] == ("paris", "firm", "/firms/552100554?mine", "admitted")


def test_a_flood_of_pages_hides_no_guess_of_a_password(fresh):
    services = fresh.state.services
    services.strangers.lines, stranger = 1, TestClient(fresh)
    for _ in range(5):
        stranger.get("/lists/2024-02", follow_redirects=False)
    stranger.post("/sign-in", data={"name": "admin", "password": "x", "token": "x"})
    assert lines(services.engine)[-1][:2] == ("admin", "sign in")


def old(engine, **ages):
    with sa.orm.Session(engine) as db, db.begin():
        for by, days in ages.items():
            at = now() - timedelta(days=days)
            db.add(AuditEntry(at=at, by=by, address="", action="list", path="/", outcome="admitted"))


def test_the_log_is_shortened_by_a_rule_that_it_tells_of(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    old(engine, ancient=800, aged=500, recent=100)
    assert audit.shorten(engine, 12) == 2
    assert audit.shorten(engine, 12) == 0
    with sa.orm.Session(engine) as db:
        entries = db.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [one.by for one in entries] == ["recent", audit.RULE]
        assert entries[-1].action == "log shortened"
        assert entries[-1].path.startswith("2 lines before ")
        assert entries[-1].path.endswith("(kept: 12 months)")
    engine.dispose()


def test_the_application_keeps_the_log_as_long_as_the_settings_say(data_template, tmp_path):
    url = f"sqlite:///{tmp_path / 'r.db'}"
    engine = open_database(url)
    old(engine, ancient=800)
    with TestClient(create_app(read_configuration(data=data_template, database=url, is_local=True))) as client:
        assert client.get("/health").text == "ok"
        assert len(lines(engine)) == 1
    with TestClient(
        create_app(read_configuration(data=data_template, database=url, is_local=True, log_months=12))
    ) as one:
        for _ in range(1000):
            if not lines(engine):
                break
            one.get("/health")
    assert lines(engine) == []
    engine.dispose()
    with pytest.raises(InputError, match="log_months"):
        read_configuration(data=data_template, log_months=5)


@pytest.mark.parametrize(
    ("addresses", "is_told"), [(["10.0.0.2"] * 3, True), (["10.0.0.2", "10.0.0.3", "10.0.0.2"], False)]
)
def test_the_start_warns_where_everyone_comes_from_one_address(
    data_template, tmp_path, capsys, monkeypatch, addresses, is_told
):
    url = f"sqlite:///{tmp_path / 'r.db'}"
    monkeypatch.setenv("WEAKSIGNALS_REVIEW_DATABASE", url)
    app = create_app(read_configuration(data=data_template, is_local=True))
    add_accounts(app)
    for name, address in zip(("paris", "lyon", "admin"), addresses, strict=True):
        with sa.orm.Session(app.state.services.engine) as db, db.begin():
            db.add(AuditEntry(by=name, address=address, action="list", path="/", outcome="admitted"))
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    review.serve(data=data_template)
    said = capsys.readouterr().err
    assert ("Everyone came from 10.0.0.2" in said) == is_told
    app.state.services.engine.dispose()


@pytest.mark.parametrize(
    ("proxies", "local", "is_told"), [(None, False, True), (["10.0.0.2"], False, False), (None, True, False)]
)
def test_the_start_warns_where_no_proxy_ends_what_slow_visitors_keep_open(
    data_template, tmp_path, capsys, monkeypatch, proxies, local, is_told
):
    settings = {"DATA": "", "IS_LOCAL": "", "DATABASE": f"sqlite:///{tmp_path / 'r.db'}"}
    for name, value in (settings | ({"TRUSTED_PROXIES": json.dumps(proxies)} if proxies else {})).items():
        monkeypatch.setenv(f"WEAKSIGNALS_REVIEW_{name}", value)
    monkeypatch.setattr("uvicorn.run", lambda *_, **__: None)
    review.serve(data=data_template, local=local)
    assert ("No reverse proxy is named" in capsys.readouterr().err) == is_told


def seen(admin, **asked):
    """Accounts in the table of the log, newest first."""
    page = admin.client.get("/audit", params=asked).text.split("<tbody>")[1]
    return re.findall(r'<th scope="row">([^<]*)</th>', page)


@pytest.fixture
def logged(fresh):
    """An administrator, at a log with lines of known days in Paris."""
    admin = signed_in(fresh, "admin")
    of_day = {
        "ana": (datetime(2026, 3, 1, 23, 30, tzinfo=UTC), "firm", "/firms/552100554", "admitted"),
        "bob": (datetime(2026, 3, 2, 12, tzinfo=UTC), "export list", "/lists/2024-02/export.csv", "403"),
        "eve": (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "a former action", "/x", "a former outcome"),
    }
    with sa.orm.Session(fresh.state.services.engine) as db, db.begin():
        for by, (at, action, path, outcome) in of_day.items():
            db.add(AuditEntry(at=at, by=by, address="", action=action, path=path, outcome=outcome))
    return admin


@pytest.mark.parametrize(
    ("asked", "who"),
    [
        ({"who": "ANA"}, ["ana"]),
        ({"who": "%"}, []),
        ({"action": "firm"}, ["ana"]),
        ({"address": "552100554", "until": "2026-03-10"}, ["ana"]),
        ({"outcome": "refused", "since": "2026-03-01", "until": "2026-03-10"}, ["eve", "bob"]),
        ({"since": "2026-03-02", "until": "2026-03-02"}, ["bob", "ana"]),
        ({"since": "2026-03-03", "until": "2026-03-03"}, ["eve"]),
    ],
    ids=str,
)
def test_the_log_is_filtered_by_days_of_the_time_zone_and_by_who_what_and_outcome(logged, asked, who):
    assert seen(logged, **asked) == who


def test_the_log_is_read_in_local_time_and_in_the_reader_s_words(logged):
    asked = {"until": "2026-03-10"}
    text = logged.client.get("/audit", params=asked, headers={"accept-language": "fr"}).text
    for said in ("02/03/2026 00:30:00", "Europe/Paris", "export de la liste", "sans habilitation", "a former action"):
        assert said in text
    english = logged.client.get("/audit", params=asked, headers={"accept-language": "en"}).text
    assert "2026-03-02 00:30:00" in english


def test_earlier_lines_keep_the_filter(logged):
    with sa.orm.Session(logged.client.app.state.services.engine) as db, db.begin():
        for n in range(150):
            db.add(AuditEntry(by=f"many {n}", address="", action="list", path="/lists/2024-02", outcome="admitted"))
    first = logged.client.get("/audit", params={"who": "many"}).text
    earlier = html.unescape(re.search('href="(/audit[^"]+before=[^"]+)"', first)[1])
    found = re.findall(r'<th scope="row">([^<]*)</th>', logged.client.get(earlier).text.split("<tbody>")[1])
    assert found == [f"many {n}" for n in range(49, -1, -1)]


@pytest.mark.parametrize("day", ["x", "2026-13-01", "9999-12-31", "0001-01-01"])
def test_a_day_that_is_none_or_has_no_next_is_refused_in_a_page(logged, day):
    for name in ("since", "until"):
        assert logged.client.get("/audit", params={name: day}).status_code in (200, 422)
    assert logged.client.get("/audit", params={"until": "x"}).status_code == 422


def test_a_time_zone_that_is_none_is_told(data_template):
    with pytest.raises(InputError, match="no time zone"):
        read_configuration(data=data_template, time_zone="Paris")
