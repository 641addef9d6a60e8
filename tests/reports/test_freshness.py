"""A figure made of data that are older than the newest delivery says from when they are, wherever it is told."""

import json
from datetime import date

import pandas as pd
import pytest

from features.table_record import StagedFile
from models.alerts import Thresholds
from reports.alerting import Given
from reports.exports import as_json, notices
from reports.freshness import as_of, older_data
from reports.language import Language
from reports.reasons import FEATURES, ReasonSettings, reasons_of
from reports.target_list import COLUMNS, TargetList
from tests.records import build_record, risk_model

FR, EN = Language("fr"), Language("en")
OCTOBER, NOVEMBER, FEBRUARY = date(2023, 10, 1), date(2023, 11, 1), date(2024, 2, 1)
OLDER = {"debts": NOVEMBER}


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def built(**batches: str):
    """A feature table that was made of one file of each source. batches: source -> its batch."""
    return build_record(batch="2401", files=tuple(StagedFile(s, b, f"{s}.csv", "0") for s, b in batches.items()))


GIVEN = Given(Thresholds(0.2, 0.1), 0, 0, 0, None)


def listed(older) -> TargetList:
    model = risk_model(inputs=())
    settings = ReasonSettings({}, 5, older)
    rows = pd.DataFrame(columns=list(COLUMNS), dtype=object)
    return TargetList(rows, FEBRUARY, model, "2401", False, -3.0, settings, GIVEN)


@pytest.mark.parametrize(
    ("period", "older"),
    [
        (FEBRUARY, {"debts": NOVEMBER, "bodacc": OCTOBER}),
        # In December the delivery of November was the newest that counted: its data were not old.
        (date(2023, 12, 1), {"bodacc": OCTOBER}),
        (date(2023, 11, 1), {}),
    ],
)
def test_a_source_is_older_where_a_newer_delivery_was_known_at_the_period(period, older):
    record = built(debts="2311", contributions="2401", bodacc="2310")
    assert record.older_sources(period) == older


def test_of_several_files_of_a_source_the_newest_counts():
    files = (StagedFile("bodacc", "2311", "a", "0"), StagedFile("bodacc", "2401_bis", "b", "0"))
    assert build_record(batch="2401", files=files).older_sources(FEBRUARY) == {}


def test_what_a_feature_is_made_of_follows_from_its_declaration():
    fed = [feature.name for feature in FEATURES.values() if as_of(feature, OLDER)]
    assert fed == [feature.name for feature in FEATURES.values() if "debts" in feature.sources]
    assert "debt_in_months_lag_3m" in FEATURES.keys() & set(fed)
    assert as_of(FEATURES["headcount"], {"firm_headcounts": NOVEMBER, "establishment_headcounts": OCTOBER}) == OCTOBER


def test_a_reason_says_from_when_its_figure_is():
    row, contributions = {"debt": 42300.0, "paydex": 22.0}, {"debt": 0.7, "paydex": 0.5}
    for language, told in ((EN, "42,300 euros (as of November 2023)."), (FR, "(données arrêtées à novembre 2023).")):
        debt, delay = reasons_of(row, contributions, ReasonSettings({"debt": 0.0, "paydex": 8.0}, 5, OLDER), language)
        assert plain(debt.sentence).endswith(told)
        assert "2023" not in delay.sentence


def test_the_list_says_which_of_its_data_are_older_in_all_its_forms():
    ranked = listed(OLDER)
    sentences = {code: notices(ranked, Language(code)) for code in ("fr", "en")}
    assert sentences["en"][-1] == (
        "Data older than the newest delivery: contribution debts (URSSAF) (as of November 2023)."
    )
    assert plain(sentences["fr"][-1]) == (
        "Données plus anciennes que la dernière livraison : débits de cotisations (URSSAF) "
        "(données arrêtées à novembre 2023)."
    )
    content = json.loads(as_json(ranked, FR))
    assert content["as_of"] == {"debts": "2023-11"}
    assert content["notices"] == sentences["fr"]
    assert ReasonSettings.from_json(ranked.reason_settings.as_json()) == ranked.reason_settings


def test_a_list_of_fresh_data_says_nothing_of_it():
    ranked = listed({})
    assert list(older_data({}, FR)) == []
    assert len(notices(ranked, FR)) == 1
    assert "as_of" not in json.loads(as_json(ranked, FR))
    assert json.loads(ranked.reason_settings.as_json()) == {"medians": {}, "count": 5}
