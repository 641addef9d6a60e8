"""Verdicts and follow-up: kept with who, when, list and model; corrected by adding; nothing lost between two agents."""

from datetime import UTC, datetime

import pyarrow.compute as pc
import pytest
import sqlalchemy as sa

from flows import review
from reports.review import verdicts
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.database import APPEND_ONLY, LogCut
from tests.reports.review.conftest import TestClient, add_accounts, app_on, rewrite, shown, signed_in

FIRM = "/firms/552100554"


def give(agent, follows=0, is_useful="yes", reason="already_known", note="vue en mars"):
    return agent.post(f"{FIRM}/verdicts", follows=follows, is_useful=is_useful, reason=reason, note=note)


def test_a_verdict_keeps_who_which_list_and_which_model(fresh):
    agent = signed_in(fresh, "paris")
    assert give(agent).status_code == 303
    (row,) = verdicts.verdict_rows(fresh.state.services.engine)
    model_id = fresh.state.services.reader.champion_id
    kept = {name: row[name] for name in ("siren", "list_period", "model_id", "is_useful", "reason", "note", "by")}
    assert list(kept.values()) == ["552100554", "2024-02", model_id, True, "already_known", "vue en mars", "paris"]
    assert row["at"].tzinfo is not None


def test_a_verdict_is_corrected_and_its_history_stays(fresh):
    agent = signed_in(fresh, "paris")
    give(agent)
    assert give(agent, follows=1, is_useful="no", note="en fait non").status_code == 303
    text = agent.get(FIRM).text
    assert "vue en mars" in text
    assert "en fait non" in text
    (standing,) = verdicts.verdict_rows(fresh.state.services.engine)
    assert standing["note"] == "en fait non"


def test_of_two_agents_on_one_page_the_second_is_told_and_keeps_their_text(fresh):
    first, second = signed_in(fresh, "paris"), signed_in(fresh, "admin")
    assert give(first, note="la première").status_code == 303
    answer = give(second, note="la seconde")
    assert answer.status_code == 409
    assert "la première" in answer.text
    assert "la seconde" in answer.text
    assert give(second, follows=1, note="la seconde").status_code == 303
    assert "la première" in second.get(FIRM).text


def test_the_database_itself_refuses_two_answers_to_one(fresh, monkeypatch):
    agent = signed_in(fresh, "paris")
    monkeypatch.setattr(verdicts, "check_last", lambda last, follows: None)
    assert give(agent).status_code == 303
    assert give(agent).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"is_useful": "perhaps"}, {"reason": "x"}, {"note": "x" * 5000}, {"follows": "-1"}, {"follows": "x"}],
    ids=str,
)
def test_an_answer_that_no_form_offers_is_refused_and_not_kept(fresh, wrong):
    agent = signed_in(fresh, "paris")
    assert give(agent, **wrong).status_code == 400
    assert verdicts.verdict_rows(fresh.state.services.engine) == []


def test_the_last_follow_up_stands_in_the_list(fresh):
    agent = signed_in(fresh, "paris")
    for follows, state in enumerate(("to_contact", "visited")):
        answer = agent.post(f"{FIRM}/follow-ups", follows=follows, state=state, on="2024-02-10", note="")
        assert answer.status_code == 303
    assert "visitée" in agent.get("/lists/2024-02").text
    assert "552100554" not in agent.get("/lists/2024-02/export.json?unfollowed=true").text
    agent.post(f"{FIRM}/follow-ups", follows=2, state="closed", outcome="recovered", on="2024-02-10", note="")
    assert "552100554" in agent.get("/lists/2024-02/export.json?unfollowed=true").text


def test_a_firm_with_a_verdict_leaves_the_list_of_those_without(fresh):
    agent = signed_in(fresh, "paris")
    give(agent)
    assert "552100554" not in agent.get("/lists/2024-02/export.json?unreviewed=true").text
    assert "552100554" in agent.get("/lists/2024-01/export.json?unreviewed=true").text


