"""Reasons, exports and words, on rows that a reader can check by eye."""

import ast
import re
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import reports
from features.assemble import CATALOG
from reports.language import Language, translations
from reports.reasons import FEATURES, ReasonSettings, reasons_of, sentence_of
from reports.spreadsheet import safe

REPORTS = Path(reports.__file__).parent
TYPICAL = {"debt": 0.0, "paydex": 8.0, "liquidity_ratio": 160.0}
EN, FR = Language("en"), Language("fr")
ROW = {"debt": 42300.0, "debt_in_months": 3.1, "debt_lag_12m": 0.0, "paydex": 22.0, "paydex_lag_12m": 3.0}


def messages():
    """Every text said with `say` in code and templates."""
    for path in REPORTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_said = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "say"
            if is_said and node.args and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value
    for path in REPORTS.rglob("*.html"):
        for call in Environment(autoescape=True).parse(path.read_text()).find_all(nodes.Call):
            if getattr(call.node, "name", "") == "say" and isinstance(call.args[0], nodes.Const):
                yield call.args[0].value


def texts():
    """Every text constant of the code that may be said, and of the templates."""
    for room in ("reports", "models", "features", "flows"):
        for path in (REPORTS.parent / room).rglob("*.py"):
            constants = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
            yield from (node.value for node in constants if isinstance(node.value, str))
    for path in REPORTS.rglob("*.html"):
        yield from (node.value for node in Environment(autoescape=True).parse(path.read_text()).find_all(nodes.Const))


def test_every_message_has_its_french():
    assert set(messages()) <= set(translations("fr"))
    assert len(set(messages())) > 200


def test_every_translation_is_of_a_message_that_is_used_and_says_something():
    french = translations("fr")
    assert set(french) - set(texts()) == set()
    assert [message for message, translated in french.items() if not translated.strip()] == []


def test_a_message_and_its_french_hold_the_same_values():
    for message, translated in translations("fr").items():
        assert set(re.findall(r"{\w+}", message)) == set(re.findall(r"{\w+}", translated)), message


def test_the_sentence_of_a_debt_quotes_amount_months_and_a_year_ago():
    assert sentence_of(FEATURES["debt"], ROW, ReasonSettings(TYPICAL, 5), EN) == (
        "Social debt of 42,300 euros, 3.1 months of contributions; none a year ago."
    )
    assert sentence_of(FEATURES["debt"], ROW, ReasonSettings(TYPICAL, 5), FR).replace("\u202f", " ").replace(
        "\xa0", " "
    ) == ("Dette sociale de 42 300 €, soit 3,1 mois de cotisations ; aucune un an plus tôt.")


def test_the_sentence_of_a_delay_says_what_it_was_and_what_is_usual():
    assert sentence_of(FEATURES["paydex"], ROW, ReasonSettings(TYPICAL, 5), EN) == (
        "Mean delay in paying suppliers: 22 days; 3 days a year ago (median: 8 days)."
    )


@pytest.mark.parametrize("language", [EN, FR], ids=["en", "fr"])
@pytest.mark.parametrize("feature", [f for f in CATALOG if f.derived_from is None], ids=lambda f: f.name)
def test_every_feature_has_a_sentence_known_or_not(feature, language):
    value = "A" if feature.is_category else 1.0
    settings = ReasonSettings({feature.name: 1.0}, 5)
    known = sentence_of(feature, {feature.name: value}, settings, language)
    assert known.endswith(".")
    assert known != sentence_of(feature, {feature.name: float("nan")}, settings, language)


def test_no_reason_contradicts_the_direction_of_its_contribution():
    row = {"debt": 0.0, "paydex": 5.0, "liquidity_ratio": 300.0, "late_30_days_share": 0.5}
    contributions = {"debt": 0.5, "paydex": 0.4, "liquidity_ratio": 0.3, "late_30_days_share": 0.2, "age": -0.9}
    found = reasons_of(row, contributions, ReasonSettings({**TYPICAL, "late_30_days_share": 0.05}, 5), EN)
    assert [reason.feature for reason in found] == ["late_30_days_share"]


def test_reasons_are_ranked_by_their_contribution_and_no_more_are_given_than_settings_say():
    found, first = (
        reasons_of(ROW, {"paydex": 0.2, "debt": 0.7}, ReasonSettings(TYPICAL, count), EN) for count in (5, 1)
    )
    assert [(reason.feature, reason.contribution) for reason in found] == [("debt", 0.7), ("paydex", 0.2)]
    assert first == found[:1]


def test_confidential_accounts_are_named_without_their_figure():
    row = {"liquidity_ratio": 51.0, "accounts_confidential": 1.0}
    (reason,) = reasons_of(row, {"liquidity_ratio": 0.7}, ReasonSettings(TYPICAL, 5), EN)
    assert reason.value is None
    assert "51" not in reason.sentence


def test_to_whoever_has_the_right_confidential_accounts_are_told_like_public_ones():
    row, settings = {"liquidity_ratio": 51.0, "accounts_confidential": 1.0}, ReasonSettings(TYPICAL, 5)
    shown = reasons_of(row, {"liquidity_ratio": 0.7}, settings, EN, shows_confidential=True)
    assert shown == reasons_of({"liquidity_ratio": 51.0}, {"liquidity_ratio": 0.7}, settings, EN)
    assert shown[0].sentence == "Liquidity ratio: 51% (median: 160%)."


def test_settings_of_reasons_are_read_as_they_were_published():
    settings = ReasonSettings({"paydex": 8.123456789012345}, 3)
    assert ReasonSettings.from_json(settings.as_json()) == settings


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_never_takes_a_name_for_a_formula(cell):
    assert str(safe(cell)).startswith("'")
    assert safe("SOCIETE") == "SOCIETE"
