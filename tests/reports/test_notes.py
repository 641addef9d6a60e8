"""Why a risk moved and what would take a firm off the list, in words that a reader can check against the figures."""

import io
import json
import zipfile
from datetime import date
from types import SimpleNamespace

import pandas as pd
import pytest

from models.alerts import Thresholds
from models.scoring.counterfactuals import ACTIONS
from models.scoring.records import REVISION, Counterfactual
from reports.alerting import Given
from reports.counterfactuals import QUOTED, counterfactual_record, counterfactual_sentence
from reports.exports import COUNTERFACTUAL, MOVEMENT, as_csv, as_json, as_xlsx, parquet
from reports.language import Language
from reports.movement import movement_record, movement_sentence
from reports.reasons import ReasonSettings
from reports.target_list import COLUMNS, TargetList

EN, FR = Language("en"), Language("fr")
SINCE = date(2023, 9, 1)
BEFORE = {"debt": 12000.0, "paydex": 8.0, "ebitda_margin": 6.0, "ccsf_stage": "NONE", "accounts_confidential": 0.0}
NOW = {"debt": 24300.0, "paydex": 22.0, "ebitda_margin": 2.0, "ccsf_stage": "DEBUT", "accounts_confidential": 0.0}


def told(parts, now=NOW, before=BEFORE, is_new_model=False):
    return movement_record(pd.Series(parts), now, before, SINCE, is_new_model)


def said(parts, now=NOW, before=BEFORE, is_new_model=False, language=EN):
    return movement_sentence(told(parts, now, before, is_new_model), language)


def test_a_risk_that_rose_is_told_with_the_figures_then_and_now():
    assert said({"debt": 0.8, "paydex": 0.1, REVISION: 0.0}) == (
        "Risk up since September 2023: Social debt: from 12,000 euros to 24,300 euros."
    )
    assert said({"debt": 0.4, "paydex": 0.4}, language=FR).replace("\u202f", " ").replace("\xa0", " ") == (
        "Risque en hausse depuis septembre 2023 : Dette sociale : de 12 000 € à 24 300 € ; "
        "Retard moyen de paiement aux fournisseurs : de 8 jours à 22 jours."
    )


def test_what_fell_is_not_told_as_the_reason_of_a_rise():
    assert "Mean delay" not in said({"debt": 0.8, "paydex": -0.3})
    assert said({"debt": -0.8}, now=BEFORE, before=NOW).startswith("Risk down since")


def test_figures_that_would_say_the_contrary_of_their_contribution_are_not_quoted():
    sentence = said({"debt": 0.8}, now=BEFORE, before=NOW)
    assert sentence == "Risk up since September 2023: Social debt (its values of the past months)."


def test_confidential_accounts_move_a_risk_without_their_figures():
    for now, before in ((1.0, 0.0), (0.0, 1.0)):
        rows = {"now": NOW | {"accounts_confidential": now}, "before": BEFORE | {"accounts_confidential": before}}
        (part,) = told({"ebitda_margin": 0.8}, **rows)["parts"]
        assert (part["then"], part["now"], part["is_hidden"]) == (None, None, True)
        assert "confidential" in said({"ebitda_margin": 0.8}, **rows)


@pytest.mark.parametrize(
    ("is_new_model", "words"), [(True, "the model has changed since"), (False, "past data were corrected")]
)
def test_a_revision_is_told_apart_from_what_the_firm_did(is_new_model, words):
    assert words in said({REVISION: 0.5}, is_new_model=is_new_model)


def test_a_code_and_an_unknown_value_are_told_in_words():
    assert "from no request to request opened" in said({"ccsf_stage": 0.5})
    assert said({"paydex": 0.5}, before={**BEFORE, "paydex": None}).endswith("suppliers (now known).")
    assert said({"paydex": 0.5}, now={**NOW, "paydex": None}).endswith("suppliers (no longer known).")
    assert said({"debt": 0.01}) == "Risk unchanged since September 2023."
    assert said({"paydex": 0.5}, now={"paydex": None}, before={}).endswith("suppliers (its values of the past months).")


