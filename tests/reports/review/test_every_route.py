"""Every route by every verb, as every user; then whatever else a browser could send: no page fails."""

import re
from urllib import parse

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reports.review.filters import FILTERS
from reports.review.routes import rule_of
from tests.reports.review.conftest import ACCOUNTS, TestClient, app_on, signed_in

VERBS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
USERS = ("nobody", *ACCOUNTS)
# What each user is answered. Forms are sent empty, with the token of the session: 400 is the answer of an open door.
ANSWERS = """
    verb | path                                    | nobody | paris | bretagne | lyon | france | admin
    GET  | /sign-in                                | 200    | 200   | 200      | 200  | 200    | 200
    POST | /sign-in                                | 403    | 403   | 403      | 403  | 403    | 403
    GET  | /language/{code}                        | 303    | 303   | 303      | 303  | 303    | 303
    GET  | /sign-in/provider                       | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /sign-in/provider/back                  | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /legal                                  | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /privacy                                | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /accessibility                          | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /guide                                  | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /logo                                   | 404    | 404   | 404      | 404  | 404    | 404
    POST | /tour                                   | 303    | 400   | 400      | 400  | 400    | 400
    GET  | /confidentiality                        | 303    | 404   | 404      | 404  | 404    | 404
    POST | /confidentiality                        | 303    | 404   | 404      | 404  | 404    | 404
    GET  | /account                                | 303    | 200   | 200      | 200  | 200    | 200
    POST | /account/password                       | 303    | 400   | 400      | 400  | 400    | 400
    GET  | /accounts                               | 303    | 403   | 403      | 403  | 403    | 200
    POST | /accounts/{number}                      | 303    | 403   | 403      | 403  | 403    | 303
    GET  | /                                       | 303    | 200   | 200      | 200  | 200    | 200
    GET  | /lists                                  | 303    | 303   | 303      | 303  | 303    | 303
    GET  | /lists/{key}                            | 303    | 200   | 200      | 200  | 200    | 200
    GET  | /lists/{key}/export.{form}              | 303    | 200   | 200      | 200  | 200    | 200
    GET  | /territory                              | 303    | 403   | 200      | 403  | 200    | 200
    GET  | /territory/{table}.csv                  | 303    | 403   | 200      | 403  | 200    | 200
    GET  | /figures                                | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /figures/{table}.csv                    | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /firms/{siren}                          | 303    | 200   | 404      | 404  | 200    | 200
    GET  | /firms/{siren}/history                  | 303    | 200   | 404      | 404  | 200    | 200
    GET  | /firms/{siren}/sheet.pdf                | 303    | 200   | 404      | 404  | 200    | 200
    GET  | /firms/{siren}/firm.json                | 401    | 200   | 404      | 404  | 200    | 200
    GET  | /firms/{siren}/lineage                  | 303    | 403   | 403      | 403  | 403    | 200
    GET  | /firms/{siren}/lineage.json             | 401    | 403   | 403      | 403  | 403    | 200
    POST | /firms/{siren}/verdicts                 | 303    | 400   | 404      | 403  | 400    | 400
    POST | /firms/{siren}/follow-ups               | 303    | 400   | 404      | 404  | 400    | 400
    GET  | /firms/{siren}/follow-up                | 303    | 200   | 404      | 404  | 200    | 200
    POST | /firms/{siren}/follow-up-notes          | 303    | 400   | 404      | 404  | 400    | 400
    POST | /firms/{siren}/wrong-data               | 303    | 400   | 404      | 404  | 400    | 400
    GET  | /algorithm                              | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/evaluation                   | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/data                         | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/register                     | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/register.json                | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/register.csv                 | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/dictionary.csv               | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /algorithm/pictures/{name}.{code}.svg   | 404    | 404   | 404      | 404  | 404    | 404
    GET  | /health                                 | 200    | 200   | 200      | 200  | 200    | 200
    GET  | /follow-ups                             | 303    | 200   | 200      | 200  | 200    | 200
    GET  | /follow-ups/export.xlsx                 | 303    | 200   | 200      | 200  | 200    | 200
    GET  | /follow-ups/calendar.ics                | 303    | 200   | 200      | 200  | 200    | 200
    GET  | /team                                   | 303    | 403   | 303      | 403  | 403    | 303
    GET  | /verdicts.csv                           | 303    | 403   | 403      | 403  | 200    | 200
    GET  | /wrong-data                             | 303    | 403   | 403      | 403  | 200    | 200
    GET  | /wrong-data.csv                         | 303    | 403   | 403      | 403  | 200    | 200
    POST | /wrong-data/{number}                    | 303    | 403   | 403      | 403  | 404    | 404
    GET  | /audit                                  | 303    | 403   | 403      | 403  | 403    | 200
    POST | /account/sign-out-everywhere            | 303    | 303   | 303      | 303  | 303    | 303
    POST | /sign-out                               | 303    | 303   | 303      | 303  | 303    | 303
"""
PARTS = {
    "siren": "552100554",
    "key": "2024-02",
    "form": "csv",
    "code": "fr",
    "name": "shap",
    "number": "1",
    "table": "sizes",
}
ENDS_SESSIONS = ("/sign-out", "/account/sign-out-everywhere")


