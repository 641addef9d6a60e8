"""Follow-ups: opened, led by people, corrected with their history, closed; seen by those alone who may."""

import csv
import io
import re
import warnings
from datetime import date, timedelta

import pytest
from icalendar import Calendar
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from flows.cli import app as commands
from flows.monitoring import help_days
from reports.language import Language
from reports.review import accounts
from reports.review.app import create_app
from reports.review.cases import digest
from reports.review.cases.export import EXPORT_COLUMNS, as_csv
from reports.review.cases.records import all_versions
from reports.review.configuration import read_configuration
from reports.review.database import now
from reports.review.words import Words
from tests.reports.review.conftest import ACCOUNTS, ALL, PASSWORD, add_accounts, app_on, shown, signed_in

SIREN = "552100554"
FIRM = f"/firms/{SIREN}"
ENGLISH = {"accept-language": "en"}


def follow(agent, firm=FIRM, follows=0, state="visited", on="2024-02-10", **said):
    return agent.post(f"{firm}/follow-ups", follows=follows, state=state, on=on, **said)


def page(agent, firm=FIRM):
    return shown(agent.get(f"{firm}/follow-up", **ENGLISH))


def add(app, name, territory="75", administration="", role="agent", kinds=ALL):
    engine = app.state.services.engine
    accounts.add_user(engine, name, role, [territory], kinds, PASSWORD)
    accounts.change_administration(engine, name, administration)
    return signed_in(app, name)


def said_of(app):
    return all_versions(app.state.services.engine)


def test_all_that_a_follow_up_says_is_kept_and_shown(fresh):
    agent, soon = signed_in(fresh, "paris"), f"{now().date() + timedelta(days=3)}"
    answer = follow(
        agent, priority="urgent", in_charge="paris", participants=["admin", "paris"], difficulties=["cash", "client"],
        action_ccsf="2024-02-08", contacts="Mme Durand,\r\ngérante", next_on=soon, next_step="call   back",
        summary="a bad year", note="seen on the 3rd", visibility="all",
    )  # fmt: skip
    assert answer.status_code == 303
    ((one,), text) = said_of(fresh), page(agent)
    assert (one.case.list_period, one.case.model_id) == ("2024-02", fresh.state.services.reader.champion_id)
    assert one.last.participants == ["admin"], "who is in charge does not take part as well"
    assert one.last.contacts == "Mme Durand,\ngérante"
    for told in ("urgent", "cash flow, loss of a large customer", "CCSF: plan for all public debts (2024-02-08)",
                 "call back", "a bad year", "seen on the 3rd", soon, "soon"):  # fmt: skip
        assert told in text
    assert "call back" in shown(agent.get(FIRM))


def test_a_correction_adds_a_version_and_the_history_tells_what_it_changed(fresh):
    agent = signed_in(fresh, "paris")
    follow(agent, summary="a bad year")
    follow(agent, follows=1, summary="two bad years", in_charge="admin")
    (one,) = said_of(fresh)
    assert [version.summary for version in one.versions] == ["two bad years", "a bad year"]
    history = page(agent).split("<summary>History</summary>")[1]
    assert history.index("Summary: two bad years") < history.index("Summary: a bad year")
    assert "Person in charge: admin" in history
    assert history.count("State: visited") == 1, "what did not change is not told again"


