"""Figures beside the sector: where each comes from, from when it is, and whether it is better or worse."""

import re
from datetime import date

import pytest

from features.assemble import CATALOG
from features.table_record import StagedFile
from reports.dictionary import definition_of
from reports.language import Language, definitions
from reports.reasons import FEATURES
from reports.review.key_figures import Newest, key_figures, standing, told_known, told_source
from tests.records import build_record
from tests.reports.review.conftest import shown

EN, FR = Language("en"), Language("fr")
QUARTILES = (10.0, 20.0, 30.0)


@pytest.mark.parametrize(
    ("value", "direction", "found"),
    [(40.0, 1, "worse"), (5.0, 1, "better"), (40.0, -1, "better"), (5.0, -1, "worse"), (30.0, 1, ""), (40.0, 0, "")],
)
def test_a_figure_is_better_or_worse_outside_the_middle_half_on_the_side_that_its_direction_tells(
    value, direction, found
):
    assert standing(value, QUARTILES, direction) == found


def test_without_a_sector_nothing_is_better_or_worse():
    assert standing(40.0, None, 1) == ""


def test_the_last_delivery_of_a_source_is_the_last_of_which_something_was_known_at_the_period():
    files = [StagedFile("debts", batch, "debits.csv", "a" * 64) for batch in ("2311", "2401", "2402")]
    record = build_record(files=tuple(files))
    assert record.deliveries(date(2024, 2, 1)) == {"debts": date(2024, 1, 1)}
    assert record.deliveries(date(2023, 6, 1)) == {}


def test_a_source_is_told_with_its_provider_its_delivery_and_when_its_records_are_known():
    assert told_source("debts", {"debts": date(2024, 1, 1)}, EN) == (
        "contribution debts (URSSAF), delivery of January 2024, "
        "known at the monthly delivery after the day on which it was processed"
    )


def test_every_feature_has_its_definition_in_french():
    roots = {feature.name for feature in CATALOG if feature.derived_from is None}
    assert set(definitions("fr")) == roots
    assert definition_of(FEATURES["paydex"], FR).startswith("Retard moyen de paiement")
    assert definition_of(FEATURES["paydex_lag_12m"], FR) == f"{FEATURES['paydex_lag_12m'].fr}."
    assert definition_of(FEATURES["turnover"], EN) == "chiffre_d_affaires of the newest accounts known."


def test_a_figure_of_old_accounts_is_of_the_month_of_their_closing_and_old(app):
    reader = app.state.services.reader
    values = {"accounts_age": 30.0, "turnover": 1000.0, "headcount": 12.0, "headcount_age": 4.0, "debt": float("nan")}
    found = {one.name: one for one in key_figures(reader, reader.published("2024-02"), values, {}, EN)}
    assert (found["turnover"].month, found["turnover"].is_old) == (date(2021, 8, 1), True)
    assert (found["headcount"].month, found["headcount"].is_old) == (date(2023, 10, 1), False)
    assert found["accounts_age"].month is None
    assert "debt" not in found


def test_a_figure_tells_who_told_it_and_the_day_on_which_its_newest_record_of_the_firm_became_known():
    newest = {"debts": Newest(date(2024, 1, 25)), "contributions": Newest(date(2024, 1, 5), date(2023, 11, 1))}
    deliveries = {"debts": date(2024, 1, 1), "payment_plans": date(2023, 11, 1)}
    said = {name: told_known(FEATURES[name], newest, deliveries, EN) for name in ("debt_in_months", "paid_share_12m")}
    assert said == {
        "debt_in_months": "URSSAF, known on 2024-01-25",
        "paid_share_12m": "URSSAF, known on 2024-01-05",
    }
    nothing = told_known(FEATURES["payment_plans_active"], newest, deliveries, EN)
    assert nothing == "URSSAF: nothing on this firm (last delivery: November 2023)"
    assert told_known(FEATURES["debt"], {}, deliveries, EN) == ""


def test_a_figure_of_contributions_is_of_the_newest_month_that_they_tell_of(app):
    reader = app.state.services.reader
    newest = {"contributions": Newest(date(2024, 1, 5), date(2023, 11, 1)), "debts": Newest(date(2024, 1, 25))}
    values = {"paid_share_12m": 0.5, "debt": 1000.0}
    found = {one.name: one for one in key_figures(reader, reader.published("2024-02"), values, newest, EN)}
    assert (found["paid_share_12m"].month, found["paid_share_12m"].is_old) == (date(2023, 11, 1), False)
    assert found["debt"].month is None


def test_the_page_of_a_firm_tells_beside_each_figure_when_it_became_known(agents):
    page = re.sub(r"\s+", " ", shown(agents["paris"].get("/firms/552100554")))
    assert "<small>URSSAF, connu le 25/01/2024</small>" in page
    assert "<small>Altares, connu le 05/12/2023, pour janvier 2024</small>" in page
    assert "dernière donnée sur cette entreprise connue le 25/01/2024" in page


def test_the_page_of_a_firm_tells_definition_source_and_month_in_the_language_of_its_reader(agents):
    page = shown(agents["paris"].get("/firms/552100554"))
    assert "Cotisations dues et non payées, parts salariale et patronale" in page
    assert "Source : débits de cotisations (URSSAF)" in page
    assert "pour janvier 2024" in page


def test_the_public_page_on_the_data_defines_each_figure_in_french(agents):
    page = shown(agents["paris"].get("/algorithm/data"))
    assert "Retard moyen de paiement aux fournisseurs, en jours" in page
    assert "Mean delay in days" not in page
