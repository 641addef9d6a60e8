"""Pages and files: what they hold, bad input, and both languages."""

import ast
import html
import io
import re
import shutil
import zipfile
from pathlib import Path
from urllib.parse import parse_qs

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from fastapi.responses import Response
from jinja2 import nodes
from scipy.special import expit

import reports
from reports.language import translations
from reports.review import codes, edge, guard, passwords, rendering, texts, verdicts, wording, words
from reports.review.cases import briefs, digest, form, listing
from reports.review.pages import accounts, follow_ups, log, session
from tests.reports.review.conftest import BASE, TestClient, app_on, margin, rewrite, shown, signed_in

ROOM = Path(reports.__file__).parent / "review"
TEMPLATES = Path(reports.__file__).parent / "templates" / "review"


@pytest.mark.parametrize("siren", ["552100554", "100000017", "690000001"])
def test_the_page_of_a_firm_adds_up_as_it_is_read(agents, siren):
    text = agents["admin"].get(f"/firms/{siren}").text
    start, end = (float(x) for x in re.findall('data-risk="([^"]+)"', text))
    points = [float(x) for x in re.findall('data-points="([^"]+)"', text)]
    assert round(start + sum(points), 1) == end == round(100 * expit(margin(siren)), 1)
    assert start == round(100 * expit(BASE), 1)


@pytest.mark.parametrize(
    ("name", "is_descending"), [("rank", False), ("probability", True), ("debt", True), ("name", False)]
)
def test_the_first_click_on_a_figure_sorts_from_the_end_that_is_of_concern(agents, name, is_descending):
    addresses = re.findall('href="[?]([^"]*)"', html.unescape(agents["admin"].get("/lists/2024-02").text))
    (asked,) = [found for found in map(parse_qs, addresses) if found.get("sort") == [name]]
    assert ("true" in asked.get("descending", ["false"])) == is_descending


def test_the_list_is_ranked_and_shows_alerts_unless_asked(agents):
    text = agents["admin"].get("/lists/2024-02").text
    found = re.findall(r'href="/firms/(\d+)', text)
    assert found == sorted(found, key=lambda s: -margin(s))
    assert "690000019" not in found
    assert "690000019" in agents["admin"].get("/lists/2024-02?alert=none").text


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=552 100 554", ["552100554"]),
        ("q=5521", ["552100554"]),
        ("q=552 100 554 00012", ["552100554"]),
        ("q=durand ateliers", ["552100554"]),
        ("q=durand boulangerie", []),
        ("q=1900", ["690000001"]),
        ("q=emile", ["100000017"]),
        ("departement=35", ["350000008", "350000016"]),
        ("region=Bretagne&min_headcount=0", ["350000008", "350000016"]),
        ("division=25", ["552100554"]),
        ("division=25&division=24", ["552100554", "690000001"]),
        ("section=F&section=H", ["200000025", "350000016"]),
        ("departement=35&departement=69&section=C", ["350000008", "690000001"]),
        ("region=Bretagne&region=Auvergne-Rhône-Alpes&division=10", ["350000008"]),
        ("new_alert=true", []),
        ("legal=1", ["200000025"]),
        ("legal=57&departement=75", ["552100554"]),
        ("state=redressement", ["690000019"]),
        ("theme=payment_behaviour", ["690000001"]),
        ("min_alerts=2&departement=75", ["552100554", "100000017"]),
        ("min_alerts=3", []),
        ("q=nothing like it", []),
        ("q=diffusible", []),
        ("min_debt=40000", ["552100554"]),
        ("no_young=true&departement=69&q=fonderie", ["690000001"]),
    ],
)
def test_filters_find_their_firms_and_combine(agents, asked, found):
    address = f"/lists/2024-02/export.json?alert=high&alert=moderate&alert=none&{asked}"
    assert {firm["siren"] for firm in agents["admin"].get(address).json()["firms"]} == set(found)


def test_a_firm_on_alert_that_was_not_on_the_list_before_is_new_and_on_the_first_list_all_are(copied, tmp_path):
    before = copied / "lists" / "2024-01" / "target_list.parquet"
    calm = {"552100554": "none"}
    rewrite(
        before,
        lambda table: table.set_column(
            table.column_names.index("alert"),
            "alert",
            pa.array(
                [calm.get(s, a) for s, a in zip(*(table[n].to_pylist() for n in ("siren", "alert")), strict=True)]
            ),
        ),
    )
    agent = signed_in(app_on(copied, tmp_path), "admin")
    firms = {
        key: agent.get(f"/lists/{key}/export.json?new_alert=true").json()["firms"] for key in ("2024-01", "2024-02")
    }
    assert [firm["siren"] for firm in firms["2024-02"]] == ["552100554"]
    assert "100000017" in {firm["siren"] for firm in firms["2024-01"]}