def test_what_is_sent_again_unchanged_makes_no_version_but_keeps_its_note(fresh):
    agent = signed_in(fresh, "paris")
    for follows in (0, 1, 1):
        assert follow(agent, follows=follows, note=f"note {follows}").status_code == 303
    (one,) = said_of(fresh)
    assert len(one.versions) == 1
    assert page(agent).count('<span class="note">note 1</span>') == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "sleeping"}, {"priority": "x"}, {"difficulties": ["cash", "x"]}, {"outcome": "x", "state": "closed"},
        {"contacts": "x" * 1001}, {"summary": "x" * 2001}, {"next_step": "x" * 201}, {"note": "x" * 4001},
        {"note": "x", "visibility": "world"}, {"note": "x", "visibility": "administration"}, {"follows": 99},
    ],
    ids=str,
)  # fmt: skip
def test_what_no_form_offers_is_refused_and_nothing_is_kept(fresh, wrong):
    assert follow(signed_in(fresh, "paris"), **wrong).status_code == 400
    assert said_of(fresh) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        *(({"on": on}, "This date can't be right") for on in ("0202-03-03", "2999-01-01", "", "hier")),
        ({"next_on": "0001-01-01"}, "This date can't be right"),
        ({"action_codefi": "hier"}, "This date can't be right"),
        ({"state": "closed"}, "choose an outcome"),
        ({"in_charge": "bretagne"}, "can't see this firm"),
        ({"participants": ["admin", "nobody"]}, "can't see this firm"),
    ],
    ids=str,
)
def test_what_can_be_mended_is_told_and_what_was_typed_stays(fresh, wrong, told):
    agent = signed_in(fresh, "paris")
    fields = {"note": "line 1\nline 2", "difficulties": ["orders"], "action_ccsf": "2024-02-08", **wrong}
    agent.client.cookies.set("weaksignals-language", "en")
    answer = follow(agent, **fields)
    assert answer.status_code == 400
    text = shown(answer)
    assert told in text
    assert "line 1\nline 2</textarea>" in text
    assert 'value="orders" checked' in text
    assert 'value="2024-02-08"' in text
    assert f'<option value="{fields.get("state", "visited")}" selected>' in text
    assert said_of(fresh) == []


def test_the_next_step_starts_from_where_the_follow_up_stands(fresh):
    agent = signed_in(fresh, "paris")
    follow(agent, in_charge="paris", difficulties=["orders"])
    text = page(agent)
    assert '<option value="visited" selected>' in text
    assert "<option selected>paris</option>" in text
    assert 'value="orders" checked' in text


def test_a_closed_follow_up_says_the_outcome_and_plans_nothing_and_another_one_may_be_opened(fresh):
    agent = signed_in(fresh, "paris")
    follow(agent, next_on="2024-03-01", next_step="call")
    assert follow(agent, follows=1, state="closed", outcome="sold", next_on="2024-03-01").status_code == 303
    (one,) = said_of(fresh)
    assert (one.last.outcome, one.last.next_on) == ("sold", None)
    assert follow(agent, state="to_contact").status_code == 303
    assert [one.last.state for one in said_of(fresh)] == ["closed", "to_contact"]
    assert follow(agent, state="to_contact").status_code == 409, "one is under way"
    assert follow(agent, follows=2, state="visited").status_code == 400, "a newer one took its place"
    assert follow(agent, follows=2, state="closed", outcome="recovered").status_code == 303


def test_what_was_saved_is_said_with_the_draft_that_may_be_forgotten(fresh):
    agent = signed_in(fresh, "paris")
    answer = follow(agent, state="closed", outcome="sold", draft="follow-ups")
    assert answer.headers["location"].endswith("&said=follow-ups#said")
    text = agent.get(answer.headers["location"]).text
    assert f'data-saved="{SIREN} follow-ups"' in text
    drafts = re.findall('data-draft="([^"]+)"', text)
    assert drafts == [f"{SIREN} follow-ups 1", f"{SIREN} follow-ups"], "of the closed one, and of a new one"
    assert "<script" not in agent.get(f"{FIRM}/follow-up?said=<script>").text.split("<main")[1]


def test_of_two_who_answer_one_page_the_second_is_told_and_keeps_their_text(fresh):
    first, second = signed_in(fresh, "paris"), signed_in(fresh, "admin")
    assert follow(first, summary="the first").status_code == 303
    for follows in (0, 1):
        if follows:
            follow(first, follows=1, summary="the first again")
        answer = follow(second, follows=follows, summary="the second")
        assert answer.status_code == 409
        assert '">the second</textarea>' in answer.text
        assert "the first" in answer.text


def test_a_version_of_another_firm_is_not_gone_on_with(fresh):
    agent = signed_in(fresh, "paris")
    follow(agent)
    assert follow(agent, firm="/firms/100000017", follows=1).status_code == 400
    follow(agent, firm="/firms/100000017", note="other", visibility="all")
    answer = agent.post(f"{FIRM}/follow-up-notes", follows=1, note="x", visibility="all")
    assert answer.status_code == 400


