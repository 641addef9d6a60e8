"""The entry of the model in use in registers of algorithms: open to all, complete, and honest about what is missing."""

import csv
import io

import pytest

from features.errors import InputError
from reports.register_entry import FIELDS, OWN
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.texts import read_texts
from tests.reports.review.conftest import TestClient, shown

FILLED = (
    'team = "Service éco"\nlegal_basis = { fr = "Article <L611-1>" }\n[training]\nfr = "Une heure"\nen = "An hour"\n'
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "register.toml").write_text(FILLED)
    return tmp_path / "texts"


@pytest.fixture
def client(data_template, tmp_path, folder):
    settings = {"database": f"sqlite:///{tmp_path / 'r.db'}", "is_local": True, "texts": folder, "contact": "a@x.fr"}
    return TestClient(create_app(read_configuration(data=data_template, administration="DREETS", **settings)))


def told(client, code="en"):
    answer = client.get("/algorithm/register.json", headers={"accept-language": code}).json()
    return {field["key"]: field["value"] for field in answer["fields"]}


def test_every_field_is_filled_in_but_what_only_the_administration_knows_and_has_not_said(client):
    missing = {key for key, value in told(client).items() if not value}
    assert missing == set(OWN) - {"organisation", "contact", "team", "legal_basis", "training"}


def test_what_the_program_knows_comes_from_the_model_in_use(client):
    fields = told(client)
    assert fields["data"] == [
        *("social debt: 1 figure", "payment behaviour: 1 figure", "financial health: 1 figure"),
        *("short-time work: 1 figure", "workforce: 1 figure", "profile: 1 figure"),
    ]
    assert "within 18 months" in fields["purpose"][0]
    assert not [source for source in fields["sources"] if "CCSF" in source]
    assert any("41" in sentence or "137" in sentence for sentence in fields["performance"])


def test_the_administrations_texts_are_told_in_the_language_of_the_reader_else_in_the_other(client):
    assert (told(client, "en")["training"], told(client, "fr")["training"]) == (["An hour"], ["Une heure"])
    assert told(client, "en")["legal_basis"] == ["Article <L611-1>"]
    assert told(client)["organisation"] == ["DREETS"]


def test_the_page_names_what_is_missing_and_escapes_what_is_said(client):
    page = client.get("/algorithm/register", headers={"accept-language": "fr"})
    assert "Article &lt;L611-1&gt;" in page.text
    count = sum(not value for value in told(client).values())
    assert shown(page).count("Non renseigné par l'administration.") == count


def test_the_table_has_one_row_per_field_and_says_of_which_register_it_is(client):
    content = client.get("/algorithm/register.csv", headers={"accept-language": "fr"}).content.decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(content, newline=""), delimiter=";")
    assert head == ["Rubrique", "Information", "Etalab", "ATRS", "Contenu"]
    assert len(rows) == len(FIELDS)
    assert [
        "L'administration",
        "Direction ou service porteur",
        "Direction/service porteur",
        "Team",
        "Service éco",
    ] in rows


def test_each_field_is_of_a_register_and_no_two_have_one_name():
    assert all(field.etalab or field.atrs for field in FIELDS)
    assert len({field.key for field in FIELDS}) == len({field.title for field in FIELDS}) == len(FIELDS)


def test_all_that_etalabs_inventory_asks_is_told_in_its_words():
    """The tables of algorithmes/2-inventaire.md, of 11 February 2021."""
    asked = {
        *(
            "Nom de l'administration concernée",
            "Direction/service porteur",
            "Contact au sein de l'administration concernée",
        ),
        *("Date de mise à jour des informations", "Nom de l'algorithme", "Contexte global", "Finalité de l'algorithme"),
        *("Comment et quand l'algorithme intervient-il dans la prise de décision ?", "Fondements juridiques"),
        *("Niveau d'automatisation de la décision", "Ressources connexes", "Portée de la décision"),
        *("Nombre de décisions administratives prises par an", "Public concerné par la décision", "Données traitées"),
        *("Source des données traitées", "Mode de collecte des données traitées", "Type d'algorithme"),
        "Opérations effectuées par l'algorithme",
    }
    assert {field.etalab for field in FIELDS} - {""} == asked


@pytest.mark.parametrize("content", ['purpose = "ours"', "team = 3", 'team = { de = "x" }', "team = "])
def test_a_field_that_is_not_the_administrations_or_no_text_is_refused(folder, content):
    (folder / "register.toml").write_text(content)
    with pytest.raises(InputError, match=r"register\.toml"):
        read_texts(folder)