def test_a_movement_is_a_record_of_what_was_decisive_from_which_both_languages_are_written():
    record = told({"debt": 0.8, "ccsf_stage": 0.5, REVISION: -0.2}, is_new_model=True)
    assert (record["since"], record["is_new_model"]) == (SINCE, True)
    assert record["total"] == pytest.approx(1.1)
    assert record["parts"] == [
        {
            "feature": "debt",
            "theme": "social_debt",
            "contribution": 0.8,
            "then": "12000.0",
            "now": "24300.0",
            "is_hidden": False,
        },
        {
            "feature": "ccsf_stage",
            "theme": "social_debt",
            "contribution": 0.5,
            "then": "NONE",
            "now": "DEBUT",
            "is_hidden": False,
        },
    ]
    assert movement_sentence(record, FR) != movement_sentence(record, EN)


@pytest.mark.parametrize("language", [EN, FR], ids=["en", "fr"])
def test_of_what_a_reader_has_no_right_to_only_the_theme_is_told_once(language):
    stub = {"theme": "social_debt", "feature": None}
    moved = movement_sentence({**told({"paydex": 0.8}), "parts": [stub, stub, *told({"paydex": 1})["parts"]]}, language)
    assert moved.count(language.say("social debt")) == 1
    assert language.code != "en" or moved == (
        "Risk up since September 2023: a reason of the theme “social debt” (you have no right to see its figures); "
        "Mean delay in paying suppliers: from 8 days to 22 days."
    )
    action = {"theme": "short_time_work", "name": None, "before": None, "after": None}
    off = counterfactual_sentence({"actions": [action], "probability": 0.1}, language)
    assert language.say("short-time work") in off


def counterfactual(actions, changes, share=1.0):
    return Counterfactual("552100554", actions, share, changes, 0.098)


def test_the_change_that_leaves_most_undone_is_told():
    part = counterfactual(("pay_debt",), {"debt": (42300.0, 23900.0)}, 0.43)
    whole = counterfactual(("pay_suppliers",), {"paydex": (30.0, 0.0)})
    record = counterfactual_record([whole, part])
    actions = [{"name": "pay_debt", "theme": "social_debt", "before": 42300.0, "after": 23900.0}]
    assert record == {"actions": actions, "probability": 0.098}
    assert counterfactual_sentence(record, EN) == (
        "According to the model, the firm would leave the list, with a risk of 9.8%, after paying 18,400 euros of its "
        "social debt of 42,300 euros. This is a calculation, not a promise."
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
    sentence = counterfactual_sentence(counterfactual_record([counterfactual((action,), changes)]), language)
    assert sentence.endswith(".")
    assert "no right" not in sentence
    assert "pas le droit" not in sentence
    assert set(QUOTED) == {one.name for one in ACTIONS}
    assert "{" not in sentence


def test_where_nothing_helps_it_is_said():
    record = counterfactual_record([])
    assert record == {"actions": [], "probability": None}
    assert counterfactual_sentence(record, EN).startswith("The model finds no change")


def test_the_list_holds_records_in_parquet_and_sentences_in_its_other_files():
    moved, off = told({"debt": 0.8}), counterfactual_record([counterfactual(("pay_debt",), {"debt": (24300.0, 0.0)})])
    firm = dict.fromkeys(COLUMNS) | {"reasons": [], "themes": {"social_debt": 0.8}, "period": SINCE}
    firms = [firm | {"siren": "552100554", "movement": moved, "counterfactual": off}, firm | {"siren": "100000017"}]
    model = SimpleNamespace(model_id="m")
    rows, found = pd.DataFrame(firms, columns=COLUMNS, dtype=object), Given(Thresholds(0.4, 0.2), 2, 0, 0, None)
    ranked = TargetList(rows, SINCE, model, "2309", True, 0.0, ReasonSettings({}, 5), found)
    table = parquet(ranked)
    assert (table.schema.field("movement").type, table.schema.field("counterfactual").type) == (
        MOVEMENT,
        COUNTERFACTUAL,
    )
    assert table["movement"].to_pylist() == [moved, None]
    assert table["counterfactual"].to_pylist() == [off, None]
    said, _ = json.loads(as_json(ranked, FR))["firms"]
    assert said["movement"] == movement_sentence(moved, FR)
    assert said["counterfactual"] == counterfactual_sentence(off, FR)
    first, second = pd.read_csv(io.StringIO(as_csv(ranked, FR))).to_dict("records")
    assert (first["movement"], first["counterfactual"]) == (said["movement"], said["counterfactual"])
    assert pd.isna(second["movement"])
    with zipfile.ZipFile(io.BytesIO(as_xlsx(ranked, EN))) as book:
        assert movement_sentence(moved, EN) in book.read("xl/sharedStrings.xml").decode()
