"""Reasons, exports and words, on rows that a reader can check by eye."""

import ast
from pathlib import Path

import pytest

import reports
from features.assemble import CATALOG
from reports.exports import _safe
from reports.language import Language, translations
from reports.reasons import FEATURES, ranked_reasons, sentence_of

TYPICAL = {"debt": 0.0, "paydex": 8.0, "liquidity_ratio": 160.0}
EN, FR = Language("en"), Language("fr")
ROW = {"debt": 42300.0, "debt_in_months": 3.1, "debt_lag_12m": 0.0, "paydex": 22.0, "paydex_lag_12m": 3.0}


def messages():
    """Every text said with `say`, and every text that a table of words holds."""
    for path in Path(reports.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            is_said = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "say"
            if is_said and isinstance(node.args[0], ast.Constant):
                yield node.args[0].value


def test_every_message_has_its_french():
    assert set(messages()) <= set(translations("fr"))
    assert len(set(messages())) > 10


def test_the_sentence_of_a_debt_quotes_amount_months_and_a_year_ago():
    assert sentence_of(FEATURES["debt"], ROW, TYPICAL, EN) == (
        "Social debt of 42,300 euros, 3.1 months of contributions; none a year ago."
    )
    assert sentence_of(FEATURES["debt"], ROW, TYPICAL, FR).replace("\u202f", " ").replace("\xa0", " ") == (
        "Dette sociale de 42 300 euros, soit 3,1 mois de cotisations ; aucune un an plus tôt."
    )


def test_the_sentence_of_a_delay_says_what_it_was_and_what_is_usual():
    assert sentence_of(FEATURES["paydex"], ROW, TYPICAL, EN) == (
        "Mean delay in paying suppliers: 22 days; 3 days a year ago (half of the firms: 8 days or less)."
    )


@pytest.mark.parametrize("language", [EN, FR], ids=["en", "fr"])
@pytest.mark.parametrize("feature", [f for f in CATALOG if f.derived_from is None], ids=lambda f: f.name)
def test_every_feature_has_a_sentence_known_or_not(feature, language):
    value = "A" if feature.is_category else 1.0
    typical = {feature.name: 1.0}
    known = sentence_of(feature, {feature.name: value}, typical, language)
    assert known.endswith(".")
    assert known != sentence_of(feature, {feature.name: float("nan")}, typical, language)


def test_no_reason_contradicts_the_direction_of_its_contribution():
    row = {"debt": 0.0, "paydex": 5.0, "liquidity_ratio": 300.0, "late_30_days_share": 0.5}
    contributions = {"debt": 0.5, "paydex": 0.4, "liquidity_ratio": 0.3, "late_30_days_share": 0.2, "age": -0.9}
    found = ranked_reasons(row, contributions, {**TYPICAL, "late_30_days_share": 0.05}, EN)
    assert [reason.feature for reason in found] == ["late_30_days_share"]


def test_reasons_are_ranked_by_their_contribution():
    found = ranked_reasons(ROW, {"paydex": 0.2, "debt": 0.7}, TYPICAL, EN)
    assert [(reason.feature, reason.contribution) for reason in found] == [("debt", 0.7), ("paydex", 0.2)]


def test_confidential_accounts_are_named_without_their_figure():
    row = {"liquidity_ratio": 51.0, "accounts_confidential": 1.0}
    (reason,) = ranked_reasons(row, {"liquidity_ratio": 0.7}, TYPICAL, EN)
    assert reason.value is None
    assert "51" not in reason.sentence


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_never_takes_a_name_for_a_formula(cell):
    assert _safe(cell) == f"'{cell}"
    assert _safe("SOCIETE") == "SOCIETE"