def offered(agent, name):
    text = agent.get("/lists/2024-02").text
    return re.findall(rf'<input type="checkbox" name="{name}" value="([^"]+)"', text)


def test_filters_offer_what_the_firms_of_the_user_have_and_no_menu_of_a_single_choice(agents):
    assert offered(agents["admin"], "departement") == ["35", "69", "75"]
    assert offered(agents["admin"], "region") == ["Auvergne-Rhône-Alpes", "Bretagne", "Île-de-France"]
    assert offered(agents["admin"], "section") == ["C", "F", "G", "H"]
    assert offered(agents["lyon"], "departement") == []
    assert offered(agents["lyon"], "division") == ["24", "45"]


def test_what_is_chosen_elsewhere_stays_chosen_and_finds_nothing(agents):
    text = agents["lyon"].get("/lists/2024-02?departement=75").text
    assert re.search(r'name="departement" value="75" checked', text)
    assert "Aucune entreprise trouvée" in text


@pytest.mark.parametrize("name", ["lyon", "bretagne"])
def test_a_search_answers_of_a_firm_elsewhere_as_of_one_that_is_none(agents, name):
    asked = {"552100554": "552100555", "552 100 554 00012": "552 100 555 00012", "ATELIERS DURAND": "ATELIERS PURAND"}
    for pair in asked.items():
        pages = [agents[name].get(f"/lists/2024-02?q={text}").text for text in pair]
        pages = [re.sub("(?<=100)(%2520| |%20|\\+)?55[45]|DURAND|PURAND", "*", text) for text in pages]
        assert pages[0] == pages[1]
        assert "Aucune entreprise trouvée" in pages[0]


def test_a_search_that_finds_firms_without_alert_only_says_so_and_leads_there(agents):
    text = html.unescape(agents["admin"].get("/lists/2024-02?q=demenagements").text)
    assert "Voir aussi les entreprises sans alerte (1)" in text
    (asked,) = re.findall(r'href="[?]([^"]*)">Voir aussi', text)
    assert "DEMENAGEMENTS" in agents["admin"].get(f"/lists/2024-02?{asked}").text


def test_the_rank_is_that_within_the_territory_and_the_national_one_is_told_as_such(agents):
    everything = "/lists/2024-02/export.json?alert=high&alert=moderate&alert=none"
    ranks = {
        name: {f["siren"]: (f["rank"], f["national_rank"]) for f in agents[name].get(everything).json()["firms"]}
        for name in ("admin", "bretagne", "paris")
    }
    assert all(own == national for own, national in ranks["admin"].values())
    assert ranks["bretagne"]["350000008"] == (1, ranks["admin"]["350000008"][1])
    for name, found in ranks.items():
        assert sorted(own for own, _ in found.values() if own) == list(
            range(1, len([o for o, _ in found.values() if o]) + 1)
        ), name
        assert sorted(found, key=lambda s: found[s][0] or 99) == sorted(found, key=lambda s: found[s][1] or 99)
    assert ranks["admin"]["690000019"] == (None, None)
    page = shown(agents["bretagne"].get("/lists/2024-02"))
    assert f"{ranks['admin']['350000008'][1]} au niveau national" in page
    assert "au niveau national" not in shown(agents["admin"].get("/lists/2024-02"))


def test_legal_forms_are_those_of_insee_and_another_beginning_stays_chosen(agents):
    chosen = re.compile(r"<option(?: value=\"(\w+)\")? selected>([^<]*)")
    for asked, option in (("57", ("57", "57 – Société par actions simplifiée")), ("5710", ("", "5710"))):
        select = (
            agents["admin"].get(f"/lists/2024-02?legal={asked}").text.split('id="f-legal"')[1].split("</select>")[0]
        )
        assert chosen.findall(select) == [option]
        assert select.count("<option value=") > 30


def test_a_firm_is_on_alert_since_the_first_list_of_its_run(agents):
    (firm,) = agents["admin"].get("/lists/2024-02/export.json?q=552100554").json()["firms"]
    assert firm["since"] == "2024-01-01"


def test_a_workbook_has_a_frozen_header_types_filters_and_says_what_it_is(agents):
    content = agents["paris"].get("/lists/2024-02/export.xlsx?q=ateliers").content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet, strings = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/sharedStrings.xml").decode()
    assert 'state="frozen"' in sheet
    assert "<autoFilter" in sheet
    assert "<v>42317</v>" in sheet
    for said in ("DONNÉES SIMULÉES", "Nom, SIREN ou SIRET: ateliers", "Cotisations dues à l'URSSAF"):
        assert said in strings