def rows():
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in ANSWERS.strip().splitlines()]
    return {(line[0], line[1]): dict(zip(head[2:], map(int, line[2:]), strict=True)) for line in lines}


def filled(path, **parts):
    return re.sub(r"\{(\w+)\}", lambda found: {**PARTS, **parts}[found[1]], path)


@pytest.fixture(scope="module")
def one_app(data_template, tmp_path_factory):
    """An application whose sessions and answers no other test uses."""
    return app_on(data_template, tmp_path_factory.mktemp("routes"))


def browser(app, name):
    """A client and the token of its forms."""
    if name == "nobody":
        return TestClient(app), ""
    agent = signed_in(app, name)
    return agent.client, agent.csrf


def test_every_route_is_in_the_table(one_app):
    declared = {(verb, route.path) for route in one_app.routes if rule_of(route) for verb in route.methods}
    assert declared == set(rows())


@pytest.mark.parametrize("name", USERS)
def test_each_user_opens_what_is_theirs_and_nothing_else(one_app, name):
    client, csrf = browser(one_app, name)
    found = {}
    for verb, path in rows():
        sent = {"data": {"csrf": csrf}} if verb == "POST" else {}
        found[verb, path] = client.request(verb, filled(path), follow_redirects=False, **sent).status_code
        if path in ENDS_SESSIONS:
            client, csrf = browser(one_app, name)
    assert found == {route: answers[name] for route, answers in rows().items()}


@pytest.mark.parametrize("name", ["nobody", "admin"])
def test_a_verb_that_an_address_does_not_know_is_answered_with_those_that_it_does(one_app, name):
    client, _ = browser(one_app, name)
    for path in dict.fromkeys(path for _, path in rows()):
        known = {verb for verb, one in rows() if one == path}
        known |= {"HEAD"} if "GET" in known else set()
        for verb in set(VERBS) - known:
            answer = client.request(verb, filled(path), follow_redirects=False)
            assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(sorted(known))), (verb, path)


@pytest.mark.parametrize("name", ["nobody", "paris", "admin"])
def test_head_is_answered_as_get_without_the_page(one_app, name):
    client, _ = browser(one_app, name)
    for verb, path in rows():
        if verb == "GET":
            page, head = (client.request(one, filled(path), follow_redirects=False) for one in ("GET", "HEAD"))
            assert (head.status_code, head.content) == (page.status_code, b"")
            assert head.headers["content-type" if page.content else "cache-control"] != ""


def test_a_head_of_a_firm_is_logged_as_its_page_is(one_app):
    client, _ = browser(one_app, "paris")
    client.head("/firms/552100554?seen=by-head")
    assert "/firms/552100554?seen=by-head" in browser(one_app, "admin")[0].get("/audit").text


# Texts that programs trip over, beside any other.
ODD = ("", "\0", "%00", "℀", "//℀", "//[", "\udfff".encode("utf-8", "replace").decode(), "²", "-1", "9" * 40, "1e9", "NaN",
       "2024-13", "0000-00", "../..", "%2e%2e/", "'", '"', ";--", "<b>", "{}", "\r\nX: 1", "é" * 3000)  # fmt: skip
