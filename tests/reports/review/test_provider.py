"""OpenID Connect against a provider that answers for real, on a port of this machine."""

import base64
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import RSAKey

from features.errors import InputError
from reports.review import accounts
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from tests.reports.review.conftest import PASSWORD, TestClient


class Provider(BaseHTTPRequestHandler):
    """Signs in whoever `claims` says, with the nonce that it was asked with."""

    key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    signing_key = key
    claims: ClassVar[dict] = {}
    asked: ClassVar[dict] = {}
    # What is told at /userinfo: a text is a signed token; None where the provider has no such page.
    beside: ClassVar[dict | str | None] = None
    bearers: ClassVar[list] = []
    posted: ClassVar[dict] = {}

    def log_message(self, *args):
        pass

    def answer(self, content):
        self.send_response(200)
        self.send_header("content-type", "application/jwt" if isinstance(content, str) else "application/json")
        self.end_headers()
        self.wfile.write((content if isinstance(content, str) else json.dumps(content)).encode())

    def do_GET(self):
        issuer = f"http://{self.headers['host']}"
        if self.path.endswith("openid-configuration"):
            paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            paths |= {} if self.beside is None else {"userinfo_endpoint": "userinfo"}
            algorithms = {"id_token_signing_alg_values_supported": ["RS256"]}
            self.answer({"issuer": issuer, **algorithms, **{name: f"{issuer}/{path}" for name, path in paths.items()}})
        elif self.path.endswith("userinfo"):
            self.bearers.append(self.headers["authorization"])
            self.answer(self.beside)
        else:
            self.answer({"keys": [self.key.as_dict(private=False)]})

    def do_POST(self):
        Provider.posted = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        now = int(time.time())
        told = {"iss": f"http://{self.headers['host']}", "aud": "us", "sub": "1", "iat": now, "exp": now + 60}
        told |= {"nonce": self.asked["nonce"], **self.claims}
        token = jwt.encode({"alg": "RS256", "kid": "1"}, told, self.signing_key)
        self.answer({"access_token": "x", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def client(served):
    return served()


@pytest.fixture
def served(data_template, tmp_path):
    """The application with these settings, at a provider of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Provider.signing_key, Provider.beside, Provider.bearers = Provider.key, None, []
    settings = {"oidc_issuer": f"http://127.0.0.1:{server.server_port}", "oidc_client_id": "us", "secret": "s" * 32}
    database = f"sqlite:///{tmp_path / 'r.db'}"
    settings["trusted_proxies"] = ["10.0.0.2"]

    def serve(**more):
        found = read_configuration(data=data_template, database=database, is_local=True, **settings, **more)
        app = create_app(found)
        accounts.add_user(app.state.services.engine, "ana@dreets.gouv.fr", "agent", ["75"], [], None)
        return TestClient(app)

    yield serve
    server.shutdown()
    server.server_close()


def come_back(client, claims, **changed):
    leaving = client.get("/sign-in/provider?next=/lists/2024-01", follow_redirects=False)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(leaving.headers["location"]).query).items()}
    Provider.asked, Provider.claims = asked, claims
    state = changed.get("state", asked["state"])
    return asked, client.get(f"/sign-in/provider/back?code=c&state={state}", follow_redirects=False)


def logged(client):
    with client.app.state.services.engine.connect() as connection:
        return connection.execute(sa.text("SELECT by, path, outcome FROM audit WHERE action = 'sign in'")).all()


ANA = {"email": "ana@dreets.gouv.fr", "email_verified": True}


def test_who_the_provider_vouches_for_signs_in_with_the_right_of_their_account(client):
    asked, answer = come_back(client, ANA)
    assert asked["code_challenge_method"] == "S256"
    assert "code_verifier" in Provider.posted
    assert (answer.status_code, answer.headers["location"]) == (303, "/lists/2024-01")
    text = client.get("/lists/2024-02?alert=none").text
    assert "ATELIERS DURAND" in text
    assert "CONSERVERIE" not in text
    assert re.search("ana@dreets", text)
    assert logged(client) == [("ana@dreets.gouv.fr", "/sign-in/provider/back", "signed in")]


@pytest.mark.parametrize(("peer", "scheme"), [("10.0.0.2", "https"), ("10.0.0.3", "http")])
def test_the_way_back_is_https_where_a_trusted_proxy_says_so(client, peer, scheme):
    visitor = TestClient(client.app, client=(peer, 50000), headers={"X-Forwarded-Proto": "https"})
    leaving = visitor.get("/sign-in/provider", follow_redirects=False)
    assert parse_qs(urlsplit(leaving.headers["location"]).query)["redirect_uri"] == [
        f"{scheme}://testserver/sign-in/provider/back"
    ]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"email": "bob@dreets.gouv.fr", "email_verified": True}, 403),
        ({"email": "ana@dreets.gouv.fr", "email_verified": False}, 403),
        ({"email": "ana@dreets.gouv.fr"}, 403),
        ({**ANA, "aud": "another"}, 401),
        ({**ANA, "iss": "https://another"}, 401),
        ({**ANA, "exp": 1}, 401),
        ({**ANA, "nonce": "another"}, 401),
    ],
    ids=str,
)
def test_a_word_that_is_not_for_us_or_not_for_now_is_not_believed(client, claims, status):
    _, answer = come_back(client, claims)
    assert answer.status_code == status
    assert client.get("/lists/2024-02", follow_redirects=False).status_code == 303
    name = claims["email"] if status == 403 else ""
    assert logged(client) == [(name, "/sign-in/provider/back", "refused")]


def test_a_token_signed_by_another_key_is_not_believed(client):
    Provider.signing_key = RSAKey.generate_key(2048, {"kid": "1"})
    assert come_back(client, ANA)[1].status_code == 401


def test_a_return_that_answers_no_leaving_is_refused(client):
    assert come_back(client, ANA, state="forged")[1].status_code == 401


def test_without_a_provider_there_is_no_such_page(app):
    assert TestClient(app).get("/sign-in/provider").status_code == 404


def signed(client, key=Provider.key, **told):
    """Claims as a signed token of the provider."""
    issuer = client.app.state.services.configuration.oidc_issuer
    return jwt.encode({"alg": "RS256", "kid": "1"}, {"iss": issuer, "aud": "us", "sub": "1", **told}, key)


@pytest.mark.parametrize("is_signed", [False, True])
def test_claims_that_only_userinfo_tells_are_asked_for(client, is_signed):
    Provider.beside = signed(client, **ANA) if is_signed else {"sub": "1", **ANA}
    assert come_back(client, {})[1].status_code == 303
    assert Provider.bearers == ["Bearer x"]
    assert logged(client) == [("ana@dreets.gouv.fr", "/sign-in/provider/back", "signed in")]


def test_nothing_more_is_asked_where_the_first_word_tells_all(client):
    Provider.beside = {"sub": "2"}
    assert come_back(client, ANA)[1].status_code == 303
    assert Provider.bearers == []


@pytest.mark.parametrize("told", [{"sub": "2"}, {"sub": None}, {}], ids=str)
@pytest.mark.parametrize("is_signed", [False, True])
def test_what_userinfo_tells_of_someone_else_is_not_believed(client, told, is_signed):
    more = {**ANA, **told} if told else ANA
    Provider.beside = signed(client, **{"sub": None, **more}) if is_signed else more
    assert come_back(client, {})[1].status_code == 401


@pytest.mark.parametrize("wrong", [{"aud": "another"}, {"iss": "https://another"}, {"exp": 1}], ids=str)
def test_a_signed_userinfo_that_is_not_for_us_or_not_for_now_is_not_believed(client, wrong):
    Provider.beside = signed(client, **ANA, **wrong)
    assert come_back(client, {})[1].status_code == 401


def test_a_userinfo_that_the_provider_did_not_sign_is_not_believed(client):
    Provider.beside = signed(client, RSAKey.generate_key(2048, {"kid": "1"}), **ANA)
    assert come_back(client, {})[1].status_code == 401
    unsigned = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in (
            {"alg": "none"},
            {"iss": client.app.state.services.configuration.oidc_issuer, "aud": "us", "sub": "1", **ANA},
        )
    ]
    Provider.beside = ".".join([*unsigned, ""])
    assert come_back(client, {})[1].status_code == 401
    Provider.beside = "not a token"
    assert come_back(client, {})[1].status_code == 401


def test_a_provider_that_verifies_all_addresses_need_not_say_so_of_each(served):
    client = served(oidc_verifies_emails=True, oidc_scope="openid email uid")
    asked, answer = come_back(client, {"email": "ana@dreets.gouv.fr"})
    assert answer.status_code == 303
    assert asked["scope"] == "openid email uid"
    assert min(len(asked["state"]), len(asked["nonce"])) >= 32


def test_where_passwords_are_switched_off_none_is_asked_for_and_none_is_checked(served):
    client = served(local_passwords=False)
    accounts.add_user(client.app.state.services.engine, "old", "agent", ["75"], [], PASSWORD)
    page = client.get("/sign-in").text
    assert "password" not in page
    token = client.cookies["weaksignals-sign-in"]
    fields = {"token": token, "name": "old", "password": PASSWORD}
    assert client.post("/sign-in", data=fields, follow_redirects=False).status_code == 403
    come_back(client, ANA)
    csrf = re.search('name="csrf" value="([^"]+)"', client.get("/account").text).group(1)
    assert client.post("/account/password", data={"csrf": csrf}).status_code == 404


def test_nobody_is_shut_out_by_settings(data_template):
    with pytest.raises(InputError, match="nobody could sign in"):
        read_configuration(data=data_template, local_passwords=False)
    with pytest.raises(InputError, match="go together"):
        read_configuration(data=data_template, oidc_rights_claim="groups")
    impossible = [{"value": "x", "territories": ["Narnia"]}]
    with pytest.raises(InputError, match="Narnia"):
        read_configuration(data=data_template, oidc_rights_claim="groups", oidc_rights=impossible)


RIGHTS = {
    "oidc_rights_claim": "groups",
    "oidc_rights": [
        {"value": "lead", "role": "team_lead", "territories": ["Bretagne"], "kinds": ["scores"]},
        {"value": "west", "territories": ["35"]},
    ],
}
BOB = {"email": "bob@dreets.gouv.fr", "email_verified": True}


def right_changes(client):
    query = "SELECT action, path FROM audit WHERE by = 'provider' ORDER BY id"
    with client.app.state.services.engine.connect() as connection:
        return connection.execute(sa.text(query)).all()


def test_rights_follow_the_provider_where_the_settings_say_so(served):
    client = served(**RIGHTS)
    assert come_back(client, {**BOB, "groups": ["other", "west"]})[1].status_code == 303
    assert come_back(client, {**BOB, "groups": "west"})[1].status_code == 303
    assert come_back(client, {**BOB, "groups": ["west", "lead"]})[1].status_code == 303
    assert right_changes(client) == [
        ("account added", "bob@dreets.gouv.fr: agent; 35; no kind of data"),
        ("right changed", "bob@dreets.gouv.fr: team_lead; Bretagne; scores"),
    ]
    text = client.get("/lists/2024-02?alert=high&alert=moderate&alert=none").text
    assert "CONSERVERIE" in text
    assert "ATELIERS" not in text


def test_the_administration_follows_the_provider_too(served):
    given = [{**right, "administration": "DREETS 35"} for right in RIGHTS["oidc_rights"]]
    client = served(**{**RIGHTS, "oidc_rights": given})
    for _ in range(2):
        assert come_back(client, {**BOB, "groups": ["west"]})[1].status_code == 303
    assert right_changes(client)[1:] == [
        ("administration changed", "bob@dreets.gouv.fr: agent; 35; no kind of data; DREETS 35")
    ]
    assert "DREETS 35" in client.get("/account").text


@pytest.mark.parametrize("groups", [["other"], [], None, "lea", {"lead": 1}], ids=str)
def test_without_a_value_that_gives_a_right_one_does_not_come_in(served, groups):
    client = served(**RIGHTS)
    assert come_back(client, {**ANA, "groups": groups})[1].status_code == 403
    assert right_changes(client) == []


def test_an_account_that_was_closed_here_stays_closed_whatever_the_provider_gives(served):
    client = served(**RIGHTS)
    accounts.close_account(client.app.state.services.engine, "ana@dreets.gouv.fr")
    assert come_back(client, {**ANA, "groups": ["west"]})[1].status_code == 403
    assert right_changes(client) == []


def test_a_name_of_the_provider_that_can_be_no_account_is_refused(served):
    client = served(**RIGHTS, oidc_verifies_emails=True)
    assert come_back(client, {"email": "a b", "groups": ["west"]})[1].status_code == 403
