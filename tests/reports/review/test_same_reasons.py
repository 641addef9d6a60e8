"""The reasons on a firm's page are those of the list, in the same words."""

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.special import expit

from models.calibration.thresholds import alerts
from models.registry import registry
from models.scoring.records import SHORTER_RISKS, Scores
from reports.exports import write_list
from reports.language import Language
from reports.reasons import ReasonSettings
from reports.review.app import create_app
from reports.review.configuration import read_configuration
from reports.review.data import Reader
from reports.review.sectors import reason_settings_of
from reports.target_list import Notes, target_list
from tests.records import build_record
from tests.reports.review.conftest import (
    BASE,
    CONTRIBUTIONS,
    FIRMS,
    INPUTS,
    THRESHOLDS,
    add_accounts,
    features,
    margin,
    shown,
    signed_in,
)

FEBRUARY = date(2024, 2, 1)
REASONS = 2
# Doubtful of one firm: its second reason.
UNSTABLE = {"552100554": frozenset({"paydex"})}


def published_list(data, rows, firms=FIRMS):
    """The list that the pipeline makes of those rows of the feature table, with two reasons at most."""
    sirens = FIRMS["siren"]
    margins = np.array([margin(siren) for siren in sirens])
    probability = expit(margins)
    scores = pd.DataFrame({"siren": sirens, "margin": margins, "probability": probability})
    others = ("probability_low", "probability_high", *SHORTER_RISKS)
    scores = scores.assign(**dict.fromkeys(others, probability))
    scores["alert"] = alerts(THRESHOLDS, scores, probability)
    parts = pd.DataFrame([CONTRIBUTIONS[siren] for siren in sirens], columns=list(INPUTS))
    scored = Scores(scores, parts.assign(siren=sirens, period=FEBRUARY, base=BASE), THRESHOLDS)
    model = registry.champion(data / "models")
    notes = Notes({}, {}, UNSTABLE)
    return target_list(
        rows, firms, scored, model, [], build_record(), FEBRUARY, Language("fr"), reasons=REASONS, notes=notes
    )


@pytest.fixture(scope="module")
def data(data_template, tmp_path_factory):
    """The folder whose newest list was published by the pipeline's own functions."""
    data = tmp_path_factory.mktemp("reasons") / "data"
    shutil.copytree(data_template, data)
    listed = published_list(data, features(FEBRUARY).drop(columns="label"))
    shutil.rmtree(data / "lists" / "2024-02")
    write_list(data / "lists" / "2024-02", listed, Language("fr"))
    return data


@pytest.fixture(scope="module")
def admin(data, tmp_path_factory):
    database = f"sqlite:///{tmp_path_factory.mktemp('database') / 'r.db'}"
    app = create_app(read_configuration(data=data, database=database, is_local=True))
    add_accounts(app)
    return signed_in(app, "admin")


def listed_reasons(data):
    rows = pq.read_table(data / "lists" / "2024-02" / "target_list.parquet").to_pylist()
    return {row["siren"]: row["reasons"] for row in rows if row["reasons"]}


def told(agent, siren):
    """What the firm's document says of each reason: the page is made of the same."""
    document = agent.get(f"/firms/{siren}/firm.json?list=2024-02", **{"accept-language": "fr"}).json()
    return [(reason["theme"], reason["sentence"], reason["is_stable"]) for reason in document["reasons"]]


def test_the_reasons_of_a_page_are_those_of_the_list_in_the_same_order_and_words(data, admin):
    reasons = listed_reasons(data)
    # The figures of confidential accounts are told on the page alone, to whoever has the right.
    public = [siren for siren in reasons if siren != "100000017"]
    assert len(public) >= 2
    for siren in public:
        assert told(admin, siren) == [(one["theme"], one["sentence"], one["is_stable"]) for one in reasons[siren]]
        page = shown(admin.get(f"/firms/{siren}?list=2024-02", **{"accept-language": "fr"}))
        for reason in reasons[siren]:
            assert reason["sentence"].replace("\u00a0", " ").replace("\u202f", " ") in page
    assert max(len(of_firm) for of_firm in reasons.values()) == REASONS


def test_medians_and_their_number_are_those_that_the_list_was_published_with(data, tmp_path):
    copy = shutil.copytree(data, tmp_path / "data")
    published = Reader(copy).published("2024-02")
    settings = reason_settings_of(published)
    assert (settings.count, settings.medians["debt"]) == (REASONS, 1.0)
    # Built again since: what the list said stands.
    part = next((copy / "features" / "period=2024-02-01").glob("*.parquet"))
    pd.read_parquet(part).assign(debt=7.0).to_parquet(part)
    assert reason_settings_of(Reader(copy).published("2024-02")) == settings


def test_a_list_that_does_not_say_is_told_by_the_medians_of_its_feature_table(data_template):
    settings = reason_settings_of(Reader(data_template).published("2024-02"))
    assert settings.count == 5
    assert settings.medians["debt"] == 1.0
    assert isinstance(settings, ReasonSettings)


def test_a_list_tells_where_a_firm_is_today_whatever_the_model_read(data_template):
    then = features(FEBRUARY).drop(columns="label")
    then.loc[then["siren"].isin(["552100554", "690000001"]), "departement"] = "29"
    rows = published_list(data_template, then).rows.set_index("siren")
    assert (rows.loc["552100554", "departement"], rows.loc["552100554", "region"]) == ("75", "Île-de-France")
    assert (rows.loc["690000001", "departement"], rows.loc["690000001", "region"]) == ("69", "Auvergne-Rhône-Alpes")
    assert rows.loc["350000008", "departement"] == "35"


def test_a_firm_of_which_the_register_tells_no_place_today_is_told_where_it_was(data_template):
    abroad = FIRMS.assign(departement=FIRMS["departement"].where(FIRMS["siren"] != "552100554"))
    rows = published_list(data_template, features(FEBRUARY).drop(columns="label"), abroad).rows.set_index("siren")
    assert (rows.loc["552100554", "departement"], rows.loc["552100554", "region"]) == ("75", "Île-de-France")
