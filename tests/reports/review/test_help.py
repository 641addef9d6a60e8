"""What helps a reader: the guide, the first steps, and who runs the application."""

import re

import pytest

from features.errors import InputError
from reports.review.app import create_app
from reports.review.brand import SVG, read_logo
from reports.review.configuration import read_configuration
from reports.review.guide import guide
from reports.review.tour import STEPS
from tests.reports.review.conftest import PASSWORD, Agent, TestClient, add_accounts, shown, signed_in

FIRM = "/firms/552100554"
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9" fill="#000091"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def served(data_template, tmp_path):
    def serve(**settings):
        database = f"sqlite:///{tmp_path / 'r.db'}"
        app = create_app(read_configuration(data=data_template, database=database, is_local=True, **settings))
        add_accounts(app)
        return app

    return serve


@pytest.mark.parametrize("code", ["fr", "en"])
def test_the_guide_is_a_page_with_its_contents_tables_and_no_picture(code):
    found = guide(code)
    assert found.title in ("Guide de l'agent", "Agent's guide")
    assert len(found.contents) > 5
    assert all(f'<h2 id="{anchor}">{title}</h2>' in found.text for anchor, title in found.contents[:2])
    assert "<table>" in found.text
    assert "<img" not in found.text
    assert ".md" not in found.text


def test_the_guide_is_open_to_all_in_the_language_of_its_reader(fresh):
    page = TestClient(fresh).get("/guide", headers={"accept-language": "fr"})
    assert page.status_code == 200
    assert "C'est un risque, pas un verdict." in shown(page)
    assert "Agent's guide" in shown(TestClient(fresh).get("/guide", headers={"accept-language": "en"}))


def test_the_first_steps_are_shown_once_one_after_another_and_again_when_asked_for(fresh):
    agent = signed_in(fresh, "paris")
    for number, step in enumerate(STEPS, 1):
        page = shown(agent.get(FIRM, **{"accept-language": "en"}))
        assert f"First steps, {number} of 3: {step.title}" in page
        answer = agent.post("/tour", seen=number, back=FIRM)
        assert (answer.status_code, answer.headers["location"]) == (303, FIRM)
    assert "First steps" not in agent.get(FIRM, **{"accept-language": "en"}).text
    again = signed_in(fresh, "paris")
    assert "First steps" not in again.get(FIRM, **{"accept-language": "en"}).text
    again.post("/tour", seen=0)
    assert "First steps, 1 of 3" in shown(again.get(FIRM, **{"accept-language": "en"}))


def test_nobody_is_shown_around_before_they_have_accepted_the_notice(served, tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "confidentiality.fr.txt").write_text("Secret.")
    client = TestClient(served(texts=tmp_path / "texts"))
    client.get("/sign-in")
    fields = {"token": client.cookies["weaksignals-sign-in"], "name": "paris", "password": PASSWORD, "next": "/"}
    client.post("/sign-in", data=fields, follow_redirects=False)
    page = client.get("/confidentiality").text
    assert 'class="tour"' not in page
    agent = Agent(client, page.split('name="csrf" value="')[1].split('"')[0])
    agent.post("/confidentiality", next="/")
    assert 'class="tour"' in agent.get(FIRM).text


def test_who_skips_the_first_steps_has_seen_them_and_nobody_else(fresh):
    agent = signed_in(fresh, "paris")
    agent.post("/tour", seen=99, back="//elsewhere")
    assert 'class="tour"' not in agent.get(FIRM).text
    assert 'class="tour"' in signed_in(fresh, "admin").get(FIRM).text


def test_the_name_and_the_logo_of_the_administration_are_on_every_page(served, tmp_path):
    (tmp_path / "logo.svg").write_text(DRAWING)
    client = TestClient(served(administration="DREETS <Bretagne>", logo=tmp_path / "logo.svg"))
    page = client.get("/sign-in").text
    assert "DREETS &lt;Bretagne&gt;" in page
    assert '<img src="/logo" alt="">' in page
    answer = client.get("/logo")
    assert (answer.headers["content-type"], answer.text) == (SVG, DRAWING)


def test_without_a_logo_there_is_no_image(served):
    assert "<img" not in TestClient(served()).get("/sign-in").text


@pytest.mark.parametrize(
    "inside",
    ["<script>x</script>", '<g onload="x"/>', '<a href="https://x"><path/></a>', '<image x="1"/>', "<style>@import 'x'</style>",
     '<path fill="url(https://x)"/>', "<foreignObject/>", '<set attributeName="href" to="x"/>', '<path style="x"/>'],
)  # fmt: skip
def test_a_drawing_that_may_run_or_fetch_something_is_refused(tmp_path, inside):
    path = tmp_path / "logo.svg"
    path.write_text(DRAWING.replace("</svg>", f"{inside}</svg>"))
    with pytest.raises(InputError, match="plain SVG"):
        read_logo(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"text", b"<html/>", b"<!DOCTYPE svg><svg/>", b'<?xml-stylesheet href="x"?><svg/>', b"<svg", b"%PDF-1.4"],
)
def test_a_logo_that_is_no_image_is_refused(tmp_path, content):
    path = tmp_path / "logo.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match="plain SVG"):
        read_logo(path)


def test_a_logo_that_is_too_large_or_not_there_is_refused(tmp_path):
    path = tmp_path / "logo.png"
    with pytest.raises(InputError, match="can't be read"):
        read_logo(path)
    path.write_bytes(PNG + bytes(500_000))
    with pytest.raises(InputError, match="Make it smaller"):
        read_logo(path)
    path.write_bytes(PNG)
    assert read_logo(path).kind == "image/png"


def test_a_firm_has_its_link_to_the_public_directory_unless_there_is_none(served):
    page = signed_in(served(), "paris").get(FIRM).text
    link = re.search(r'<a href="(https://[^"]+)" rel="noopener noreferrer external">', page)
    assert link[1] == "https://annuaire-entreprises.data.gouv.fr/entreprise/552100554"
    assert "noreferrer external" not in signed_in(served(directory=""), "paris").get(FIRM).text


@pytest.mark.parametrize("address", ["javascript:alert({siren})", "https://x/", "http://x/{siren}"])
def test_a_directory_that_is_no_address_of_a_firm_is_refused(address):
    with pytest.raises(InputError, match="WEAKSIGNALS_REVIEW_DIRECTORY"):
        read_configuration(directory=address)
