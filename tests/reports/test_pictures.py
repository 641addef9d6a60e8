"""The pictures of a small model: drawn from exact contributions, in both languages, the same each time."""

import json
import re
from xml.etree import ElementTree

import lightgbm as lgb
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from features.assemble import CATALOG
from models.evaluation.records import FeatureImportance
from models.explanation.contributions import booster_of, margins
from models.registry import registry
from models.rows.dataset import inputs_from, matrix
from reports.card.parts import ALTERNATIVES, PICTURES, picture_file
from reports.card.pictures import explanation, pictures, sample
from reports.card.svg import lean
from reports.language import LANGUAGES, Language
from tests.records import risk_model

READ = ("debt", "debt_lag_12m", "paydex", "liquidity_ratio", "accounts_confidential", "age", "naf_section")
COUNT = 400
IMPORTANCE = FeatureImportance(
    themes={"social_debt": 0.6, "payment_behaviour": 0.3, "financial_health": 0.1},
    features={"debt": 0.6, "naf_section": 0.2, "paydex": 0.1, "age": 0.05, "liquidity_ratio": 0.05},
)
EN = Language("en")


@pytest.fixture(scope="module")
def rows():
    chance = np.random.default_rng(0)
    values = {name: chance.normal(10, 4, COUNT).astype(np.float32) for name in READ if name != "naf_section"}
    table = pd.DataFrame(values).assign(
        debt=np.where(chance.random(COUNT) < 0.5, 0, chance.exponential(20_000, COUNT)).astype(np.float32),
        accounts_confidential=(chance.random(COUNT) < 0.3).astype(np.float32),
        naf_section=chance.choice(["C", "F", "G"], COUNT),
    )
    table.loc[:20, "paydex"] = np.nan
    return table


def fitted(rows, smallest_leaf):
    inputs = inputs_from(rows, [feature for feature in CATALOG if feature.name in READ])
    risk = rows["debt"].to_numpy() / 20_000 - rows["age"].to_numpy() / 10 + (rows["naf_section"] == "F").to_numpy()
    y = (risk + np.random.default_rng(1).normal(0, 1, COUNT) > 0).astype(np.int8)
    booster = lgb.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1, "min_data_in_leaf": smallest_leaf},
        lgb.Dataset(matrix(rows, inputs), y),
        20,
    )
    return risk_model(text=booster.model_to_string(), inputs=inputs)


@pytest.fixture(scope="module")
def model(rows):
    return fitted(rows, 10)


@pytest.fixture(scope="module")
def drawn(model, rows):
    return pictures(model, rows, IMPORTANCE, seed=0)


def test_what_is_drawn_are_the_exact_contributions(model, rows):
    taken = sample(model, rows, seed=0)
    shown = explanation(taken, EN)
    order = rows.sample(COUNT, random_state=0)
    expected = margins(booster_of(model.text), matrix(order, model.inputs))
    assert np.abs(shown.base_values + shown.values.sum(axis=1) - expected).max() < 1e-6
    # A figure counts with its past values, and is drawn at its value of the day.
    assert "debt_lag_12m" not in taken.contributions
    place = shown.feature_names.index("Social debt")
    assert np.array_equal(shown.data[:, place], order["debt"].to_numpy(np.float64))


def test_codes_and_figures_of_confidential_accounts_are_drawn_without_their_value(model, rows):
    taken = sample(model, rows, seed=0)
    is_confidential = rows.sample(COUNT, random_state=0)["accounts_confidential"].to_numpy() == 1
    assert taken.values["naf_section"].isna().all()
    assert np.array_equal(taken.values["liquidity_ratio"].isna(), is_confidential)
    assert taken.values["debt"].notna().all()


def test_each_picture_is_a_small_svg_in_each_language_that_a_strict_page_shows(drawn):
    assert set(drawn.drawings) == {picture_file(name, code) for name in PICTURES for code in LANGUAGES}
    for svg in drawn.drawings.values():
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own
        assert root.tag.endswith("svg")
        assert len(svg.encode()) < 300_000
        assert not re.search(r"style=|<style|<image|<script|https?://(?!www\.w3\.org)", svg)


def test_the_alternative_texts_name_the_heaviest_first_and_which_way_it_goes(drawn):
    english = {name: texts["en"] for name, texts in drawn.alternatives.items()}
    assert "The heaviest: Social debt (60% of the weight; high values raise the risk); " in english["beeswarm"]
    assert "Age of the firm (5% of the weight; high values lower the risk)" in english["beeswarm"]
    assert english["themes"] == (
        "Weight of each theme in the risk: social debt 60%, payment behaviour 30%, financial health 10%."
    )
    low, high = re.search(
        r"Social debt: (\S+) at its lowest values, (\S+) at its highest", english["dependence"]
    ).groups()
    assert (low[0], high[0]) == ("−", "+")
    assert "NAF" not in english["dependence"]
    french = {name: texts["fr"] for name, texts in drawn.alternatives.items()}
    assert "Dette sociale (60 % du poids ; les valeurs hautes augmentent le risque)" in french["beeswarm"].replace(
        "\xa0", " "
    )


def test_equal_models_have_equal_pictures_and_what_others_draw_stays_as_it_was(model, rows, drawn):
    np.random.seed(7)
    expected = np.random.random()
    np.random.seed(7)
    backend = plt.get_backend()
    assert pictures(model, rows, IMPORTANCE, seed=0).drawings == drawn.drawings
    assert np.random.random() == expected
    assert (plt.get_backend(), plt.get_fignums()) == (backend, [])


def test_pictures_are_registered_with_the_model(model, drawn, tmp_path):
    model_id = registry.save(tmp_path, model, None, "card", pictures=drawn.files)
    folder = tmp_path / model_id / registry.PICTURES
    assert {path.name for path in folder.iterdir()} == {*drawn.drawings, ALTERNATIVES}
    assert json.loads((folder / ALTERNATIVES).read_text()) == drawn.alternatives


def test_a_model_without_any_split_and_figures_that_are_all_unknown_have_pictures_too(rows):
    nothing = FeatureImportance(*(dict.fromkeys(shares, 0.0) for shares in vars(IMPORTANCE).values()))
    unknown = rows.assign(paydex=np.float32(np.nan))
    drawn = pictures(fitted(unknown, 10 * COUNT), unknown, nothing, seed=0)
    assert len(drawn.drawings) == len(PICTURES) * len(LANGUAGES)
    assert "no single direction" in drawn.alternatives["beeswarm"]["en"]


def test_a_lean_svg_says_the_same():
    svg = '<?xml?>\n<!DOCTYPE svg>\n<svg viewBox="0 0 720 60">\n <metadata>x</metadata>\n <g id="used"/><g id="b">'
    svg += (
        '<use xlink:href="#used" x="285.466667" y="-3.04" style="fill: #1e88e5; stroke: none" r="0.015625"/></g></svg>'
    )
    assert lean(svg) == (
        '<svg stroke-linejoin="round" stroke-linecap="butt" viewBox="0 0 720 60"><g id="n0"/><g>'
        '<use href="#n0" x="285.5" y="-3" fill="#1e88e5" stroke="none" r="0.015625"/></g></svg>'
    )
