"""The parts of the card and of the public pages, from metrics that a reader can check by eye."""

import re
from dataclasses import replace
from datetime import date

import pytest

from features.assemble import CATALOG
from features.sources import SOURCES
from models.alerts import Thresholds
from models.calibration.shapes import Platt, VennAbers
from models.registry.model import RiskModel
from models.rows.inputs import Input
from reports.card.limits import limits
from reports.card.parts import PICTURES, RANKING, WORDS, Part, Points, Table
from reports.card.summary import made_of
from reports.dictionary import DIRECTIONS, UNITS, USES, is_made_of, known_words, source_names
from reports.language import Language, translations
from reports.model_card import EVALUATION, SUMMARY, model_card, told

EN, FR = Language("en"), Language("fr")
CUT = {"precision": 0.75, "recall": 0.2, "alerts": 4} | dict.fromkeys(
    ("true_positives", "false_positives", "false_negatives", "true_negatives"), 3
)
FIGURES = {
    "rows": 1000,
    "failures": 60,
    "mean_probability": 0.06,
    "observed_rate": 0.05,
    "auc": 0.75,
    "average_precision": 0.3,
    "brier": 0.05,
    "log_loss": 0.2,
    "fit_seconds": 1.0,
    "score_seconds_100k": 0.5,
    **dict.fromkeys(("high", "moderate", "top_1_percent"), CUT),
}
LEVEL = {"never_share": 0.6, "quartiles": [3.0, 5.0, 14.0]}
LEAD = {"firms": 113, "high": LEVEL, "moderate": {**LEVEL, "quartiles": None}}
KIND = {"kind": "uncalibrated", "brier": 0.05, "log_loss": 0.2, "expected_calibration_error": 0.01, "is_chosen": True}
METRICS = {
    "models": dict.fromkeys(("lightgbm", "logistic_regression", "random_forest", "histogram_boosting"), FIGURES),
    "intervals": {
        key: {"value": 0.75, "low": 0.58, "high": 0.89} for key in ("auc", "high_precision", "top_1_percent_recall")
    },
    "protocols": {
        **dict.fromkeys(("out_of_time", "random_within_periods", "unseen_firms"), FIGURES),
        "out_of_time_on_those_firms": None,
        "rolling_origins": {
            "origins": [{**FIGURES, "test_from": "2022-02-01"}],
            "spread": {name: {"mean": 0.7, "deviation": None} for name in RANKING},
        },
    },
    "calibration": {
        "kinds": [KIND, {**KIND, "kind": "venn_abers"}],
        "points": [{"rows": 647, "mean_probability": 0.02, "observed_rate": 0.03, "low": 0.01, "high": 0.04}],
        "expected_calibration_error": 0.013,
    },
    "groups": {
        "naf_section": [{**FIGURES, "group": "C"}, {**FIGURES, "group": "J", "auc": 0.46}],
        "size_class": [{**FIGURES, "group": "100-249"}, {**FIGURES, "group": "20-49"}],
        "region": [{**FIGURES, "group": "94", "auc": None}, {**FIGURES, "group": "unknown"}],
        "age": [{**FIGURES, "group": "under 3"}],
        "missing_source": [{**FIGURES, "group": "headcounts"}],
    },
    "horizons": [{**FIGURES, "horizon": 6}],
    "lead_time": {
        "look_back_months": 24,
        "first_period": "2021-08",
        "last_period": "2024-02",
        "all": LEAD,
        "fully_observed": LEAD,
    },
    "procedures": {"without_procedures": FIGURES, "with_procedures": FIGURES},
    "stability": {"themes": 0.82, "features": 0.67, "firms": 754, "refits": 5},
    "weights": {"themes": {"social_debt": 0.7, "workforce": 0.3}, "features": {"debt": 0.6, "headcount": 0.4}},
    "pictures": {name: {"fr": f"{name} en mots", "en": f"{name} in words"} for name in PICTURES},
    "checks": [{"name": name, "is_passed": True, "sentence": "so"} for name in ("ranking", "calibration", "data")],
}
SPAN = {"rows": 10, "firms": 5, "failures": 1}
FACTS = {
    "as_of": "2024-02-01",
    "horizon": 18,
    "trees": 100,
    "failure_rate": 0.07,
    "code": "c0de",
    "versions": {"lightgbm": "4"},
    "split": {
        "test": {"first": "2022-02-01", "last": "2022-07-01", **SPAN},
        "train": {"first": "2014-03-01", "last": "2020-02-01", **SPAN},
        "validation": {"first": "2021-08-01", "last": "2022-01-01", **SPAN},
    },
    "data": {
        "simulated": True,
        "absent_sources": ["ccsf"],
        "batch": "2401",
        "fingerprint": "f",
        "dictionary_version": "d",
        "min_headcount": 10,
        "excluded_categories": ["4110", "4120"],
        "excluded_activities": ["84"],
    },
}
MODEL = RiskModel(
    "tree",
    (Input("debt", "social_debt", "EUR", 1, "debt"),),
    Platt(1.0, 0.0),
    VennAbers((), (0.0,), (), (1.0,)),
    Thresholds(high=0.4, moderate=0.2),
    (),
    FACTS,
)


def points(section):
    return [sentence for content in section.content if isinstance(content, Points) for sentence in content.sentences]


@pytest.mark.parametrize("part", [*SUMMARY, *EVALUATION])
@pytest.mark.parametrize("language", [EN, FR])
def test_every_part_is_told_in_both_languages_and_its_tables_are_whole(part, language):
    section = part.tell(MODEL, METRICS, language)
    assert section.title
    assert section.content
    for table in (content for content in section.content if isinstance(content, Table)):
        assert {len(row) for row in table.rows} == {len(table.headers)}


