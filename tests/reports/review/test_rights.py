"""Every route, as users with different rights: nobody reaches a firm, or a figure, that is not theirs."""

import io
import re
import zipfile

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi import FastAPI

from reports.review import accounts
from reports.review.access import Kind, Role, right_of
from reports.review.columns import COLUMNS
from reports.review.filters import FILTERS
from reports.review.routes import refuse_routes_without_rule, rule_of
from tests.reports.review.conftest import (
    ACCOUNTS,
    ALL,
    FIRMS,
    PASSWORD,
    TestClient,
    app_on,
    rewrite,
    shown,
    signed_in,
)

UNKNOWN = "999999999"
MOVED, CLOSED = "552100554", "100000017"
CONFIDENTIAL = "accounts_confidential"
FORMS = {
    "/firms/{siren}/verdicts": {"follows": "0", "is_useful": "yes", "reason": "", "note": ""},
    "/firms/{siren}/follow-ups": {"follows": "0", "state": "to_contact", "on": "2024-02-02", "note": ""},
    "/firms/{siren}/follow-up-notes": {"follows": "1", "note": "x", "visibility": "all"},
    "/firms/{siren}/wrong-data": {"field": "name", "note": "x"},
}
ROLES_OF = {"/audit": {"admin"}, "/verdicts.csv": {"france", "admin"}}
NAMES = dict(zip(FIRMS["siren"], FIRMS["name"], strict=True))
DEPARTEMENTS = dict(zip(FIRMS["siren"], FIRMS["departement"], strict=True))


def routes(app):
    return [route for route in app.routes if rule_of(route)]


def addresses(path: str, searched=tuple(FIRMS["siren"])) -> list[str]:
    """Each path of a route, with what its page may be asked."""
    filled = path.replace("{key}", "2024-02").replace("{code}", "fr")
    forms = [filled.replace("{form}", form) for form in ("xlsx", "csv", "json")] if "{form}" in filled else [filled]
    asked = "?alert=high&alert=moderate&alert=none"
    return [form + asked for form in forms] + [form + f"?q={firm}&alert=none" for form in forms for firm in searched]


def text_of(response) -> str:
    """What a reader finds in a page, a table, a workbook or a PDF."""
    if response.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(response.content)) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    return response.content.decode("latin-1" if response.content[:4] == b"%PDF" else "utf-8")


def squeezed(text: str) -> str:
    """Without the blanks that group digits, which are codes of the font in a PDF."""
    return re.sub(r"\\[0-7]{3}|[\s\u00a0\u202f]", "", text)


def outside(name: str) -> list[str]:
    right = right_of(*ACCOUNTS[name])
    return [s for s, code in DEPARTEMENTS.items() if right.departements is not None and code not in right.departements]


def test_an_application_with_a_route_without_a_rule_does_not_start():
    app = FastAPI(openapi_url=None)
    app.get("/forgotten")(lambda: "open")
    with pytest.raises(RuntimeError, match="/forgotten"):
        refuse_routes_without_rule(app, "static")


def test_every_change_of_a_firm_is_tried_below(app):
    posts = {r.path for r in routes(app) if "POST" in r.methods and rule_of(r).names_firm}
    assert posts == set(FORMS)


def test_the_columns_that_need_a_right_are_those_of_the_risk_and_of_the_debt():
    needed = {column.name: column.kind for column in COLUMNS if column.kind}
    risk = (
        "rank",
        "national_rank",
        "alert",
        "first_alert",
        "since",
        "probability",
        "probability_3m",
        "probability_6m",
        "probability_12m",
        "probability_low",
        "probability_high",
        "main_reason",
    )
    debt = ("debt", "has_payment_plan")
    assert needed == {**dict.fromkeys(risk, Kind.SCORES), **dict.fromkeys(debt, Kind.SOCIAL_DEBT)}


