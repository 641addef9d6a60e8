"""The pictures of the model in use, on the public pages: those files, and no other."""

import json
import re
import shutil

import pytest
from starlette.testclient import TestClient

from models.registry import registry
from reports.card.parts import ALTERNATIVES, PICTURES, picture_file
from reports.language import LANGUAGES
from reports.review.app import create_app
from reports.review.configuration import read_configuration

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M 0 0"/></svg>'


@pytest.fixture(scope="module")
def client(data_template, tmp_path_factory):
    """On a folder with two models that have pictures, of which one is in use."""
    data = tmp_path_factory.mktemp("pictures") / "data"
    shutil.copytree(data_template, data)
    model_id = registry.champion_id(data / "models")
    for model in (data / "models" / model_id, data / "models" / "2023-01-other"):
        folder = model / registry.PICTURES
        folder.mkdir(parents=True)
        for name in PICTURES:
            for code in LANGUAGES:
                (folder / picture_file(name, code)).write_text(SVG.replace("0 0", f"{name} {code} {model.name}"))
        texts = {name: {code: f'{name} "{code}"' for code in LANGUAGES} for name in PICTURES}
        (folder / ALTERNATIVES).write_text(json.dumps(texts))
    database = f"sqlite:///{tmp_path_factory.mktemp('database') / 'r.db'}"
    return TestClient(create_app(read_configuration(data=data, database=database, is_local=True)))


@pytest.mark.parametrize("code", LANGUAGES)
def test_each_picture_is_shown_in_the_readers_language_with_its_alternative_text(client, code):
    text = client.get("/algorithm", headers={"accept-language": code}).text
    shown = re.findall(r'<img src="([^"]+)" alt="([^"]+)"', text)
    assert shown == [
        (f"/algorithm/pictures/{picture_file(name, code)}", f"{name} &#34;{code}&#34;") for name in PICTURES
    ]
    for address, _ in shown:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        assert f"{code} " in answer.text
        assert "other" not in answer.text


@pytest.mark.parametrize(
    "address",
    [
        "alternatives.json",
        "beeswarm.svg",
        "beeswarm.de.svg",
        "waterfall.fr.svg",
        "beeswarm.fr.svg.bak",
        "../model.json",
        "..%2F..%2Fchampion",
        "..%2F..%2F2023-01-other%2Fpictures%2Fbeeswarm.fr.svg",
        "%2Fetc%2Fpasswd",
    ],
)
def test_no_other_file_is_ever_served(client, address):
    answer = client.get(f"/algorithm/pictures/{address}")
    assert answer.status_code == 404
    assert "<path" not in answer.text


def test_an_older_model_without_pictures_shows_none(app):
    client = TestClient(app)
    assert "<img" not in client.get("/algorithm").text
    assert client.get("/algorithm/pictures/beeswarm.fr.svg").status_code == 404