READERS = """
    visibility     | paris | urssaf1 | urssaf2 | ddfip | ouest
    mine           |       | reads   |         |       |
    administration |       | reads   | reads   |       |
    all            | reads | reads   | reads   | reads |
"""


def test_a_note_is_read_by_those_whom_its_author_chose(fresh):
    head, *lines = [[cell.strip() for cell in line.split("|")] for line in READERS.strip().splitlines()]
    people = {
        "urssaf1": ("75", "URSSAF"),
        "urssaf2": ("FR", "URSSAF"),
        "ddfip": ("75", "DDFIP"),
        "ouest": ("35", "URSSAF"),
    }
    found = {name: add(fresh, name, *where) for name, where in people.items()} | {"paris": signed_in(fresh, "paris")}
    for follows, (visibility, *_) in enumerate(lines):
        follow(found["urssaf1"], follows=min(follows, 1), note=f"for {visibility}!", visibility=visibility)
    pages = {name: found[name].get(f"{FIRM}/follow-up").text for name in head[1:]}
    for visibility, *cells in lines:
        seen = {name: f"for {visibility}!" in text for name, text in pages.items()}
        assert seen == {name: cell == "reads" for name, cell in zip(head[1:], cells, strict=True)}
    for agent in found.values():
        for address in ("/follow-ups/export.xlsx?scope=all", "/follow-ups/calendar.ics?scope=all", f"{FIRM}/sheet.pdf"):
            assert "for all!" not in text_of(agent.get(address))