def test_a_filter_needs_the_right_of_the_figure_that_it_tells():
    needed = {one.name: one.kind for one in FILTERS if one.kind}
    risk = ("alert", "theme", "min_alerts", "new_alert", "first_alert", "unreviewed")
    debt = ("min_debt", "no_plan")
    assert needed == {**dict.fromkeys(risk, Kind.SCORES), **dict.fromkeys(debt, Kind.SOCIAL_DEBT)}


def test_without_signing_in_only_public_pages_open(app, agents):
    client = TestClient(app)
    for route in routes(app):
        path = route.path.replace("{siren}", "552100554").replace("{key}", "2024-02").replace("{form}", "csv")
        method = next(iter(route.methods))
        response = client.request(method, path.replace("{code}", "fr"), follow_redirects=False)
        if rule_of(route).is_public:
            assert "/sign-in" not in response.headers.get("location", "")
        else:
            is_sent_away = response.status_code == 303 and response.headers["location"].startswith("/sign-in")
            assert is_sent_away or response.status_code == 401, path
        assert not any(firm in response.text for firm in NAMES.values())


@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_firm_outside_the_territory_is_answered_like_one_that_does_not_exist(app, agents, name):
    for route in routes(app):
        if not rule_of(route).names_firm:
            continue
        for siren in outside(name):
            answers = []
            for asked in (siren, UNKNOWN):
                path = route.path.replace("{siren}", asked)
                fields = FORMS.get(route.path)
                answer = agents[name].post(path, **fields) if fields else agents[name].get(path)
                answers.append((answer.status_code, answer.text.replace(asked, "-")))
            assert answers[0] == answers[1]
            assert answers[0][0] == (404 if rule_of(route).admits(right_of(*ACCOUNTS[name])) else 403)


@pytest.mark.parametrize("hx", [{}, {"hx-request": "true"}], ids=["page", "fragment"])
@pytest.mark.parametrize("name", ACCOUNTS)
def test_no_page_export_search_or_fragment_tells_of_a_firm_outside_the_territory(app, agents, name, hx):
    for route in routes(app):
        if "GET" not in route.methods or rule_of(route).names_firm:
            continue
        for address in addresses(route.path):
            response = agents[name].get(address, **hx)
            allowed = ROLES_OF.get(route.path)
            if allowed is not None and name not in allowed:
                assert response.status_code == 403
            text = text_of(response)
            for siren in outside(name):
                assert NAMES[siren] not in text
                # A page repeats what was searched; nothing else may hold the number.
                assert siren not in text or f"q={siren}" in address


@pytest.mark.parametrize(
    ("kind", "siren", "figures"),
    [
        (Kind.SOCIAL_DEBT, "552100554", ["42317", "12011", "31009"]),
        (Kind.PAYMENT_DELAYS, "552100554", ["47jours", "47days", '"47.0"', "23jours", "29jours", "29days"]),
        (Kind.CONFIDENTIAL_ACCOUNTS, "100000017", ["6173", "7219"]),
        (Kind.SHORT_TIME_WORK, "350000008", ["4713", "5147", "303hours", "303heures"]),
    ],
)
def test_a_kind_of_data_without_right_is_absent_from_every_page_and_file(fresh, kind, siren, figures):
    engine = fresh.state.services.engine
    accounts.add_user(engine, "whole", "administrator", ["FR"], ALL, PASSWORD)
    accounts.add_user(engine, "less", "administrator", ["FR"], [k for k in ALL if k != kind], PASSWORD)
    seen = {}
    for name in ("whole", "less"):
        agent, seen[name] = signed_in(fresh, name), ""
        for route in routes(fresh):
            if "GET" in route.methods and not rule_of(route).is_public:
                for address in addresses(route.path.replace("{siren}", siren), searched=()):
                    for language in ("fr", "en"):
                        seen[name] += squeezed(text_of(agent.get(address, **{"accept-language": language})))
    assert any(figure in seen["whole"] for figure in figures)
    assert not any(figure in seen["less"] for figure in figures)


