"""OpenID Connect against a provider that answers for real, on a port of this machine."""

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

from reports.review import accounts
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from tests.reports.review.conftest import TestClient


class Provider(BaseHTTPRequestHandler):
    """Signs in whoever `claims` says, with the nonce that it was asked with."""

    key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    signing_key = key
    claims: ClassVar[dict] = {}
    asked: ClassVar[dict] = {}
    posted: ClassVar[dict] = {}

    def log_message(self, *args):
        pass

    def answer(self, content):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def do_GET(self):
        issuer = f"http://{self.headers['host']}"
        if self.path.endswith("openid-configuration"):
            paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            algorithms = {"id_token_signing_alg_values_supported": ["RS256"]}
            self.answer({"issuer": issuer, **algorithms, **{name: f"{issuer}/{path}" for name, path in paths.items()}})
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
def client(data_template, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Provider.signing_key = Provider.key
    settings = {"oidc_issuer": f"http://127.0.0.1:{server.server_port}", "oidc_client_id": "us", "secret": "s" * 32}
    database = f"sqlite:///{tmp_path / 'r.db'}"
    settings["trusted_proxies"] = ["10.0.0.2"]
    app = create_app(read_configuration(data=data_template, database=database, is_local=True, **settings))
    accounts.add_user(app.state.services.engine, "ana@dreets.gouv.fr", "agent", ["75"], [], None)
    yield TestClient(app)
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
