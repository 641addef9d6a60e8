"""Why a risk moved and what would take a firm off the list, in words that a reader can check against the figures."""

from datetime import date

import pandas as pd
import pytest

from models.movement import REVISION
from models.remedies import Remedy
from reports.language import Language
from reports.movement import movement_sentence
from reports.remedies import remedy_sentence

EN, FR = Language("en"), Language("fr")
SINCE = date(2023, 9, 1)
BEFORE = {"debt": 12000.0, "paydex": 8.0, "ebitda_margin": 6.0, "ccsf_stage": "NONE", "accounts_confidential": 0.0}
NOW = {"debt": 24300.0, "paydex": 22.0, "ebitda_margin": 2.0, "ccsf_stage": "DEBUT", "accounts_confidential": 0.0}


def said(parts, now=NOW, before=BEFORE, is_new_model=False, language=EN):
    return movement_sentence(pd.Series(parts), now, before, SINCE, is_new_model, language)


def test_a_risk_that_rose_is_told_with_the_figures_then_and_now():
    assert said({"debt": 0.8, "paydex": 0.1, REVISION: 0.0}) == (
        "Risk up since September 2023: Social debt: from 12,000 euros to 24,300 euros."
    )
    assert said({"debt": 0.4, "paydex": 0.4}, language=FR).replace("\u202f", " ").replace("\xa0", " ") == (
        "Risque en hausse depuis septembre 2023 : Dette sociale : de 12 000 euros à 24 300 euros ; "
        "Retard moyen de paiement aux fournisseurs : de 8 jours à 22 jours."
    )


def test_what_fell_is_not_told_as_the_reason_of_a_rise():
    assert "Mean delay" not in said({"debt": 0.8, "paydex": -0.3})
    assert said({"debt": -0.8}, now=BEFORE, before=NOW).startswith("Risk down since")


def test_figures_that_would_say_the_contrary_of_their_contribution_are_not_quoted():
    sentence = said({"debt": 0.8}, now=BEFORE, before=NOW)
    assert sentence == "Risk up since September 2023: Social debt, over the past months."


def test_confidential_accounts_move_a_risk_without_their_figures():
    sentence = said({"ebitda_margin": 0.8}, now={**NOW, "accounts_confidential": 1.0})
    assert "confidential" in sentence
    assert "6%" not in sentence


@pytest.mark.parametrize(("is_new_model", "words"), [(True, "another model since"), (False, "past data corrected")])
def test_a_revision_is_told_apart_from_what_the_firm_did(is_new_model, words):
    assert words in said({REVISION: 0.5}, is_new_model=is_new_model)


def test_a_code_and_an_unknown_value_are_told_in_words():
    assert "from no request to request opened" in said({"ccsf_stage": 0.5})
    assert "known or not" in said({"paydex": 0.5}, before={**BEFORE, "paydex": None})
    assert said({"debt": 0.01}) == "Risk unchanged since September 2023."


def remedy(actions, changes, share=1.0):
    return Remedy("552100554", actions, share, changes, 0.098)


def test_the_change_that_leaves_most_undone_is_told():
    part = remedy(("pay_debt",), {"debt": (42300.0, 23900.0)}, 0.43)
    whole = remedy(("pay_suppliers",), {"paydex": (30.0, 0.0)})
    assert remedy_sentence([whole, part], EN) == (
        "The model would take it off the list, at 9.8%, after 18,400 euros paid of its 42,300 euros of social debt: "
        "a figure of the model, no promise."
    )


@pytest.mark.parametrize("language", [EN, FR], ids=["en", "fr"])
@pytest.mark.parametrize(
    ("action", "changes"),
    [
        ("pay_debt", {"debt": (42300.0, 0.0)}),
        ("grant_plan", {"payment_plans_active": (0.0, 1.0)}),
        ("pay_suppliers", {"paydex": (30.0, 10.0)}),
        ("pay_suppliers", {"late_30_days_share": (0.3, 0.1)}),
        ("end_short_time", {"short_time_fte": (3.0, 1.0)}),
    ],
)
def test_every_action_has_its_words(action, changes, language):
    sentence = remedy_sentence([remedy((action,), changes)], language)
    assert sentence.endswith(".")
    assert "{" not in sentence


def test_where_nothing_helps_it_is_said():
    assert remedy_sentence([], EN).startswith("None of the changes")