def test_without_right_to_scores_there_is_no_risk_no_rank_and_no_reason_anywhere(agents):
    risk = "75,0"
    for address in ("/firms/690000001", "/firms/690000001/firm.json", "/lists/2024-02/export.json", "/lists/2024-02"):
        text = agents["lyon"].get(address).text
        for word in (
            "probability",
            "badge",
            "rank=",
            "effects",
            "Pourquoi cette entreprise",
            "Raison principale",
            risk,
        ):
            assert word not in text, (address, word)


def test_an_answer_about_data_without_right_is_absent_from_pages_and_files(fresh):
    accounts.add_user(fresh.state.services.engine, "whole", "agent", ["FR"], ALL, PASSWORD)
    accounts.add_user(fresh.state.services.engine, "less", "agent", ["FR"], [], PASSWORD)
    whole, less = signed_in(fresh, "whole"), signed_in(fresh, "less")
    whole.post("/firms/552100554/verdicts", follows=0, is_useful="no", reason="seasonal", note="alerte vue en mars")
    whole.post("/firms/552100554/wrong-data", field="debt", note="payée le 3")
    whole.post("/firms/552100554/wrong-data", field="activity", note="vend des vélos")
    seen = {
        name: "".join(text_of(agent.get(f"/firms/552100554{page}")) for page in ("", "/sheet.pdf"))
        for name, agent in (("whole", whole), ("less", less))
    }
    for note in ("alerte vue en mars", "payée le 3"):
        assert note in seen["whole"]
        assert note not in seen["less"]
    assert "vend des vélos" in seen["less"]
    everyone = less.get("/lists/2024-02/export.json").json()["firms"]
    assert less.get("/lists/2024-02/export.json?unreviewed=true").json()["firms"] == everyone


def test_a_report_on_confidential_accounts_is_not_read_through_a_list_where_they_were_public(copied, tmp_path):
    january = copied / "features" / "period=2024-01-01" / "part-0.parquet"
    rewrite(
        january, lambda t: t.set_column(t.schema.get_field_index(CONFIDENTIAL), CONFIDENTIAL, pa.array([0.0] * len(t)))
    )
    app = app_on(copied, tmp_path)
    kinds = [kind for kind in ALL if kind != Kind.CONFIDENTIAL_ACCOUNTS]
    accounts.add_user(app.state.services.engine, "less", "agent", ["FR"], kinds, PASSWORD)
    whole, less = signed_in(app, "admin"), signed_in(app, "less")
    firm, older = "/firms/100000017", "/firms/100000017?list=2024-01"
    assert whole.post(firm + "/wrong-data", field="liquidity_ratio", note="secret").status_code == 303
    assert less.post(firm + "/wrong-data?list=2024-01", field="liquidity_ratio", note="public alors").status_code == 303
    for page in (firm, older):
        assert "secret" in whole.get(page).text
        assert "secret" not in less.get(page).text
    assert "public alors" in less.get(older).text


@pytest.fixture
def moved(copied, tmp_path):
    """Since the list of January a firm moved from Paris to Lyon, and another is closed."""
    newest = copied / "lists" / "2024-02" / "target_list.parquet"

    def change(table):
        codes = [
            "69" if siren == MOVED else code
            for siren, code in zip(*(table[n].to_pylist() for n in ("siren", "departement")), strict=True)
        ]
        table = table.set_column(table.schema.get_field_index("departement"), "departement", pa.array(codes))
        return table.filter(pc.field("siren") != CLOSED)

    rewrite(newest, change)
    app = app_on(copied, tmp_path)
    for role in ("team_lead", "data_scientist"):
        accounts.add_user(app.state.services.engine, role, role, ["75"], ALL, PASSWORD)
    return app