TEXT = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
PLACE = st.one_of(st.sampled_from([*PARTS.values(), "2024-01", "xlsx", "json"]), TEXT)
ASKED = st.sampled_from(
    [
        *(one.name for one in FILTERS),
        "list",
        "sort",
        "descending",
        "page",
        "next",
        "back",
        "before",
        "said",
        "shared",
        "who",
        "since",
        "until",
        "scope",
        "state",
        "view",
    ]
)
FIELDS = st.sampled_from(
    [*("csrf", "token", "name", "password", "next", "follows", "is_useful", "reason", "note", "state", "on", "field"),
     *("current", "new", "again", "decision", "expires_on", "seen", "back"),
     *("priority", "in_charge", "participants", "difficulties", "action_ccsf", "contacts", "next_on", "next_step", "summary"),
     *("outcome", "visibility")]
)  # fmt: skip
KINDS = st.sampled_from(
    ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=", "application/json",
     "", *(f"multipart/form-data; boundary=b; charset={name}" for name in ("undefined", "idna", "utf-7", "zlib", "\0"))]
)  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "hx-request": st.just("true"),
        "referer": st.sampled_from(["//[", "http://[", "https://x/y?said=1", "é"]).map(lambda text: text.encode()),
        "accept-language": st.sampled_from(["en", "fr;q=x", ",,;", "*"]),
        "x-forwarded-for": st.sampled_from(["", "x, y", "::1", "1" * 500]),
    },
)


@pytest.fixture(scope="module")
def browsers_of_routes(one_app):
    return {name: browser(one_app, name) for name in ("nobody", "bretagne", "admin")}


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([route for route in rows() if route[1] not in ENDS_SESSIONS]),
    st.sampled_from(["nobody", "bretagne", "admin"]),
    st.dictionaries(st.sampled_from(sorted(PARTS)), PLACE, max_size=2),
    st.lists(st.tuples(ASKED, TEXT), max_size=4),
    st.dictionaries(FIELDS, TEXT, max_size=5),
    KINDS,
    HEADERS,
)
def test_whatever_is_sent_no_page_fails(browsers_of_routes, route, name, parts, asked, fields, kind, headers):
    verb, path = route
    client, csrf = browsers_of_routes[name]
    sent = {}
    if verb == "POST":
        fields = {"csrf": csrf, **fields}
        if kind == "multipart/form-data":
            sent["files"] = {field: (None, text) for field, text in fields.items()}
        elif kind == "application/x-www-form-urlencoded":
            sent["data"] = fields
        else:
            parted = "".join(
                f'--b\r\nContent-Disposition: form-data; name="{f}"\r\n\r\n{t}\r\n' for f, t in fields.items()
            )
            sent["content"], headers = f"{parted}--b--\r\n".encode(), {**headers, "content-type": kind}
    address = re.sub(r"\{(\w+)\}", lambda found: quote(parts.get(found[1], PARTS[found[1]])), path)
    answer = client.request(verb, address, params=asked, headers=headers, follow_redirects=False, **sent)
    assert answer.status_code < 500


def quote(text):
    return parse.quote(text, safe="")


@pytest.mark.parametrize("charset", ["undefined", "idna", "utf-7", "zlib", "latin-1", "\x01"])
def test_a_form_in_an_odd_charset_is_refused_in_a_page(one_app, charset):
    client, csrf = browser(one_app, "paris")
    body = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n--b--\r\n'
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    answer = client.post("/firms/552100554/verdicts", content=body.encode(), headers={"content-type": kind})
    assert answer.status_code == 400
    assert "<h1>" in answer.text


@pytest.mark.parametrize("siren", ["℀", "é", "\x80"])
def test_a_fragment_of_an_address_in_any_script_is_refused_with_that_address(one_app, siren):
    client, _ = browser(one_app, "paris")
    answer = client.get(f"/firms/{quote(siren)}", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (404, f"/firms/{quote(siren)}")


@pytest.mark.parametrize("back", ["//℀", "/℀", "//[", "/\\℀", "http://℀"])
def test_a_way_back_that_is_no_address_leads_nowhere_else(one_app, back):
    answer = TestClient(one_app).get("/language/fr", params={"back": back}, follow_redirects=False)
    assert answer.status_code == 303
    assert re.match(r"/(?![/\\])|/$", answer.headers["location"])