def test_who_sees_scores_is_told_the_policy_of_the_list_and_what_it_gave(agents):
    page = agents["admin"].get("/lists/2024-02", **{"accept-language": "en"}).text
    assert "At most 5% of the firms are on high alert, and 10% on alert" in page
    assert "from a risk of 40%" in page
    told = agents["admin"].get("/lists/2024-02/export.json", **{"accept-language": "en"}).json()["alerts"]
    assert all(sentence in page for sentence in told)


def test_a_csv_says_simulated_on_every_line(agents):
    lines = agents["paris"].get("/lists/2024-02/export.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0].endswith(";Simulé")
    assert len(lines) == 3
    assert all(line.endswith(";oui") for line in lines[1:])


def test_the_sheet_of_a_firm_is_one_page(agents):
    content = agents["paris"].get("/firms/552100554/sheet.pdf").content
    assert content.startswith(b"%PDF")
    assert content.count(b"/Type /Page\n") == 1
    assert b"ATELIERS DURAND" in content
    assert re.search(rb"SIMUL\\\d{3}ES", content)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/lists/2024-02?page=-1", 422),
        ("/lists/2024-02?page=x", 422),
        ("/lists/2024-02?min_debt=-5", 422),
        ("/lists/2024-02?sort=password", 422),
        ("/lists/2024-02?page=99999", 200),
        ("/lists/2024-02?q=%27%3B+DROP+TABLE+x", 200),
        ("/lists/2024-02?min_debt=&theme=&departement=", 200),
        ("/lists/1999-01", 404),
        ("/lists/..%2F..", 404),
        ("/lists/2024-02/export.exe", 404),
        ("/firms/nobody", 404),
        ("/firms/552100554?list=2020-01", 404),
        ("/firms/552100554%27%20OR%201=1", 404),
        ("/nowhere", 404),
    ],
)
def test_bad_input_gets_a_clear_page_and_the_right_status(agents, address, status):
    response = agents["admin"].get(address)
    assert response.status_code == status
    assert "Traceback" not in response.text
    assert "<h1>" in response.text


def test_a_note_of_ten_megabytes_is_refused_before_it_is_read(agents):
    answer = agents["admin"].post("/firms/552100554/verdicts", note="x" * 10_000_000)
    assert answer.status_code == 413
    assert "trop long" in answer.text


def test_a_page_whose_files_were_replaced_meanwhile_is_read_again_and_a_change_is_not():
    answers = iter((503, 200, 503))

    async def page(scope, receive, send):
        await Response("", next(answers))(scope, receive, send)

    client = TestClient(edge.ReadsAgain(page))
    assert [client.get("/").status_code, client.post("/").status_code] == [200, 503]


def test_a_broken_file_or_no_list_is_said_in_a_page(copied, tmp_path):
    agent = signed_in(app_on(copied, tmp_path), "admin")
    (copied / "features" / "period=2024-02-01" / "part-0.parquet").write_bytes(b"PAR1 not a table")
    assert agent.get("/firms/552100554").status_code == 503
    (copied / "lists" / "2024-02" / "target_list.parquet").write_bytes(b"not a table")
    shutil.copytree(copied / "lists" / "2024-02", copied / "lists" / "2024-03")
    for key in ("2024-02", "2024-03"):
        response = agent.get(f"/lists/{key}")
        assert response.status_code in (200, 503)
    assert agent.get("/lists/2024-03").status_code == 503
    shutil.rmtree(copied / "lists")
    assert agent.get("/").status_code == 404
    assert agent.get("/lists/2024-02").status_code == 404


@pytest.mark.parametrize("name", ["lists/2024-01/target_list", "lists/2024-02/target_list", "features/firms"])
def test_a_file_that_is_garbled_within_is_said_in_a_page_and_in_the_log(copied, tmp_path, name, caplog):
    agent, file = signed_in(app_on(copied, tmp_path), "admin"), copied / f"{name}.parquet"
    content = file.read_bytes()
    # The footer is sound: what fails is the reading of values.
    file.write_bytes(content[:4] + b"\xff" * 300 + content[304:])
    answers = [agent.get(address).status_code for address in ("/lists/2024-02", "/lists/2024-01", "/firms/552100554")]
    assert set(answers) <= {200, 503}
    assert 503 in answers
    assert "See which: weaksignals doctor" in caplog.text