def test_a_firm_that_moved_is_closed_to_its_former_territory_on_older_lists_too(moved):
    paris, admin = signed_in(moved, "paris"), signed_in(moved, "admin")
    for route in routes(moved):
        if rule_of(route).names_firm:
            answers = []
            for siren in (MOVED, UNKNOWN):
                path, fields = route.path.replace("{siren}", siren) + "?list=2024-01", FORMS.get(route.path)
                answer = paris.post(path, **fields) if fields else paris.get(path)
                answers.append((answer.status_code, answer.text.replace(siren, "-")))
            assert answers[0] == answers[1]
            assert answers[0][0] == (404 if rule_of(route).admits(right_of(*ACCOUNTS["paris"])) else 403)
    for address in ("/lists/2024-01", f"/lists/2024-01?q={MOVED}", "/lists/2024-01/export.json"):
        assert NAMES[MOVED] not in paris.get(address).text
    assert paris.get(f"/firms/{CLOSED}?list=2024-01").status_code == 200
    assert NAMES[CLOSED] in shown(paris.get("/lists/2024-01"))
    assert admin.get(f"/firms/{MOVED}?list=2024-01").status_code == 200
    assert signed_in(moved, "lyon").get(f"/firms/{MOVED}").status_code == 200


def test_answers_on_a_closed_firm_stay_in_the_table_and_with_the_team_and_those_on_a_moved_one_leave(moved):
    admin = signed_in(moved, "admin")
    for siren in (CLOSED, MOVED):
        for form in ("verdicts", "follow-ups"):
            path = f"/firms/{{siren}}/{form}"
            assert admin.post(path.format(siren=siren) + "?list=2024-01", **FORMS[path]).status_code == 303
    whole = admin.get("/verdicts.csv").text
    assert CLOSED in whole
    assert MOVED in whole
    own = signed_in(moved, "data_scientist").get("/verdicts.csv").text
    assert CLOSED in own
    assert MOVED not in own
    team = signed_in(moved, "team_lead").get("/follow-ups?scope=all").text
    assert f"/firms/{CLOSED}/follow-up?list=2024-01" in team
    assert MOVED not in team
    assert f"/firms/{MOVED}/follow-up?list=2024-02" in admin.get("/follow-ups?scope=all").text


def test_a_reason_without_right_is_told_by_its_theme_only(agents):
    text = agents["bretagne"].get("/firms/350000008").text
    assert "Une raison du thème « activité partielle », aux chiffres duquel vous n&#39;avez pas droit." in text
    assert "4713" not in squeezed(text)


def test_what_moved_a_risk_and_what_would_lower_it_have_no_figure_without_right(fresh):
    engine = fresh.state.services.engine
    kinds = [kind for kind in ALL if kind != Kind.SOCIAL_DEBT]
    accounts.add_user(engine, "no_debt", "agent", ["FR"], kinds, PASSWORD)
    agent = signed_in(fresh, "no_debt")
    text = shown(agent.get("/firms/552100554", **{"accept-language": "en"}))
    assert (
        "Risk up since January 2024: a reason of the theme “social debt” (you have no right to see its figures); "
        "Mean delay in paying suppliers: from 23 days to 47 days."
    ) in text
    assert (
        "According to the model, the firm would leave the list after a change of the theme “social debt” (you have no "
        "right to see its figures) and a mean delay in paying suppliers of 29 days instead of 47 days. This is a "
        "calculation, not a promise."
    ) in text
    assert "18%" not in text
    text = shown(agent.get("/firms/552100554"))
    assert (
        "sortirait de la liste après un changement du thème « dette sociale » (vous n'avez pas le droit d'en voir les "
        "chiffres) et" in text
    )
    for address in ("/firms/690000001", "/firms/100000017"):
        assert "do not give this reason" not in agent.get(address, **{"accept-language": "en"}).text


