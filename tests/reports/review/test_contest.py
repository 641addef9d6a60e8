"""A firm that contests: what the system holds and said of it, and that this was asked."""

import json

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from flows.cli import app as commands
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from tests.reports.review.conftest import add_accounts, shown, signed_in

FIRM = "552100554"


@pytest.fixture
def app(copied):
    """The application on its default database, as commands find it."""
    app = create_app(read_configuration(data=copied, is_local=True))
    add_accounts(app)
    yield app
    app.state.services.engine.dispose()


def told(copied, *words):
    found = CliRunner().invoke(commands, ["contest", *words, "--data", str(copied)])
    return str(found.exception) if found.exception else found.output.replace("\u202f", " ").replace("\xa0", " ")


def test_a_firm_learns_what_was_said_of_it_on_each_list_with_which_reasons_and_figures(app, copied):
    agent = signed_in(app, "paris")
    agent.post(f"/firms/{FIRM}/follow-ups", follows=0, state="visited", on="2024-02-10", note="appel\nle 3")
    agent.post(f"/firms/{FIRM}/wrong-data", field="headcount", note="12 salariés")
    text = told(copied, FIRM)
    assert "552100554 ATELIERS DURAND" in text
    assert text.index("Liste (février 2024)") < text.index("Liste (janvier 2024)")
    page = shown(agent.get(f"/firms/{FIRM}"))
    reasons = [line[4:] for line in text.splitlines() if line.startswith("  - ")]
    assert len(reasons) > 2
    assert all(reason in page for reason in reasons[:2])
    assert "Dette sociale : 42 317 €" in text
    assert "10/02/2024; visitée" in text
    assert "; appel le 3" in text
    assert "12 salariés" in text
    assert "paris" not in text


def test_that_it_was_asked_is_logged_and_told_the_next_time(app, copied):
    assert "a été faite" not in told(copied, FIRM)
    assert "a été faite" in told(copied, "552 100 554")
    with app.state.services.engine.connect() as connection:
        lines = connection.execute(sa.text("SELECT action, path FROM audit WHERE action = 'contest'")).all()
    assert lines == [("contest", f"/firms/{FIRM}")] * 2


def test_it_tells_how_often_its_pages_were_opened_and_not_those_of_others(app, copied):
    for name in ("paris", "admin"):
        agent = signed_in(app, name)
        for page in ("", "/history", "/firm.json"):
            agent.get(f"/firms/{FIRM}{page}")
        agent.get("/firms/100000017")
    signed_in(app, "lyon").get(f"/firms/{FIRM}")
    assert "6 (comptes : 2)" in told(copied, FIRM)


def test_all_of_it_is_written_for_other_programs(app, copied, tmp_path):
    signed_in(app, "paris").post(f"/firms/{FIRM}/verdicts", follows=0, is_useful="no", reason="seasonal", note="x")
    told(copied, FIRM, "--out", str(tmp_path / "held.json"), "--language", "en")
    held = json.loads((tmp_path / "held.json").read_text())
    assert [one["list"] for one in held["lists"]] == ["2024-02", "2024-01"]
    assert held["verdicts"][0]["reason"] == "seasonal"
    assert held["consulted"]["times"] == 1


def test_a_firm_learns_all_of_its_follow_up_and_of_nobody_who_wrote_it(app, copied, tmp_path):
    agent = signed_in(app, "paris")
    agent.post(f"/firms/{FIRM}/follow-ups", follows=0, state="helped", on="2024-02-10", in_charge="paris",
               action_ccsf="2024-02-08", contacts="Mme Durand, gérante", summary="va mieux",
               note="pour moi", visibility="mine")  # fmt: skip
    agent.post(f"/firms/{FIRM}/follow-up-notes", follows=1, note="pour moi encore", visibility="mine")
    text = told(copied, FIRM, "--out", str(tmp_path / "held.json"))
    line = "10/02/2024; aidée; CCSF : plan pour toutes les dettes publiques (08/02/2024); Mme Durand, gérante; va mieux"
    assert line in text
    assert "pour moi\n" in text
    assert "pour moi encore" in text
    assert "paris" not in text
    (held,) = json.loads((tmp_path / "held.json").read_text())["follow_ups"]
    assert [version["summary"] for version in held["versions"]] == ["va mieux"]
    assert [note["note"] for note in held["notes"]] == ["pour moi", "pour moi encore"]


def test_a_firm_of_which_nothing_is_held_is_told_so_and_what_is_no_siren_is_refused(app, copied):
    assert "Aucune liste publiée ne la nomme." in told(copied, "999999999")
    assert "is no SIREN" in told(copied, "12")