def text_of(response):
    if response.content[:2] == b"PK":
        book = CalamineWorkbook.from_filelike(io.BytesIO(response.content))
        return str([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    return response.content.decode("latin-1")


def test_accounts_without_administration_share_no_note_and_are_not_offered_to(fresh):
    agent = signed_in(fresh, "paris")
    assert 'value="administration"' not in page(agent)
    assert 'value="administration"' in page(add(fresh, "urssaf", "75", "URSSAF"))


def test_who_narrows_a_note_closes_what_it_said_before_too_and_who_widens_it_opens_only_what_it_says_now(fresh):
    author, other = add(fresh, "urssaf", "75", "URSSAF"), signed_in(fresh, "paris")
    follow(author, note="too open", visibility="all")
    for number, visibility, text in ((1, "mine", "narrowed"), (2, "all", "widened")):
        answer = author.post(f"{FIRM}/follow-up-notes", follows=number, note=text, visibility=visibility)
        assert answer.status_code == 303
        told = page(other)
        assert "too open" not in told
        assert ("widened" in told) == (visibility == "all")
        assert "narrowed" not in told
    assert all(text in page(author) for text in ("too open", "narrowed", "widened"))


def test_a_note_is_corrected_by_its_author_alone_once_and_never_emptied(fresh):
    author, other = signed_in(fresh, "paris"), signed_in(fresh, "admin")
    follow(author, note="first", visibility="all")
    note = {"follows": 1, "note": "second", "visibility": "all"}
    assert other.post(f"{FIRM}/follow-up-notes", **note).status_code == 400
    assert author.post(f"{FIRM}/follow-up-notes", **{**note, "note": " "}).status_code == 400
    assert author.post(f"{FIRM}/follow-up-notes", **note).status_code == 303
    assert author.post(f"{FIRM}/follow-up-notes", **note).status_code == 409


def test_those_who_may_see_the_firm_are_offered_by_administration_and_nobody_else(fresh):
    add(fresh, "urssaf@x.fr", "75", "URSSAF")
    text = page(signed_in(fresh, "paris"))
    offered = text[text.index('name="in_charge"') : text.index('name="next_on"')]
    assert '<optgroup label="URSSAF">' in offered
    assert set(re.findall("<option[^>]*>([^<]+)</option>", offered)) == {
        "nobody yet", "admin", "france", "paris", "urssaf@x.fr"
    }  # fmt: skip
    accounts.close_account(fresh.state.services.engine, "france")
    assert "france" not in page(signed_in(fresh, "paris"))


def test_who_lost_the_right_to_the_firm_stays_named_and_the_follow_up_goes_on(fresh):
    agent, engine = signed_in(fresh, "paris"), fresh.state.services.engine
    follow(agent, in_charge="admin", participants=["france"])
    for name in ("admin", "france"):
        accounts.close_account(engine, name)
    assert "<option selected>admin</option>" in page(agent)
    assert follow(agent, follows=1, in_charge="admin", participants=["france"], summary="x").status_code == 303


def follow_four(app):
    """Follow-ups in Paris and Bretagne; of the first, the date is past."""
    past, soon = (f"{now().date() + timedelta(days=n)}" for n in (-2, 2))
    admin = signed_in(app, "admin")
    follow(admin, in_charge="paris", next_on=past, next_step="call")
    follow(
        admin, firm="/firms/200000025", in_charge="france", participants=["paris"], next_on=soon, contacts="Mme Martin"
    )
    follow(admin, firm="/firms/350000008", in_charge="bretagne", next_on=soon)
    follow(admin, firm="/firms/100000017", state="closed", outcome="recovered", in_charge="paris")
    return app


@pytest.fixture(scope="module")
def readers(data_template, tmp_path_factory):
    """Browsers of those who only read four follow-ups."""
    app = follow_four(app_on(data_template, tmp_path_factory.mktemp("followed")))
    return {name: signed_in(app, name) for name in ACCOUNTS}


SEEN = """
    user     | asked                     | firms
    paris    | scope=mine                | 552100554 200000025
    paris    | scope=mine&state=closed   | 100000017
    paris    | scope=mine&state=every    | 552100554 200000025 100000017
    paris    | scope=mine&state=visited  | 552100554 200000025
    paris    | scope=team                | 552100554 200000025
    paris    | scope=all                 | 552100554 200000025
    bretagne | scope=mine                | 350000008
    bretagne | scope=all&state=every     | 350000008
    lyon     | scope=all&state=every     |
    france   | scope=mine                | 200000025
    admin    | scope=mine                |
    admin    | scope=all                 | 552100554 350000008 200000025
"""


@pytest.mark.parametrize("view", ["list", "board", "calendar"])
def test_each_sees_the_follow_ups_of_their_firms_in_every_view(readers, view):
    for line in SEEN.strip().splitlines()[1:]:
        user, asked, firms = (cell.strip() for cell in line.split("|"))
        if view == "calendar":
            firms = firms.replace("100000017", "")
        text = readers[user].get(f"/follow-ups?{asked}&view={view}").text
        assert set(re.findall(r"/firms/(\d+)/follow-up\?", text)) == set(firms.split()), line


def test_files_hold_what_the_page_holds(readers):
    for line in SEEN.strip().splitlines()[1:]:
        user, asked, firms = (cell.strip() for cell in line.split("|"))
        agent = readers[user]
        book = CalamineWorkbook.from_filelike(io.BytesIO(agent.get(f"/follow-ups/export.xlsx?{asked}").content))
        rows = book.get_sheet_by_index(0).to_python()
        assert {row[0] for row in rows[1:]} == set(firms.split()), line
        dated = agent.get(f"/follow-ups/calendar.ics?{asked}").text
        assert set(re.findall(r"SIREN : (\d+)", dated)) == set(firms.split()) - {"100000017"}, line


def test_a_colleague_of_the_same_administration_sees_the_team_s(fresh):
    engine = follow_four(fresh).state.services.engine
    other = add(fresh, "urssaf", "FR", "URSSAF")
    assert SIREN not in other.get("/follow-ups?scope=team").text
    accounts.change_administration(engine, "paris", "URSSAF")
    text = other.get("/follow-ups?scope=team").text
    assert SIREN in text
    assert "350000008" not in text


def test_dates_that_are_past_and_near_are_told_first(readers):
    text = shown(readers["paris"].get("/follow-ups", **ENGLISH))
    assert "Dates that are past: 1." in text
    assert "In the next seven days: 1." in text
    assert text.index("ATELIERS DURAND") < text.index("JEANNE MARTIN")


@pytest.mark.parametrize("asked", ["scope=world", "state=x", "view=x", "scope=" + "x" * 30])
def test_what_no_form_asks_is_answered_in_a_page(readers, asked):
    for address in ("/follow-ups", "/follow-ups/export.xlsx", "/follow-ups/calendar.ics"):
        assert readers["paris"].get(f"{address}?{asked}").status_code == 422


def test_the_calendar_is_read_by_another_program_and_holds_hostile_words_as_text(fresh):
    agent = signed_in(fresh, "paris")
    hostile = "x; y, z\\n\r\nEND:VEVENT " + "é" * 100
    follow(agent, in_charge="paris", next_on="2026-03-05", next_step=hostile)
    content = agent.get("/follow-ups/calendar.ics").content
    assert max(map(len, content.split(b"\r\n"))) <= 75
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert event["SUMMARY"] == "ATELIERS DURAND: " + " ".join(hostile.split())
    assert (event.decoded("DTSTART"), event.decoded("DTEND")) == (date(2026, 3, 5), date(2026, 3, 6))
    (alarm,) = event.walk("VALARM")
    assert alarm.decoded("TRIGGER") == timedelta(hours=-15)
    follow(agent, follows=1, in_charge="paris", next_on="2026-03-06")
    (moved,) = Calendar.from_ical(agent.get("/follow-ups/calendar.ics").content).walk("VEVENT")
    assert (moved["UID"], moved["SEQUENCE"]) == (event["UID"], event["SEQUENCE"] + 1)


def test_files_name_nobody_who_objects_to_publication_and_no_contact(readers):
    for address in ("/follow-ups/export.xlsx", "/follow-ups/calendar.ics"):
        whole, less = (text_of(readers[name].get(f"{address}?scope=all")) for name in ("admin", "france"))
        assert "JEANNE MARTIN" in whole
        assert "200000025" in less
        assert "JEANNE" not in less
        assert "Mme Martin" not in whole + less


def test_no_cell_of_the_workbook_starts_a_formula(fresh):
    agent = signed_in(fresh, "paris")
    follow(agent, in_charge="paris", summary="=1+1")
    book = CalamineWorkbook.from_filelike(io.BytesIO(agent.get("/follow-ups/export.xlsx").content))
    assert "=1+1" in book.get_sheet_by_index(0).to_python()[1], "as text: a formula would be read as its value"


def test_consultations_and_files_are_in_the_log(fresh):
    agent = signed_in(fresh, "paris")
    for address in ("/follow-ups", "/follow-ups/export.xlsx", f"{FIRM}/follow-up"):
        agent.get(address)
    follow(agent)
    log = signed_in(fresh, "admin").get("/audit").text
    assert all(path in log for path in ("/follow-ups/export.xlsx", f"{FIRM}/follow-up<", f"{FIRM}/follow-ups<"))


def mails(app, at=None, notice=""):
    services = app.state.services
    made = digest.digests(services.reader, services.engine, notice, Words(Language("en")), "https://x.fr/", at or now())
    return {one.to: one.text for one in made}


@pytest.fixture
def addressed(fresh):
    """Three agents, two of whom have an address, and a follow-up of a firm in Paris that names them."""
    for name in ("ada@x.fr", "bob@x.fr", "cem"):
        accounts.add_user(fresh.state.services.engine, name, "agent", ["75"], ALL, None)
    admin = signed_in(fresh, "admin")
    follow(admin, in_charge="ada@x.fr", participants=["bob@x.fr", "cem"], note="private matter", visibility="all",
           contacts="Mme Durand", next_on=f"{now().date() + timedelta(days=2)}", next_step="call")  # fmt: skip
    return fresh


def test_a_reminder_tells_each_what_is_theirs_and_no_note_and_no_contact(addressed):
    found = mails(addressed)
    assert set(found) == {"ada@x.fr", "bob@x.fr"}, "an account without an address, or with nothing to do, gets none"
    text = found["ada@x.fr"]
    assert text.startswith("SIMULATED DATA")
    assert f"ATELIERS DURAND ({SIREN}); visited; " in text
    assert ": call\n" in text
    assert f"https://x.fr{FIRM}/follow-up?list=2024-02" in text
    assert "private matter" not in text
    assert "Durand," not in text
    assert "Mme" not in text


def test_a_reminder_holds_only_what_its_addressee_may_see_on_the_day_on_which_it_is_made(addressed):
    engine = addressed.state.services.engine
    accounts.change_right(engine, "ada@x.fr", "agent", ["35"], ALL)
    accounts.close_account(engine, "bob@x.fr")
    assert mails(addressed) == {}


def test_a_reminder_is_for_who_accepted_the_notice_and_once_a_week(addressed):
    assert mails(addressed, notice="v2") == {}
    digest.remember(addressed.state.services.engine, "ada@x.fr")
    assert set(mails(addressed)) == {"bob@x.fr"}
    assert set(mails(addressed, now() + timedelta(days=7))) == {"ada@x.fr", "bob@x.fr"}
    assert "digest of follow-ups" in signed_in(addressed, "admin").get("/audit", **ENGLISH).text


def test_a_reminder_names_nobody_who_objects_to_publication_without_the_right(fresh):
    accounts.add_user(fresh.state.services.engine, "ada@x.fr", "agent", ["75"], [], None)
    follow(signed_in(fresh, "admin"), firm="/firms/200000025", in_charge="ada@x.fr", next_on=f"{now().date()}")
    text = mails(fresh)["ada@x.fr"]
    assert "200000025" in text
    assert "JEANNE" not in text


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("ada@x.fr", True), ("ada", False), ("@x.fr", False), ("ada@x", False), ("a b@x.fr", False), ("ada@x.fr,b@y.fr", False),
     ("x\\ada@x.fr", False), ("é@x.fr", False)],
)  # fmt: skip
def test_only_an_account_named_by_an_address_is_written_to(name, is_one):
    assert digest.is_address(name) is is_one