def test_the_card_tells_every_part_and_nothing_in_french():
    card = model_card(MODEL, METRICS)
    assert card.count("\n## ") == len(SUMMARY) + len(EVALUATION)
    assert "SIMULATED DATA" in card
    assert "| high alert | 75% (between 58% and 89%) | 20% |" in card


def test_limits_come_from_the_facts():
    said = "\n".join(points(limits(MODEL, METRICS, EN)))
    for limit in (
        "SIMULATED DATA",
        "within 18 months",
        "10 employees at some time; left out, in whole or in part: Établissement public ou régie à caractère industriel "
        "ou commercial / Administration publique",
        "with the delay of each source",
        "never delivered to the model: CCSF plans",
        "25% of the firms on high alert",
        "80% of the firms that opened one were not on alert",
        "overlap by 82%, the first three reasons by 67%",
        "By region, groups with too few failures to be judged: 1 of 2",
        "By sector, it ranks least well: Information et communication",
        "run into the test months",
        "after July 2022",
    ):
        assert limit in said


def test_what_is_not_so_is_no_limit():
    split = {**FACTS["split"], "validation": {"first": "2018-01-01", "last": "2018-06-01", **SPAN}}
    data = {**FACTS["data"], "simulated": False, "absent_sources": []}
    model = replace(MODEL, facts={**FACTS, "split": split, "data": data})
    said = "\n".join(points(limits(model, METRICS, EN)))
    for limit in ("SIMULATED", "never delivered", "run into the test months"):
        assert limit not in said
    assert [type(content) for content in made_of(model, METRICS, EN).content] == [Table]
    assert [type(content) for content in made_of(MODEL, METRICS, EN).content] == [str, Table]


# Of the facts, those without which there is no model.
NEEDED = ("as_of", "horizon", "data", "simulated")


@pytest.mark.parametrize("gone", [name for name in (*METRICS, *FACTS, *FACTS["data"]) if name not in NEEDED])
def test_an_older_model_that_recorded_less_is_told_by_the_rest(gone):
    metrics, facts, data = (
        {name: value for name, value in record.items() if name != gone} for record in (METRICS, FACTS, FACTS["data"])
    )
    model = replace(MODEL, facts={**facts, "data": data})
    titles = [section.title for section in told((*SUMMARY, *EVALUATION), model, metrics, FR)]
    assert len(titles) >= len(SUMMARY) + len(EVALUATION) - 3
    assert "Ses limites" in titles


def test_a_model_that_recorded_nothing_is_told_by_what_it_is_and_its_limits():
    model = replace(MODEL, facts={name: FACTS[name] for name in NEEDED[:2]} | {"data": {"simulated": True}})
    titles = [section.title for section in told((*SUMMARY, *EVALUATION), model, {}, EN)]
    assert titles == ["The model in use", "Its limits"]


def test_a_mistake_of_ours_is_not_taken_for_an_older_model():
    def mistaken(_model, _metrics, language):
        return language.say("a message without French")

    with pytest.raises(KeyError):
        list(told([Part(mistaken, ("weights",))], MODEL, METRICS, FR))


def test_of_a_level_without_alerts_no_precision_is_told():
    none = {**CUT, "precision": 0.0, "recall": 0.0, "true_positives": 0, "false_positives": 0}
    models = {**METRICS["models"], "lightgbm": {**FIGURES, "high": none}}
    metrics = {**METRICS, "models": models}
    card = model_card(MODEL, metrics)
    assert "| high alert | – | 0% |" in card
    assert "| precision (high alert) | – | – | – |" in card
    assert "| this model (LightGBM) | high alert | – | 0% |" in card
    assert "wrong both ways" not in card
    assert "wrong both ways" in model_card(MODEL, METRICS)


def test_reasons_that_were_not_held_against_others_are_not_said_to_overlap():
    stability = {**METRICS["stability"], "themes": None}
    assert "overlap" not in "\n".join(points(limits(MODEL, {**METRICS, "stability": stability}, EN)))


def test_groups_are_named_in_order_and_a_share_of_few_alerts_tells_how_few():
    (section,) = [part for part in told(EVALUATION, MODEL, METRICS, FR) if part.title.startswith("Par type")]
    tables = {content.caption: content.rows for content in section.content if isinstance(content, Table)}
    assert [row[0] for row in tables["Par taille"]] == ["20-49 salariés", "100-249 salariés"]
    assert [row[0] for row in tables["Par région"]] == ["non connu", "Corse"]
    assert tables["Par taille"][0][-2] == "75 % (4)"


def test_every_source_says_in_both_languages_what_it_is_when_it_is_known_and_what_it_serves_for():
    for source in SOURCES:
        assert source_names([source.name], FR) == source.fr
        assert known_words(source, FR).startswith("connu")
        assert any(is_made_of(feature, source) for feature in CATALOG) != (source.name in USES)
    assert {name for feature in CATALOG for name in feature.sources} <= {
        *(source.name for source in SOURCES),
        "headcounts",
        "firms",
    }


def test_words_of_parts_units_and_directions_have_their_french():
    assert {feature.unit for feature in CATALOG} == set(UNITS)
    assert {*WORDS.values(), *UNITS.values(), *DIRECTIONS.values(), *USES.values()} <= set(translations("fr"))


def test_no_french_message_puts_de_before_a_month():
    for message in translations("fr").values():
        assert not re.search(r"\b(de|que) \{(month|first|last)\}", message), message


def test_months_are_told_in_the_language():
    (_, table) = made_of(MODEL, METRICS, FR).content
    assert table.rows[0][1] == FR.month(date(2014, 3, 1))