def test_confidential_accounts_that_moved_a_risk_are_told_by_their_theme_without_right_to_them(app):
    told = "Risk up since January 2024: Liquidity ratio (confidential accounts, figures not shown)."
    assert told in shown(signed_in(app, "admin").get("/firms/100000017", **{"accept-language": "en"}))
    text = shown(signed_in(app, "france").get("/firms/100000017", **{"accept-language": "en"}))
    assert "Risk up since January 2024: a reason of the theme “financial health”" in text


def test_without_right_to_scores_a_page_tells_no_movement_and_no_counterfactual(fresh):
    kinds = [kind for kind in ALL if kind != Kind.SCORES]
    accounts.add_user(fresh.state.services.engine, "no_scores", "agent", ["FR"], kinds, PASSWORD)
    text = shown(signed_in(fresh, "no_scores").get("/firms/552100554", **{"accept-language": "en"}))
    assert "42,317 euros" in text
    for word in ("Risk up", "31,009", "take it off the list", "do not give this reason"):
        assert word not in text


def test_the_theme_without_right_can_not_be_told_by_subtraction(agents):
    found = agents["france"].get("/firms/552100554/firm.json").json()["effects"]
    assert {effect["name"] for effect in found} == {"payment_behaviour", "financial_health", "workforce", "other"}


def test_a_filter_or_an_order_on_a_figure_without_right_changes_nothing(agents):
    plain = agents["france"].get("/lists/2024-02/export.json").json()["firms"]
    for asked in ("min_debt=10000", "no_plan=true", "sort=debt", "sort=debt&descending=true"):
        assert agents["france"].get(f"/lists/2024-02/export.json?{asked}").json()["firms"] == plain
    debts = agents["admin"].get("/lists/2024-02/export.json?min_debt=10000").json()["firms"]
    assert [firm["siren"] for firm in debts] == ["552100554"]


def test_who_objects_to_publication_is_named_on_the_page_and_not_in_exports(agents):
    assert "JEANNE MARTIN" in agents["france"].get("/firms/200000025").text
    for address in ("/lists/2024-02/export.csv?alert=none", "/lists/2024-02/export.xlsx?alert=none"):
        assert "JEANNE MARTIN" not in text_of(agents["france"].get(address))
        assert "JEANNE MARTIN" in text_of(agents["paris"].get(address))
    for address in ("/firms/200000025/sheet.pdf", "/firms/200000025/firm.json"):
        text = text_of(agents["france"].get(address))
        assert "JEANNE" not in text
        assert "PARIS 20" not in text


@pytest.mark.parametrize("form", ["xlsx", "json"])
def test_an_export_does_not_name_who_objects_to_publication_by_what_was_searched(agents, form):
    address = f"/lists/2024-02/export.{form}?alert=none&q="
    text = text_of(agents["france"].get(address + "jeanne martin"))
    assert "jeanne" not in text
    assert "Nom, SIREN ou SIRET: (non diffusible)" in text
    assert "Nom, SIREN ou SIRET: jeanne martin" in text_of(agents["paris"].get(address + "jeanne martin"))
    assert "Nom, SIREN ou SIRET: 200000025" in text_of(agents["france"].get(address + "200000025"))


def test_the_log_tells_of_all_territories_and_needs_the_whole_country(fresh):
    accounts.add_user(fresh.state.services.engine, "ouest", "administrator", ["Bretagne"], ALL, PASSWORD)
    agent = signed_in(fresh, "ouest")
    assert agent.get("/audit").status_code == 403
    assert "/audit" not in agent.get("/lists/2024-02").text
    assert "/audit" in signed_in(fresh, "admin").get("/lists/2024-02").text


def test_roles_open_the_pages_of_their_work(agents):
    for path, allowed in ROLES_OF.items():
        for name, agent in agents.items():
            assert agent.get(path).status_code == (200 if name in allowed else 403), (path, name)
    for name, agent in agents.items():
        assert agent.get("/team").status_code == (303 if name in ("bretagne", "admin") else 403)
    assert {role for role, *_ in ACCOUNTS.values()} == set(Role)
