"""The administration's own texts, and its confidentiality notice: nobody reads a list who has not accepted it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from features.errors import InputError
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.database import User, now
from reports.review.texts import blocks, read_texts
from tests.reports.review.conftest import PASSWORD, Agent, TestClient, add_accounts, shown

NOTICE = "# Secret professionnel\n\nNe communiquez pas ces listes.\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "legal.fr.txt").write_text("# Éditeur\nDREETS <Bretagne>\n\nHébergeur : nous.")
    (folder / "legal.en.txt").write_text("Published by DREETS.")
    (folder / "confidentiality.fr.txt").write_text(NOTICE)
    return folder


@pytest.fixture
def served(data_template, tmp_path, folder):
    def serve():
        database = f"sqlite:///{tmp_path / 'r.db'}"
        app = create_app(read_configuration(data=data_template, database=database, is_local=True, texts=folder))
        add_accounts(app)
        return app

    return serve


def entered(app, name="paris"):
    """A browser that is signed in, and has accepted nothing."""
    client = TestClient(app)
    client.get("/sign-in")
    fields = {"token": client.cookies["weaksignals-sign-in"], "name": name, "password": PASSWORD, "next": "/"}
    assert client.post("/sign-in", data=fields, follow_redirects=False).status_code == 303
    page = client.get("/confidentiality").text
    return Agent(client, page.split('name="csrf" value="')[1].split('"')[0])


def accepted(app):
    with app.state.services.engine.connect() as connection:
        query = "SELECT by, path FROM audit WHERE action = 'notice accepted' ORDER BY id"
        return connection.execute(sa.text(query)).all()


def test_texts_are_pages_in_both_languages_linked_below_every_page_and_escaped(served):
    client = TestClient(served())
    text = shown(client.get("/legal"))
    assert "<h2>Éditeur</h2>" in text
    assert "DREETS &lt;Bretagne&gt;" in client.get("/legal").text
    assert "Published by DREETS." in client.get("/legal", headers={"accept-language": "en"}).text
    foot = client.get("/sign-in").text.split("<footer")[1]
    assert 'href="/legal"' in foot
    assert "/privacy" not in foot
    assert client.get("/privacy").status_code == 404


def test_nobody_reads_a_list_before_the_notice_is_accepted_and_then_they_are_where_they_wanted_to_be(served):
    app = served()
    agent = entered(app)
    asked = agent.get("/lists/2024-02?q=durand")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/confidentiality?next=%2Flists%2F2024-02%3Fq%3Ddurand",
    )
    assert agent.get("/firms/552100554/firm.json").status_code == 403
    assert agent.post("/firms/552100554/wrong-data", field="name", note="x").status_code == 303
    page = shown(agent.get(asked.headers["location"]))
    assert "Ne communiquez pas ces listes." in page
    answer = agent.post("/confidentiality", next="/lists/2024-02?q=durand")
    assert (answer.status_code, answer.headers["location"]) == (303, "/lists/2024-02?q=durand")
    assert agent.get("/lists/2024-02?q=durand").status_code == 200
    assert accepted(app) == [("paris", f"version {app.state.services.texts.notice}")]


def test_a_notice_is_accepted_anew_after_a_year_and_when_it_changes(served, folder):
    app = served()
    agent = entered(app)
    agent.post("/confidentiality", next="/")
    with app.state.services.engine.begin() as connection:
        connection.execute(sa.update(User).values(notice_at=now() - timedelta(days=366)))
    assert agent.get("/lists/2024-02").headers["location"].startswith("/confidentiality")
    agent.post("/confidentiality", next="/")
    assert agent.get("/lists/2024-02").status_code == 200
    (folder / "confidentiality.fr.txt").write_text(NOTICE + "\nNi à votre famille.")
    again = entered(served())
    assert again.get("/lists/2024-02").headers["location"].startswith("/confidentiality")
    assert len(set(accepted(app))) == 1


def test_a_text_that_is_there_in_one_language_is_shown_as_of_that_language(served):
    page = entered(served()).get("/confidentiality", **{"accept-language": "en"}).text
    assert '<html lang="en">' in page
    assert '<div lang="fr">' in page


def test_one_may_sign_out_instead_of_accepting_and_public_pages_ask_nothing(served):
    agent = entered(served())
    assert agent.get("/algorithm").status_code == 200
    assert agent.post("/sign-out").status_code == 303


def test_an_acceptance_sent_from_elsewhere_is_refused(served):
    agent = entered(served())
    assert agent.post("/confidentiality", csrf="forged", next="/").status_code == 403
    agent.post("/confidentiality", next="https://elsewhere.example")
    assert agent.get("/lists/2024-02").status_code == 200


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mentions.txt", b"x", "none of the texts"),
        ("legal.fr.txt", b"\xff\xfe\xff", "UTF-8"),
        (None, b"", "is not there"),
    ],
)
def test_a_text_that_can_not_be_shown_is_told_at_the_start(tmp_path, name, content, said):
    if name:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=said):
        read_texts(tmp_path if name else tmp_path / "absent")


def test_a_text_is_cut_at_blank_lines_into_headings_and_paragraphs():
    text = "# One\n\nTwo\nlines\n\n \n# Three\nwith text\n#not"
    assert list(blocks(text)) == [
        ("heading", "One"),
        ("paragraph", "Two\nlines"),
        ("heading", "Three"),
        ("paragraph", "with text\n#not"),
    ]