def test_wrong_data_may_be_reported_of_what_the_agent_sees_only(fresh):
    agent, other = signed_in(fresh, "paris"), signed_in(fresh, "france")
    assert agent.post(f"{FIRM}/wrong-data", field="debt", note="payée").status_code == 303
    assert "payée" in agent.get(FIRM).text
    assert other.post(f"{FIRM}/wrong-data", field="debt", note="payée").status_code == 400


def test_the_export_of_verdicts_holds_one_row_per_firm_list_and_model_and_no_formula(fresh):
    give(signed_in(fresh, "paris"), note="=1+1")
    text = signed_in(fresh, "france").get("/verdicts.csv").text
    head, line = text.splitlines()
    assert head.startswith("\ufeffsiren;list_period;model_id;is_useful")
    assert line.startswith("552100554;2024-02;")
    assert ";'=1+1;" in line


def test_no_note_starts_a_formula_where_a_french_spreadsheet_splits_it(fresh):
    give(signed_in(fresh, "paris"), note="ok;=1+1;\n@x, -3 salariés")
    text = signed_in(fresh, "france").get("/verdicts.csv").text
    assert text.splitlines()[1].endswith("\"ok;'=1+1;")
    assert text.splitlines()[2].startswith("'@x, -3 salariés\";")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET by = 'x'"])
def test_what_is_only_added_to_can_not_be_changed_even_by_hand(fresh, table, change):
    with fresh.state.services.engine.begin() as connection:
        connection.execute(sa.insert(LogCut).values(by="rule", up_to=datetime(2020, 1, 1, tzinfo=UTC)))
    agent = signed_in(fresh, "paris")
    give(agent)
    agent.post(f"{FIRM}/follow-ups", follows=0, state="visited", on="2024-02-10", note="vue")
    agent.post(f"{FIRM}/wrong-data", field="name", note="x")
    signed_in(fresh, "admin").post("/wrong-data/1", follows=0, state="corrected", note="")
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), fresh.state.services.engine.begin() as connection:
        connection.execute(sa.text(change.format(table)))


def test_every_consultation_export_and_refusal_is_in_the_log(fresh):
    agent = signed_in(fresh, "paris")
    agent.get("/lists/2024-02/export.csv?alert=high")
    agent.get("/firms/350000008")
    with fresh.state.services.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT by, action, path, outcome FROM audit ORDER BY id")).all()
    assert ("paris", "export list", "/lists/2024-02/export.csv?alert=high", "admitted") in rows
    assert ("paris", "firm", "/firms/350000008", "404") in rows
    assert "/lists/2024-02/export.csv" in signed_in(fresh, "admin").get("/audit").text


@pytest.mark.parametrize(("siren", "word"), [("690000019", "redressement"), ("200000025", "sans alerte")])
def test_without_an_alert_the_state_comes_first_and_no_verdict_is_asked_or_taken(fresh, siren, word):
    agent = signed_in(fresh, "admin")
    text = shown(agent.get(f"/firms/{siren}"))
    head = text[text.index('<div class="risk') : text.index('<nav class="tabs"')]
    assert word in head.split("figure" if word == "sans alerte" else "</div>")[0]
    assert "Cette alerte est-elle utile" not in text
    answer = agent.post(f"/firms/{siren}/verdicts", follows=0, is_useful="yes", reason="", note="")
    assert answer.status_code == 400
    assert verdicts.verdict_rows(fresh.state.services.engine) == []


def test_an_answer_sent_after_the_session_ended_leads_back_to_its_form(fresh):
    agent = signed_in(fresh, "paris")
    agent.client.cookies.clear()
    page = "http://testserver/firms/552100554?list=2024-02"
    answer = agent.client.post(
        f"{FIRM}/verdicts", data={"note": "x"}, headers={"referer": page}, follow_redirects=False
    )
    assert answer.status_code == 303
    form = shown(agent.client.get(answer.headers["location"]))
    assert "cet onglet a gardé votre saisie" in form
    assert 'name="next" value="/firms/552100554?list=2024-02"' in form