def test_an_older_list_without_scores_or_features_still_opens(copied, tmp_path):
    shutil.rmtree(copied / "scores")
    shutil.rmtree(copied / "features" / "period=2024-01-01")
    agent = signed_in(app_on(copied, tmp_path), "admin")
    for address in ("/lists/2024-01?sort=debt&min_debt=3&no_plan=true", "/firms/552100554?list=2024-01"):
        assert agent.get(address).status_code == 200
    assert "debt" not in agent.get("/lists/2024-01/export.json").json()["firms"][0]


@pytest.mark.parametrize("is_of_list", [True, False])
def test_a_list_scored_again_by_another_model_is_told_without_its_scores(copied, tmp_path, is_of_list):
    app = app_on(copied, tmp_path)
    model_id = app.state.services.reader.champion_id if is_of_list else "another"
    scores = copied / "scores" / "period=2024-01-01" / "scores.parquet"
    rewrite(scores, lambda table: table.append_column("model_id", pa.array([model_id] * len(table))))
    agent = signed_in(app, "admin")
    document = agent.get("/firms/552100554/firm.json?list=2024-01").json()
    assert bool(document["effects"]) == is_of_list
    assert document["reasons"]
    assert ("probability_low" in document["firm"]) == is_of_list
    assert agent.get("/firms/552100554?list=2024-01").status_code == 200


def test_a_firm_page_and_its_files_tell_the_risk_by_horizon_and_whose_interval_it_is(app):
    agent = signed_in(app, "admin")
    page = agent.get("/firms/552100554", **{"accept-language": "en"}).text
    assert "within 6 months: " in page
    assert "mean risk of firms scored like this one: between" in page
    told = agent.get("/firms/552100554/firm.json").json()["firm"]
    assert told["probability_6m"] == pytest.approx(told["probability"] / 4)
    assert told["probability_3m"] is None


def test_a_firm_that_the_register_no_longer_holds_is_found_by_its_name(copied, tmp_path):
    rewrite(copied / "features" / "firms.parquet", lambda table: table.filter(pc.field("siren") != "100000017"))
    agent = signed_in(app_on(copied, tmp_path), "admin")
    for name in ("emile", "ateliers"):
        (firm,) = agent.get(f"/lists/2024-01/export.json?q={name}").json()["firms"]
        assert name in firm["name"].lower().replace("é", "e")


def test_a_firm_page_tells_movement_counterfactual_and_doubtful_reasons_in_the_language_of_its_reader(app):
    agent = signed_in(app, "admin")
    told = {
        "en": (
            "Risk up since January 2024: Social debt: from 31,009 euros to 42,317 euros; "
            "Mean delay in paying suppliers: from 23 days to 47 days.",
            "According to the model, the firm would leave the list, with a risk of 18%, after paying all of its social "
            "debt (42,317 euros) and a mean delay in paying suppliers of 29 days instead of 47 days.",
            "Most models trained on other firms do not give this reason.",
        ),
        "fr": (
            "Risque en hausse depuis janvier 2024 : Dette sociale : de 31 009 € à 42 317 € ; "
            "Retard moyen de paiement aux fournisseurs : de 23 jours à 47 jours.",
            "l'entreprise sortirait de la liste, avec un risque de 18 %, après paiement de la totalité de sa dette",
            "La plupart des modèles entraînés sur d'autres entreprises ne donnent pas cette raison.",
        ),
    }
    for language, sentences in told.items():
        text = shown(agent.get("/firms/552100554", **{"accept-language": language}))
        assert [text.count(sentence) for sentence in sentences] == [1, 1, 1]
    text = shown(agent.get("/firms/100000017", **{"accept-language": "en"}))
    assert "The model finds no change that would take this firm off the list." in text
    assert "do not give this reason" not in text
    text = agent.get("/firms/690000001", **{"accept-language": "en"}).text
    assert "What changed since the last list" not in text
    assert "What would take it off the list" not in text


def test_a_list_of_an_earlier_version_still_tells_what_would_take_a_firm_off_it(copied, tmp_path):
    path = copied / "lists" / "2024-02" / "target_list.parquet"
    rewrite(path, lambda t: t.rename_columns(["remedy" if n == "counterfactual" else n for n in t.column_names]))
    assert "Ce qui la ferait sortir" in signed_in(app_on(copied, tmp_path), "admin").get("/firms/552100554").text


