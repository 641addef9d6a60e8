"""Signing in: wrong words, guesses, forged forms, ended sessions, proxies."""

import re

import pytest

from features.errors import InputError
from reports.review import accounts
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.pages.session import local_path
from tests.reports.review.conftest import PASSWORD, TestClient, add_accounts, signed_in


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
    for _ in range(accounts.PER_ACCOUNT):
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


@pytest.mark.parametrize("path", ["verdicts", "follow-ups", "wrong-data"])
def test_a_change_without_the_token_of_the_session_is_refused(fresh, path):
    agent = signed_in(fresh, "paris")
    assert agent.post(f"/firms/552100554/{path}", csrf="forged", follows=0).status_code == 403


def test_a_sign_in_form_sent_from_elsewhere_is_refused(fresh):
    fields = {"token": "forged", "name": "paris", "password": PASSWORD}
    assert TestClient(fresh).post("/sign-in", data=fields).status_code == 403


def test_a_session_ends_when_one_signs_out_or_the_account_is_closed_or_changed(fresh):
    agent = signed_in(fresh, "paris")
    assert agent.post("/sign-out").status_code == 303
    assert agent.get("/lists/2024-02").status_code == 303
    engine = fresh.state.services.engine
    agent = signed_in(fresh, "paris")
    accounts.add_user(engine, "paris", "agent", ["69"], [], PASSWORD)
    assert agent.get("/lists/2024-02").status_code == 303
    agent = signed_in(fresh, "paris")
    accounts.close_account(engine, "paris")
    assert agent.get("/lists/2024-02").status_code == 303
    assert attempt(TestClient(fresh), "paris", PASSWORD).status_code == 401


@pytest.mark.parametrize("target", ["https://evil.fr", "//evil.fr", "/\\evil.fr", "javascript:alert(1)", ""])
def test_signing_in_leads_nowhere_but_here(target):
    assert local_path(target) == "/"
    assert local_path("/lists/2024-02?q=x") == "/lists/2024-02?q=x"


def test_passwords_are_kept_as_argon2_hashes_and_short_ones_refused(fresh):
    engine = fresh.state.services.engine
    with engine.connect() as connection:
        hashes = connection.exec_driver_sql("SELECT password_hash FROM users").scalars().all()
    assert all(h.startswith("$argon2id$") for h in hashes)
    with pytest.raises(InputError, match="12 characters"):
        accounts.add_user(engine, "new", "agent", ["75"], [], "short")


@pytest.mark.parametrize(
    ("role", "territories", "kinds"),
    [("king", ["75"], []), ("agent", ["Narnia"], []), ("agent", [], []), ("agent", ["75"], ["all data"])],
)
def test_an_impossible_right_is_refused_in_a_sentence(fresh, role, territories, kinds):
    with pytest.raises(InputError):
        accounts.add_user(fresh.state.services.engine, "new", role, territories, kinds, None)


def proxied(data, tmp_path, proxies):
    settings = {"trusted_header": "X-Remote-User", "trusted_proxies": proxies, "is_local": True}
    app = create_app(read_configuration(data=data, database=f"sqlite:///{tmp_path / 'r.db'}", **settings))
    add_accounts(app)
    return TestClient(app)


def test_a_trusted_proxy_names_the_account_and_changes_still_need_their_token(data_template, tmp_path):
    client = proxied(data_template, tmp_path, ("testclient",))
    named = {"X-Remote-User": "paris"}
    text = client.get("/firms/552100554", headers=named).text
    csrf = re.search('name="csrf" value="([^"]+)"', text).group(1)
    fields = {"follows": "0", "is_useful": "yes", "reason": "", "note": ""}
    address = "/firms/552100554/verdicts"
    assert client.post(address, headers=named, data=fields, follow_redirects=False).status_code == 403
    answer = client.post(address, headers=named, data={**fields, "csrf": csrf}, follow_redirects=False)
    assert answer.status_code == 303
    assert client.get("/lists/2024-02", headers={"X-Remote-User": "nobody"}, follow_redirects=False).status_code == 303


def test_the_header_of_anyone_else_is_not_believed(data_template, tmp_path):
    client = proxied(data_template, tmp_path, ("10.0.0.1",))
    answer = client.get("/lists/2024-02", headers={"X-Remote-User": "admin"}, follow_redirects=False)
    assert answer.status_code == 303


def test_a_half_set_configuration_is_refused(data_template):
    with pytest.raises(InputError, match="TRUSTED_PROXIES"):
        read_configuration(data=data_template, trusted_header="X-User")
    with pytest.raises(InputError, match="SECRET"):
        read_configuration(data=data_template, oidc_issuer="https://sso.fr", oidc_client_id="x")