@pytest.mark.parametrize(
    ("referer", "page"),
    [("http://[", "/"), ("http://testserver/firms/552100554?list=2024-02&said=verdicts", f"{FIRM}?list=2024-02")],
)
def test_the_page_that_one_is_led_back_to_is_ours_and_says_nothing_was_saved(fresh, referer, page):
    client = TestClient(fresh)
    answer = client.post(f"{FIRM}/verdicts", headers={"referer": referer}, follow_redirects=False)
    assert f'name="next" value="{page}"' in shown(client.get(answer.headers["location"]))


def test_a_report_reaches_the_data_team_and_their_answer_the_agent(fresh):
    agent, team = signed_in(fresh, "paris"), signed_in(fresh, "admin")
    agent.post(f"{FIRM}/wrong-data", field="headcount", note="12 salariés, pas 20")
    page = team.get("/wrong-data").text
    assert "12 salariés, pas 20" in page
    assert 'href="/verdicts.csv"' in page
    assert team.post("/wrong-data/1", follows=0, state="refused", note=" ").status_code == 400
    assert team.post("/wrong-data/1", follows=0, state="corrected", note="par l'URSSAF").status_code == 303
    assert team.post("/wrong-data/1", follows=0, state="refused", note="non").status_code == 409
    text = shown(agent.get(FIRM))
    assert "corrigé par le partenaire" in text
    assert "par l'URSSAF" in text
    line = team.get("/wrong-data.csv").text.splitlines()[1]
    assert "headcount;12 salariés, pas 20;paris" in line
    assert "corrected;par l'URSSAF;admin" in line


def test_answers_on_a_firm_that_is_in_no_list_any_more_stay_with_who_sees_the_whole_country(copied, tmp_path):
    app = app_on(copied, tmp_path)
    agent = signed_in(app, "paris")
    give(agent)
    agent.post(f"{FIRM}/wrong-data", field="headcount", note="12 salariés")
    for path in copied.glob("lists/*/target_list.parquet"):
        rewrite(path, lambda table: table.filter(pc.not_equal(table["siren"], "552100554")))
    team = signed_in(app_on(copied, tmp_path), "admin")
    assert "552100554" in team.get("/verdicts.csv").text
    assert "552100554" in team.get("/wrong-data.csv").text
    assert "12 salariés" in team.get("/wrong-data").text


def test_reports_are_read_by_the_data_team_alone_and_only_on_figures_that_they_may_see(fresh):
    agent, science = signed_in(fresh, "paris"), signed_in(fresh, "france")
    agent.post(f"{FIRM}/wrong-data", field="debt", note="réglée depuis")
    assert agent.get("/wrong-data").status_code == 403
    assert "réglée depuis" not in science.get("/wrong-data").text + science.get("/wrong-data.csv").text
    assert science.post("/wrong-data/1", follows=0, state="corrected", note="").status_code == 404
    assert "/verdicts.csv" in science.get("/wrong-data").text


def test_a_line_can_not_be_written_over_in_sqlite(fresh):
    agent = signed_in(fresh, "paris")
    give(agent)
    over = sa.text(
        "INSERT OR REPLACE INTO verdicts (id, siren, list_period, model_id, is_useful, reason, note, by, at, follows) "
        "SELECT :id, siren, list_period, model_id, 0, '', 'x', 'y', at, follows FROM verdicts"
    )
    engine = fresh.state.services.engine
    for number in (1, 99):
        with pytest.raises(sa.exc.DatabaseError, match="append-only"), engine.begin() as connection:
            connection.execute(over, {"id": number})
    assert len(verdicts.verdict_rows(fresh.state.services.engine)) == 1


def test_reports_are_written_as_a_file_by_a_command(copied):
    app = create_app(read_configuration(data=copied, is_local=True))
    add_accounts(app)
    signed_in(app, "paris").post(f"{FIRM}/wrong-data", field="headcount", note="12 salariés")
    review.export_wrong_data(data=copied)
    head, line = (copied / "wrong_data.csv").read_text().splitlines()
    assert head.startswith('"id","siren","list_period"')
    assert '"12 salariés"' in line
    assert '"open"' in line
