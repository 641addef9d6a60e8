"""The monitoring page: nothing in it runs, both languages, the same in JSON."""

import json
import re
from datetime import date

import pandas as pd
import pytest

from models.monitoring import findings as rules
from models.monitoring.drift import Drift
from models.monitoring.findings import Compared
from models.monitoring.helped import Apart
from models.monitoring.realised import Realised, Useful
from models.monitoring.records import STOP, WARNING, Finding
from models.monitoring.volumes import Published
from reports.language import Language, translations
from reports.monitoring import Monitoring, as_html, as_json, write_monitoring

ATTACK = '<script>alert("x")</script>'
EN, FR = Language("en"), Language("fr")


def drift_of(name, psi=0.6):
    return Drift(name, psi, 0.05, 0.1, 0.4, 100.0, False, 50, 60.0)


def page(**changes):
    firms = pd.DataFrame(
        {"siren": ["1", "2"], "alert": ["high", "none"], "departement": [ATTACK, "59"], "naf_section": "C"}
    )
    now, before = Published(date(2024, 2, 1), firms), Published(date(2024, 1, 1), firms.head(1))
    drifts = (drift_of(ATTACK), drift_of("debt", 0.3))
    findings = (
        Finding(STOP, ATTACK, rules.CONSTANT, {"firm_count": 1250}),
        Finding(WARNING, "debt", rules.DRIFTED, {"psi": 0.3, "limit": 0.25}),
    )
    result = Realised("high", 3, 10, 1, 0.8, 0.3, 0.25, 0.05, 0.7, 1.25)
    young = Realised("all", 3, 20, 0, None, 0.1, None, None, None, None)
    content = {
        "compared": Compared(now, "m-1", drifts, (0.1, 0.02), [before], None),
        "findings": findings,
        "results": {date(2023, 11, 1): (result, young)},
        "together": {"high": [0.1] * 3 + [None] * 15},
        "verdicts": (Useful("high", 4, 3, 0.3, 0.95),),
        "helped": (Apart("high", True, 40, 3), Apart("high", False, 77, 31)),
        "observed_until": date(2024, 2, 1),
        "horizon": 18,
        "is_simulated": True,
    }
    return Monitoring(**{**content, **changes})


@pytest.mark.parametrize("language", [EN, FR], ids=["en", "fr"])
def test_what_a_partner_wrote_is_never_markup(language):
    text = as_html(page(), language)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 3
    assert "http" not in re.sub(r'http-equiv="Content-Security-Policy"', "", text)


def test_the_page_is_in_both_languages_and_says_simulated():
    english, french = (as_html(page(), language).replace("\u202f", " ").replace("\xa0", " ") for language in (EN, FR))
    assert "SIMULATED DATA" in english
    assert "DONNÉES SIMULÉES" in french
    assert "judging from the training data, 1,250 firms should have another one" in english
    assert "1 250 entreprises devraient en avoir une autre" in french
    assert "Dette sociale" in french
    assert "février 2024" in french
    assert "SIMULATED" not in as_html(page(is_simulated=False), EN)


def test_the_page_leads_to_what_was_read_where_that_is_told():
    assert '<a href="../../received/2401/index.fr.html">' in as_html(
        page(received="../../received/2401/index.fr.html"), FR
    )
    assert "<a " not in as_html(page(), FR)


def test_findings_come_before_the_tables():
    text = as_html(page(), EN)
    assert text.index("All firms have the same value") < text.index("Features with the largest drift")


def test_a_page_with_nothing_to_tell_says_so():
    compared = Compared(page().compared.now, "m-1", None, None, [], None)
    text = as_html(page(compared=compared, findings=(), results={}, together={}, verdicts=(), helped=()), EN)
    for sentence in (
        "Nothing to report.",
        "This model recorded no training data",
        "No past list is a month old",
        "No verdict yet.",
        "No follow-up tells of help",
    ):
        assert sentence in text


def test_the_json_holds_the_same(tmp_path):
    write_monitoring(tmp_path / "2024-02", page(), EN)
    assert (tmp_path / "2024-02" / "index.html").read_text() == as_html(page(), EN)
    content = json.loads((tmp_path / "2024-02" / "monitoring.json").read_text())
    assert content == json.loads(as_json(page()))
    assert content["simulated"] is True
    assert content["findings"][1]["sentence"].startswith("debt: Its distribution differs")
    assert content["past_lists"]["2023-11"][0]["precision"] == 0.25
    assert content["volumes"]["departement"][0]["code"] == ATTACK
    assert content["verdicts"][0]["useful"] == 3
    assert content["helped_apart"][0] == {"level": "high", "is_helped": True, "firms": 40, "failures": 3}


def test_every_message_of_a_finding_has_its_french():
    assert set(rules.MESSAGES) <= set(translations("fr"))