def test_the_export_tells_what_help_came_when_and_what_became_of_it_and_no_person(fresh):
    agent = signed_in(fresh, "paris")
    secret = {"contacts": "Mme Durand", "summary": "SUMMARY", "in_charge": "paris", "next_step": "STEP"}
    follow(agent, state="contacted", on="2024-02-01", note="NOTE", visibility="all", **secret)
    follow(agent, follows=1, state="contacted", on="2024-02-02", **secret)
    follow(agent, follows=2, state="helped", on="2024-02-09", action_ccsf="2024-02-08", difficulties=["orders", "cash"])
    follow(agent, follows=3, state="closed", on="2024-03-01", outcome="recovered", action_ccsf="2024-02-08")
    text = as_csv(said_of(fresh))
    (row,) = csv.DictReader(io.StringIO(text))
    assert list(row) == list(EXPORT_COLUMNS)
    told = {name: value for name, value in row.items() if value and name not in ("model_id", "opened_on", "changed_on")}
    assert told == {
        "case": "1", "siren": SIREN, "list_period": "2024-02", "state": "closed", "priority": "normal",
        "contacted_on": "2024-02-02", "helped_on": "2024-02-09", "closed_on": "2024-03-01", "ccsf_on": "2024-02-08",
        "outcome": "recovered",
    }  # fmt: skip
    for word in ("paris", "Durand", "SUMMARY", "NOTE", "STEP"):
        assert word not in text


def test_commands_write_the_export_for_monitoring_and_say_the_administration(copied):
    app = create_app(read_configuration(data=copied, is_local=True))
    add_accounts(app)
    agent = signed_in(app, "paris")
    follow(agent, state="helped", on="2024-02-09", action_ccsf="2024-02-08")
    follow(agent, firm="/firms/100000017")
    assert help_days(copied / "follow_ups.csv").empty, "not written yet"
    for words in (["follow-ups", "export"], ["users", "administration", "paris", "DDFIP 75"]):
        done = CliRunner().invoke(commands, [*words, "--data", str(copied)])
        assert done.exit_code == 0, done.output
    days = help_days(copied / "follow_ups.csv")
    assert sorted(days.itertuples(index=False, name=None)) == [(SIREN, "2024-02-08"), (SIREN, "2024-02-09")]
    assert 'value="administration"' in page(signed_in(app, "paris"))
    app.state.services.engine.dispose()


def test_a_line_of_the_log_says_that_an_administration_changed(fresh):
    accounts.change_administration(fresh.state.services.engine, "paris", "  DDFIP   35 ", by="me")
    assert "DDFIP 35" in signed_in(fresh, "admin").get("/audit").text
