"""Signing in: wrong words, guesses, forged forms, ended sessions, proxies, and what the log holds of it."""

import importlib.util
import json
import re
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
import uvicorn

from features.errors import InputError
from flows import review
from reports.review import accounts, guard, guessing, passwords
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.database import Session, now, open_database
from reports.review.pages.session import local_path
from tests.reports.review.conftest import ACCOUNTS, PASSWORD, TestClient, add_accounts, signed_in


def logged(app):
    with app.state.services.engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT by, address, action, path, outcome FROM audit WHERE outcome <> 'done' ORDER BY id")
        ).all()


def attempt(client, name, password, target="/"):
    token = re.search('name="token" value="([^"]+)"', client.get("/sign-in").text).group(1)
    fields = {"token": token, "name": name, "password": password, "next": target}
    return client.post("/sign-in", data=fields, follow_redirects=False)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(fresh):
    client = TestClient(fresh)
    wrong, unknown = attempt(client, "paris", "x" * 20), attempt(client, "nobody", "x" * 20)
    assert wrong.status_code == unknown.status_code == 401
    hidden = re.compile('value="[^"]+"')
    assert hidden.sub("", wrong.text) == hidden.sub("", unknown.text)


def test_after_five_wrong_passwords_even_the_right_one_must_wait(fresh):
    client = TestClient(fresh)
    for _ in range(guessing.HERE.free):
        assert attempt(client, "paris", "x" * 20).status_code == 401
    assert attempt(client, "paris", PASSWORD).status_code == 429
    assert attempt(client, "admin", PASSWORD).status_code == 303