@pytest.mark.parametrize("holds_text", [True, False])
def test_of_an_older_list_with_plain_sentences_or_none_a_page_tells_nothing(copied, tmp_path, holds_text):
    path = copied / "lists" / "2024-01" / "target_list.parquet"
    table = pq.read_table(path)
    older = table.drop_columns(["movement", "counterfactual"])
    for name in ("movement", "counterfactual") if holds_text else ():
        older = older.append_column(name, pa.array(["En toutes lettres."] * len(table)))
    pq.write_table(older, path)
    agent = signed_in(app_on(copied, tmp_path), "admin")
    page = agent.get("/firms/552100554?list=2024-01")
    assert page.status_code == 200
    assert "En toutes lettres" not in page.text
    assert "Ce qui a changé depuis" not in page.text
    # The list after it is read together with it.
    for address in ("/firms/552100554", "/firms/552100554/history", "/lists/2024-02?min_alerts=2"):
        assert agent.get(address).status_code == 200
    assert "31 009 €" in shown(agent.get("/firms/552100554"))


def test_french_by_default_english_for_who_prefers_it_and_by_a_switch(app):
    client = TestClient(app)
    assert "Se connecter" in client.get("/sign-in", headers={"accept-language": "de"}).text
    assert "Password" in client.get("/sign-in", headers={"accept-language": "en-GB,fr;q=0.5"}).text
    client.get("/language/en?back=/sign-in")
    assert "Password" in client.get("/sign-in", headers={"accept-language": "fr"}).text


def test_public_pages_tell_the_model_and_no_firm(app):
    text = TestClient(app).get("/algorithm").text
    for said in (
        app.state.services.reader.champion_id,
        "3 fois le risque moyen",
        "0,75",
        "plans CCSF",
        "DONNÉES SIMULÉES",
        "R311-3-1-2",
        "contact@x.fr",
    ):
        assert said in text
    assert "ATELIERS" not in text


def test_sources_are_told_in_both_languages_with_their_lag_and_what_they_feed(app):
    client = TestClient(app)
    text = client.get("/algorithm/data").text
    for said in ("retards de paiement aux fournisseurs", "Altares", "connu un mois après la mesure", "jamais livrée"):
        assert said in text
    client.get("/language/en?back=/")
    text = client.get("/algorithm/data").text
    for said in ("supplier payment delays", "known one month after the measurement", "payment behaviour (1)"):
        assert said in text


def test_a_model_judged_by_little_still_has_its_page(app):
    for address in ("/algorithm", "/algorithm/data", "/algorithm/evaluation"):
        assert TestClient(app).get(address).status_code == 200
    assert "concurrents" in TestClient(app).get("/algorithm/evaluation").text


def said_in_templates():
    for path in TEMPLATES.glob("*.html"):
        for call in rendering.ENVIRONMENT.parse(path.read_text()).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say" and call.args:
                yield from (one.value for one in call.args[0].find_all(nodes.Const))
                yield from (one.value for one in call.args[:1] if isinstance(one, nodes.Const))


def said_in_code():
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "attr", getattr(getattr(node, "func", None), "id", ""))
            if isinstance(node, ast.Call) and name in ("say", "Refused", "answer"):
                constants = [a.value for a in node.args if isinstance(a, ast.Constant)]
                yield from (value for value in constants if isinstance(value, str) and value)
    tables = (verdicts.VERDICT_REASONS, wording.LEVELS, wording.PROCEDURE_STATES)
    for table in (*tables, words.REGISTER_FIELDS, words.STAGE_WORDS, words.ALIKE, words.AGES):
        yield from table.values()
    yield from (
        *accounts.ROLE_WORDS.values(),
        *accounts.KIND_WORDS.values(),
        *passwords.MESSAGES,
        *texts.TITLES.values(),
        *log.ACTIONS,
        *log.OUTCOMES.values(),
    )
    of_follow_ups = (
        codes.STATES,
        codes.PRIORITIES,
        codes.DIFFICULTIES,
        codes.ACTIONS,
        codes.OUTCOMES,
        codes.VISIBILITIES,
    )
    for table in (*of_follow_ups, listing.SCOPES, briefs.SELECTIONS, follow_ups.VIEWS):
        yield from table.values()
    yield from (form.WRONG_DAY, form.NO_OUTCOME, form.NO_ACCESS, *digest.PARTS)
    yield from (session.TOO_MANY, session.UNSAVED, session.NOT_PRIVATE, guard.NOT_UNDERSTOOD, guard.NOTICE_FIRST)


def test_every_message_of_the_application_has_its_french():
    said = set(said_in_templates()) | set(said_in_code())
    assert said <= set(translations("fr"))
    assert len(said) > 200


def test_both_messages_hold_the_same_figures():
    for english, french in translations("fr").items():
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", french)), english