def test_the_session_cookie_is_for_this_host_https_and_no_script(data_template, tmp_path):
    app = create_app(read_configuration(data=data_template, database=f"sqlite:///{tmp_path / 'r.db'}"))
    add_accounts(app)
    response = attempt(TestClient(app, base_url="https://testserver"), "paris", PASSWORD)
    cookie = response.headers["set-cookie"]
    for word in ("__Host-weaksignals=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert word in cookie
    assert "max-age=31536000" in response.headers["strict-transport-security"]


def test_every_page_forbids_inline_scripts_and_frames(fresh):
    for address in ("/sign-in", "/algorithm", "/nowhere", "/static/review.css"):
        headers = TestClient(fresh).get(address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_failures_have_the_headers_of_every_page(data_template, tmp_path, monkeypatch):
    app = create_app(read_configuration(data=data_template, database=f"sqlite:///{tmp_path / 'r.db'}"))
    monkeypatch.setattr("reports.review.pages.session.render", lambda *_, **__: 1 / 0)
    client = TestClient(app, raise_server_exceptions=False)
    answers = [
        client.get("/nowhere"),
        client.get("/sign-in"),
        client.post("/sign-in", content=b"x" * 100_000),
    ]
    assert [answer.status_code for answer in answers] == [404, 500, 413]
    names = ("content-security-policy", "cache-control", "strict-transport-security", "x-frame-options")
    told = [[answer.headers.get(name) for name in names] for answer in answers]
    assert told[0] == told[1] == told[2]
    assert told[0][1:] == ["no-store", "max-age=31536000", "DENY"]


@pytest.mark.parametrize("token", ["forged", "forgé"])
@pytest.mark.parametrize("path", ["verdicts", "follow-ups", "follow-up-notes", "wrong-data"])
def test_a_change_without_the_token_of_the_session_is_refused(fresh, path, token):
    agent = signed_in(fresh, "paris")
    assert agent.post(f"/firms/552100554/{path}", csrf=token, follows=0).status_code == 403
    assert logged(fresh)[-1].outcome == "403"


@pytest.mark.parametrize("follows", ["²", "-1", "x", ""])
def test_an_answer_to_what_is_no_number_is_refused(fresh, follows):
    agent = signed_in(fresh, "paris")
    fields = {"is_useful": "yes", "reason": "", "note": ""}
    assert agent.post("/firms/552100554/verdicts", follows=follows, **fields).status_code == 400


@pytest.mark.parametrize("token", ["forged", "forgé"])
def test_a_sign_in_form_sent_from_elsewhere_is_refused(fresh, token):
    client = TestClient(fresh)
    fields = {"token": token, "name": "paris", "password": PASSWORD}
    assert client.post("/sign-in", data=fields).status_code == 403
    client.get("/sign-in")
    assert client.post("/sign-in", data=fields).status_code == 403
    assert [row.outcome for row in logged(fresh)] == ["refused", "refused"]


def test_the_log_tells_who_tried_to_sign_in_and_how_it_ended(fresh):
    client = TestClient(fresh)
    for _ in range(guessing.HERE.free):
        attempt(client, "Paris", "x" * 20)
    attempt(client, "paris", PASSWORD)
    attempt(client, "admin", PASSWORD)
    ends = [("paris", "refused")] * guessing.HERE.free + [("paris", "too many"), ("admin", "signed in")]
    assert logged(fresh) == [(name, "testclient", "sign in", "/sign-in", outcome) for name, outcome in ends]


def test_what_the_log_can_not_hold_whole_is_not_served(fresh):
    agent = signed_in(fresh, "paris")
    for address in ("/lists/2024-02/export.csv?pad={}&q=durand", "/firms/552100554?pad={}"):
        answer = agent.get(address.format("x" * guard.LONGEST_ADDRESS))
        assert answer.status_code == 414
        assert "<h1>" in answer.text
        assert logged(fresh)[-1].outcome == "414"
    longest = "/lists/2024-02/export.csv?q=durand&pad="
    longest += "x" * (guard.LONGEST_ADDRESS - len(longest))
    assert agent.get(longest).status_code == 200
    assert logged(fresh)[-1][3:] == (longest, "admitted")


def test_who_must_sign_in_first_comes_back_to_a_long_address(fresh):
    target = "/lists/2024-02?" + "&" * 1900
    location = TestClient(fresh).get(target, follow_redirects=False).headers["location"]
    assert TestClient(fresh).get(location).status_code == 200


def test_a_session_ends_when_one_signs_out_or_the_account_is_closed_or_changed(fresh):
    agent = signed_in(fresh, "paris")
    assert agent.post("/sign-out").status_code == 303
    assert agent.get("/lists/2024-02").status_code == 303
    engine = fresh.state.services.engine
    agent = signed_in(fresh, "paris")
    accounts.change_right(engine, "paris", "agent", ["69"], [])
    assert agent.get("/lists/2024-02").status_code == 303
    agent = signed_in(fresh, "paris")
    accounts.close_account(engine, "paris")
    assert agent.get("/lists/2024-02").status_code == 303
    assert attempt(TestClient(fresh), "paris", PASSWORD).status_code == 401


@pytest.mark.parametrize("target", ["https://evil.fr", "//evil.fr", "/\\evil.fr", "javascript:alert(1)", ""])
def test_signing_in_leads_nowhere_but_here(target):
    assert local_path(target) == "/"
    assert local_path("/lists/2024-02?q=x") == "/lists/2024-02?q=x"


def test_two_passwords_are_checked_at_once_outside_of_any_transaction_and_pages_go_on_meanwhile(fresh, monkeypatch):
    checked, at_once, busy, check = [], [0], threading.Event(), passwords.is_right
    pool, reader = fresh.state.services.engine.pool, signed_in(fresh, "lyon")

    def counted(*args):
        at_once[0] += 1
        checked.append((at_once[0], pool.checkedout()))
        busy.wait(5)
        at_once[0] -= 1
        return check(*args)

    monkeypatch.setattr(passwords, "is_right", counted)
    with ThreadPoolExecutor(6) as visitors:
        waiting = [visitors.submit(signed_in, fresh, name) for name in ("paris", "admin", "bretagne", "france")]
        while len(checked) < 2:
            time.sleep(0.01)
        # Both threads of passwords are taken: a page is answered by others, and no connection is held.
        time.sleep(0.2)
        held = pool.checkedout()
        assert reader.get("/lists/2024-02").status_code == 200
        busy.set()
        assert all(one.result() for one in waiting)
    assert (max(number for number, _ in checked), len(checked), held) == (2, 4, 0)


def test_passwords_are_kept_as_argon2_hashes_and_short_ones_refused(fresh):
    engine = fresh.state.services.engine
    with engine.connect() as connection:
        hashes = connection.exec_driver_sql("SELECT password_hash FROM users").scalars().all()
    assert all(h.startswith("$argon2id$") for h in hashes)
    with pytest.raises(InputError, match="12 to 500 characters"):
        accounts.add_user(engine, "new", "agent", ["75"], [], "short")


def test_a_password_costs_who_guesses_it_what_the_standard_asks_also_where_the_account_is_unknown():
    # As the module is loaded, without the cheaper hashes of the tests.
    found = importlib.util.find_spec("reports.review.passwords")
    loaded = importlib.util.module_from_spec(found)
    found.loader.exec_module(loaded)
    kept = loaded.hashed(PASSWORD, "paris")
    # The second choice of RFC 9106: 64 MiB, three times over.
    cost = "$argon2id$v=19$m=65536,t=3,p=4$"
    assert (kept.startswith(cost), loaded._NOBODY.startswith(cost)) == (True, True)
    assert (loaded.is_right(kept, PASSWORD), loaded.is_right(kept, PASSWORD + "x")) == (True, False)


@pytest.mark.parametrize(
    ("role", "territories", "kinds"),
    [("king", ["75"], []), ("agent", ["Narnia"], []), ("agent", [], []), ("agent", ["75"], ["all data"])],
)
def test_an_impossible_right_is_refused_in_a_sentence(fresh, role, territories, kinds):
    with pytest.raises(InputError):
        accounts.add_user(fresh.state.services.engine, "new", role, territories, kinds, None)


PROXY = "10.0.0.2"


def proxied(data, tmp_path, peer):
    """A browser whose requests arrive from `peer`, at an application that trusts PROXY."""
    settings = {"trusted_header": "X-Remote-User", "trusted_proxies": [PROXY], "is_local": True}
    app = create_app(read_configuration(data=data, database=f"sqlite:///{tmp_path / 'r.db'}", **settings))
    add_accounts(app)
    return TestClient(app, client=(peer, 50000))


def test_a_trusted_proxy_names_the_account_and_changes_still_need_their_token(data_template, tmp_path):
    client = proxied(data_template, tmp_path, PROXY)
    named = {"X-Remote-User": "paris"}
    text = client.get("/firms/552100554", headers=named).text
    csrf = re.search('name="csrf" value="([^"]+)"', text).group(1)
    fields = {"follows": "0", "is_useful": "yes", "reason": "", "note": ""}
    address = "/firms/552100554/verdicts"
    assert client.post(address, headers=named, data=fields, follow_redirects=False).status_code == 403
    answer = client.post(address, headers=named, data={**fields, "csrf": csrf}, follow_redirects=False)
    assert answer.status_code == 303
    assert client.get("/lists/2024-02", headers={"X-Remote-User": "nobody"}, follow_redirects=False).status_code == 303


@pytest.mark.parametrize(("scheme", "is_private"), [("http", False), ("https", True)])
def test_no_password_is_taken_but_by_https(data_template, tmp_path, scheme, is_private):
    app = create_app(read_configuration(data=data_template, database=f"sqlite:///{tmp_path / 'r.db'}"))
    add_accounts(app)
    client = TestClient(app, base_url=f"{scheme}://testserver")
    page = client.get("/sign-in")
    assert ('name="password"' in page.text) == is_private
    assert ("HTTPS" in page.text) != is_private
    token = re.search("__Host-weaksignals-sign-in=([^;]+)", page.headers["set-cookie"])[1]
    fields = {"token": token, "name": "paris", "password": PASSWORD}
    cookie = {"cookie": f"__Host-weaksignals-sign-in={token}"}
    answer = client.post("/sign-in", data=fields, headers=cookie, follow_redirects=False)
    assert answer.status_code == (303 if is_private else 403)


def test_what_agents_write_is_for_nobody_else_s_eyes(data_template, tmp_path):
    app = create_app(read_configuration(data=data_template, database=f"sqlite:///{tmp_path / 'new' / 'r.db'}"))
    add_accounts(app)
    folder = tmp_path / "new"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    app.state.services.engine.dispose()


@pytest.mark.parametrize(("folder", "mode"), [("review", 0o700), ("shared", 0o755)])
def test_a_database_that_others_could_read_is_closed_to_them_and_no_folder_of_others_is(tmp_path, folder, mode):
    file = tmp_path / folder / "r.db"
    file.parent.mkdir()
    file.parent.chmod(0o755)
    file.touch(0o644)
    open_database(f"sqlite:///{file}").dispose()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == mode


def test_the_header_of_anyone_else_is_not_believed(data_template, tmp_path):
    client = proxied(data_template, tmp_path, "10.0.0.3")
    answer = client.get("/lists/2024-02", headers={"X-Remote-User": "admin"}, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize(("trusted", "status"), [(PROXY, 303), ("127.0.0.1", 200), ("127.0.0.0/24", 200)])
def test_as_served_a_proxy_is_known_by_its_connection_not_by_what_is_said(
    data_template, tmp_path, monkeypatch, trusted, status
):
    settings = {"DATA": "", "IS_LOCAL": "", "DATABASE": f"sqlite:///{tmp_path / 'r.db'}"}
    settings |= {"TRUSTED_HEADER": "X-Remote-User", "TRUSTED_PROXIES": json.dumps([trusted])}
    for name, value in settings.items():
        monkeypatch.setenv(f"WEAKSIGNALS_REVIEW_{name}", value)
    served = []
    monkeypatch.setattr(uvicorn, "run", lambda *args, **options: served.append((args, options)))
    review.serve(local=True, data=data_template)
    ((args, options),) = served
    config = uvicorn.Config(*args, **options, log_config=None)
    config.load()
    assert not config.access_log
    assert not config.server_header
    add_accounts(create_app(read_configuration()))
    client = TestClient(config.loaded_app, client=("127.0.0.1", 50000))
    headers = {"X-Forwarded-For": PROXY, "X-Remote-User": "admin"}
    assert client.get("/lists/2024-02", headers=headers, follow_redirects=False).status_code == status


def test_behind_a_proxy_each_visitor_has_an_address_and_can_not_choose_it(data_template, tmp_path):
    client = proxied(data_template, tmp_path, PROXY)
    for forged, visitor in (("9.9.9.9", "203.0.113.7"), (PROXY, "203.0.113.8"), ("x" * 999, "y" * 999)):
        client.headers["X-Forwarded-For"] = f"{forged}, {visitor}, {PROXY}"
        attempt(client, "paris", "x" * 20)
        assert logged(client.app)[-1].address == visitor[:64]
    unproxied = TestClient(client.app, client=("10.0.0.3", 50000), headers={"X-Forwarded-For": "203.0.113.7"})
    attempt(unproxied, "paris", "x" * 20)
    assert logged(client.app)[-1].address == "10.0.0.3"


def test_behind_a_proxy_the_guesses_of_one_visitor_do_not_shut_out_another(data_template, tmp_path, monkeypatch):
    monkeypatch.setattr(guessing, "ADDRESS", guessing.Patience(2, timedelta(minutes=1)))
    client = proxied(data_template, tmp_path, PROXY)
    client.headers["X-Forwarded-For"] = "203.0.113.7"
    assert [attempt(client, name, "x" * 20).status_code for name in ("a", "b", "c")] == [401, 401, 429]
    client.headers["X-Forwarded-For"] = "203.0.113.8"
    assert attempt(client, "paris", PASSWORD).status_code == 303


def test_more_people_of_one_office_than_it_may_guess_passwords_sign_in_at_once(fresh, monkeypatch):
    monkeypatch.setattr(guessing, "ADDRESS", guessing.Patience(2, timedelta(minutes=1)))
    with TestClient(fresh) as office, ThreadPoolExecutor(len(ACCOUNTS)) as pool:
        browsers = [TestClient(fresh) for _ in ACCOUNTS]
        for browser in browsers:
            browser.portal = office.portal
        answers = list(pool.map(lambda one: attempt(*one, PASSWORD).status_code, zip(browsers, ACCOUNTS, strict=True)))
    assert answers == [303] * len(ACCOUNTS)


def test_a_half_set_configuration_is_refused(data_template):
    with pytest.raises(InputError, match="TRUSTED_PROXIES"):
        read_configuration(data=data_template, trusted_header="X-User")
    with pytest.raises(InputError, match="trusted_proxies"):
        read_configuration(data=data_template, trusted_header="X-User", trusted_proxies=["*"])
    with pytest.raises(InputError, match="SECRET"):
        read_configuration(data=data_template, oidc_issuer="https://sso.fr", oidc_client_id="x")


def test_a_session_that_rests_too_long_ends_and_one_that_is_used_lasts_to_its_absolute_limit(fresh):
    engine, agent = fresh.state.services.engine, signed_in(fresh, "paris")
    minute, idle = timedelta(minutes=1), fresh.state.services.configuration.idle

    def last_used(ago):
        with engine.begin() as connection:
            connection.execute(sa.update(Session).values(used_at=now() - ago))

    last_used(idle - minute)
    assert agent.get("/lists/2024-02").status_code == 200
    with engine.connect() as connection:
        assert connection.scalar(sa.select(Session.used_at)) > now() - minute
    last_used(idle + minute)
    assert agent.get("/lists/2024-02").status_code == 303
    agent = signed_in(fresh, "paris")
    with engine.begin() as connection:
        connection.execute(sa.update(Session).values(expires_at=now()))
    assert agent.get("/lists/2024-02").status_code == 303


@pytest.mark.parametrize(("fields", "lasts"), [({}, True), ({"shared": "yes"}, False)], ids=["own", "shared"])
def test_on_a_shared_computer_the_session_ends_with_the_browser(fresh, fields, lasts):
    client = TestClient(fresh)
    token = re.search('name="token" value="([^"]+)"', client.get("/sign-in").text).group(1)
    sent = {"token": token, "name": "paris", "password": PASSWORD, "next": "/", **fields}
    cookie = client.post("/sign-in", data=sent, follow_redirects=False).headers["set-cookie"]
    assert ("Max-Age=36000" in cookie) == lasts


def test_every_cookie_is_tied_to_this_host_and_to_https(data_template, tmp_path):
    provider = {"oidc_issuer": "https://sso.invalid", "oidc_client_id": "x", "secret": "s" * 32}
    app = create_app(read_configuration(data=data_template, database=f"sqlite:///{tmp_path / 'r.db'}", **provider))
    add_accounts(app)
    client = TestClient(app, base_url="https://testserver")
    answers = [client.get("/sign-in"), client.get("/language/en", follow_redirects=False)]
    answers += [client.get("/sign-in/provider", follow_redirects=False), attempt(client, "paris", PASSWORD)]
    csrf = re.search('name="csrf" value="([^"]+)"', client.get("/account").text).group(1)
    answers.append(client.post("/sign-out", data={"csrf": csrf}, follow_redirects=False))
    cookies = [cookie for answer in answers for cookie in answer.headers.get_list("set-cookie")]
    assert {cookie.split("=")[0] for cookie in cookies} == {
        *("__Host-weaksignals-sign-in", "__Host-weaksignals-language", "__Host-weaksignals-provider"),
        "__Host-weaksignals",
    }
    assert all("secure" in cookie.lower() and "path=/" in cookie.lower() for cookie in cookies)
    assert not any("domain" in cookie.lower() for cookie in cookies)


@pytest.mark.parametrize("target", ["//[", "//℀", "/\\x", "https://elsewhere.example", "javascript:alert(1)", ""])
def test_whatever_page_is_asked_for_after_signing_in_it_is_one_of_ours(app, target):
    client = TestClient(app)
    assert 'name="next" value="/"' in client.get("/sign-in", params={"next": target}).text
    answer = client.get("/language/fr", params={"back": target}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_part_of_a_page_that_is_refused_has_the_browser_load_the_whole_page(fresh):
    agent = signed_in(fresh, "paris")
    wrong = agent.get("/lists/2024-02?page=-1", **{"hx-request": "true"})
    assert (wrong.status_code, wrong.headers["hx-redirect"]) == (422, "/lists/2024-02?page=-1")
    agent.client.cookies.clear()
    ended = agent.get("/lists/2024-02?q=durand", **{"hx-request": "true"})
    assert ended.headers["hx-redirect"] == "/sign-in?next=%2Flists%2F2024-02%3Fq%3Ddurand"


def test_a_browser_that_goes_back_gets_the_whole_page(agents):
    asked = {"hx-request": "true", "hx-history-restore-request": "true"}
    assert "<!doctype html>" in agents["paris"].get("/lists/2024-02?q=durand", **asked).text


def test_signing_out_has_the_browser_forget_what_it_kept(fresh):
    agent = signed_in(fresh, "paris")
    assert agent.post("/sign-out").headers["clear-site-data"] == '"cache", "storage"'
