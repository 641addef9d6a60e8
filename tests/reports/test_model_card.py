"""The parts of the card and of the public pages, from metrics that a reader can check by eye."""

import re
from dataclasses import replace
from datetime import date

import lightgbm as lgb
import numpy as np
import pytest

from features.assemble import CATALOG
from features.sources import SOURCES
from models.alerts import AlertPolicy
from models.evaluation.records import Difference, Interval
from models.registry.records import FinalFit, Span
from reports.card.limits import limits
from reports.card.parts import PICTURES, WORDS, Points, Table
from reports.card.probabilities import calibration, curve, years
from reports.card.summary import made_of, what_it_is
from reports.dictionary import DIRECTIONS, UNITS, USES, is_made_of, known_words, source_names
from reports.language import Language, translations
from reports.model_card import EVALUATION, SUMMARY, model_card, told
from tests.records import CUT, FIGURES, metrics, model_facts, risk_model

EN, FR = Language("en"), Language("fr")
METRICS = metrics()
MODEL = risk_model(
    facts=model_facts(absent_sources=("ccsf",), excluded_categories=("4110", "4120"), excluded_activities=("84",))
)


def points(section):
    return [sentence for content in section.content if isinstance(content, Points) for sentence in content.sentences]


@pytest.mark.parametrize("part", [*SUMMARY, *EVALUATION])
@pytest.mark.parametrize("language", [EN, FR])
def test_every_part_is_told_in_both_languages_and_its_tables_are_whole(part, language):
    section = part(MODEL, METRICS, language)
    assert section.title
    assert section.content
    for table in (content for content in section.content if isinstance(content, Table)):
        assert {len(row) for row in table.rows} == {len(table.headers)}


def test_the_card_tells_every_part_and_nothing_in_french():
    card = model_card(MODEL, METRICS)
    assert card.count("\n## ") == len(SUMMARY) + len(EVALUATION)
    assert "SIMULATED DATA" in card
    assert "| high alert | 0.6% | 75% (between 58% and 89%) | 20% |" in card


def test_pictures_follow_what_weighs_most_where_the_model_has_them():
    alternatives = {name: {"fr": f"{name} en mots", "en": f"{name} in words"} for name in PICTURES}
    titles = [section.title for section in told(SUMMARY, MODEL, METRICS, FR, alternatives)]
    assert titles[1:3] == ["Ce qui pèse le plus", "Ce qui pèse le plus, en images"]
    assert "en images" not in " ".join(section.title for section in told(SUMMARY, MODEL, METRICS, FR))
    card = model_card(MODEL, METRICS, alternatives)
    assert "![beeswarm in words](pictures/beeswarm.en.svg)" in card
    assert "![" not in model_card(MODEL, METRICS)


def test_limits_come_from_the_facts():
    said = "\n".join(points(limits(MODEL, METRICS, EN)))
    for limit in (
        "SIMULATED DATA",
        "within 18 months",
        "at least 10 employees at some time; excluded, in whole or in part: Établissement public ou régie à caractère industriel "
        "ou commercial / Administration publique",
        "with the delay of each source",
        "never delivered to the model: CCSF plans",
        "25% of the firms on high alert",
        "80% of the firms that opened one were not on alert",
        "share 82% of their first three themes and 67% of their first three reasons",
        "By region, groups with too few failures to be evaluated: 1 of 2",
        "By sector, where its ranking is least good: Information et communication",
        "overlap with the test months",
        "made after July 2022",
    ):
        assert limit in said


def test_what_is_not_so_is_no_limit():
    facts = model_facts(simulated=False)
    earlier = replace(facts.split.validation, first=date(2018, 1, 1), last=date(2018, 6, 1))
    model = replace(MODEL, facts=replace(facts, split=replace(facts.split, validation=earlier)))
    said = "\n".join(points(limits(model, METRICS, EN)))
    for limit in ("SIMULATED", "never delivered", "overlap with the test months"):
        assert limit not in said
    assert [type(content) for content in made_of(model, METRICS, EN).content] == [Table]
    assert [type(content) for content in made_of(MODEL, METRICS, EN).content] == [str, Table]


def test_of_a_model_whose_metrics_can_not_be_read_only_what_needs_none_is_told():
    titles = [section.title for section in told((*SUMMARY, *EVALUATION), MODEL, None, EN)]
    assert titles == ["The model in use", "What it was trained on", "Its limits", "To reproduce it"]
    assert [section.title for section in told(EVALUATION, MODEL, None, FR)] == ["Pour le reproduire"]


def test_a_message_without_french_is_a_mistake_of_ours():
    def mistaken(_model, _metrics, language):
        return language.say("a message without French")

    with pytest.raises(KeyError):
        list(told([mistaken], MODEL, METRICS, FR))


def test_the_card_tells_what_each_part_adds_the_most_first_and_what_was_not_measured():
    card = model_card(MODEL, METRICS)
    assert "| contribution debts | 4 | 0.269 | 0.031 | 0.021 | 0.036 |" in card
    assert card.index("| social debt | 4 | 0.258") < card.index("| profile | 4 | 0.301")
    assert "| social debt | 4 | 0.3046 | -0.0046 | -0.0146 | 0.0004 |" in card
    assert "the setting `ablations` asks for it" in model_card(MODEL, replace(METRICS, ablations=()))


def test_the_card_tells_alerts_of_helped_firms_apart():
    card = model_card(MODEL, METRICS)
    assert "| helped firms | high alert | 40 | 8 | 50% (between 30% and 70%) | – | 5 (between 3 and 8) |" in card
    assert "No help is noted" in model_card(MODEL, replace(METRICS, helped=()))


def test_the_card_states_the_policy_its_figures_are_of():
    policy = AlertPolicy(high_lift=4, firms_per_departement=30)
    card = model_card(MODEL, replace(METRICS, policy=policy))
    for words in (
        "at least 4 times the mean risk",
        "At most 30 firms are on alert in each département",
        "alerts nobody",
    ):
        assert words in card
    assert "thresholds of the model's own" in model_card(MODEL, replace(METRICS, policy=None))


def test_shares_and_lead_times_have_their_intervals():
    lead = METRICS.lead_time
    first = replace(lead.all_firms.high, never_ends=(0.5, 0.7), median_ends=(4.0, 6.0))
    ends = {"high_share": Interval(0.006, 0.004, 0.009)}
    found = replace(METRICS, lead_time=replace(lead, all_firms=replace(lead.all_firms, high=first)), intervals=ends)
    card = model_card(MODEL, found)
    assert "| high alert | 0.6% (between 0.4% and 0.9%) | 75% | 20% |" in card
    assert "| 60% (between 50% and 70%) | 3 | 5 (between 4 and 6) | 14 |" in card


def test_of_a_level_without_alerts_no_precision_is_told():
    none = replace(CUT, precision=0.0, recall=0.0, true_positives=0, false_positives=0)
    models = {**METRICS.models, "lightgbm": replace(FIGURES, high=none)}
    card = model_card(MODEL, replace(METRICS, models=models))
    assert "| high alert | 0% | – | 0% |" in card
    assert "| precision (high alert) | – | – | – |" in card
    assert "| this model (LightGBM) | high alert | – | 0% |" in card
    assert "wrong both ways" not in card
    assert "wrong both ways" in model_card(MODEL, METRICS)


def test_reasons_that_were_not_compared_with_others_are_not_said_to_be_shared():
    unknown = replace(METRICS, stability=replace(METRICS.stability, themes=None))
    assert "Jaccard" not in "\n".join(points(limits(MODEL, unknown, EN)))
    assert "Jaccard" in "\n".join(points(limits(MODEL, METRICS, EN)))


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
        assert any(is_made_of(feature, source) for feature in CATALOG) or source.name in USES
    assert {name for feature in CATALOG for name in feature.sources} <= {
        *(source.name for source in SOURCES),
        "headcounts",
        "procedures",
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


def test_the_card_says_which_facts_of_the_register_are_those_of_today_and_how_often():
    shares = {"legal_category": 1.0, "departement": 0.124, "naf": 0.0001}
    model = risk_model(facts=model_facts(todays_shares=shares))
    (english,) = [said for said in points(limits(model, None, EN)) if "history of the register" in said]
    assert english.endswith("share of the firm-months: legal category 100%, head office 12.4%.")
    (french,) = [said for said in points(limits(model, None, FR)) if "historique du répertoire" in said]
    assert "catégorie juridique 100" in french
    assert "siège 12,4" in french
    whole = "\n".join(points(limits(risk_model(facts=model_facts()), None, EN)))
    assert "history of the register" not in whole
    assert "size band" not in whole


def test_the_card_says_what_tells_a_firms_size_where_no_headcount_does():
    absent = ("firm_headcounts", "establishment_headcounts")
    by_turnover, by_band = (
        "\n".join(points(limits(risk_model(facts=model_facts(absent_sources=names)), None, EN)))
        for names in (absent, (*absent, "financial_ratios"))
    )
    assert "large enough turnover" in by_turnover
    assert "size band" not in by_turnover
    assert "size band of today" in by_band


def told_of(part, model=MODEL, found=METRICS):
    return " ".join(content for content in part(model, found, EN).content if isinstance(content, str))


def test_the_card_says_which_horizon_is_not_given_and_what_the_newest_months_say():
    section = curve(MODEL, METRICS, EN)
    (table,) = [content for content in section.content if not isinstance(content, str)]
    assert [row[0] for row in table.rows] == ["3", "6", "12"]
    # 24 of 600 failed, 2 % were expected.
    assert table.rows[1][-3:] == ("2%", "4%", "2")
    told = told_of(curve)
    assert "Too few firms fail within 3, 12 months" not in told
    assert "Too few firms fail within 3 months to calibrate that risk: it is not given." in told
    assert "firms failed 2 times as often within 6 months as expected" in told
    assert told_of(curve, risk_model(curve=())).startswith("This model tells the risk at its own horizon only.")


def test_the_card_tells_the_failure_rate_that_risks_are_set_to_and_whose_interval_is_shown():
    told = told_of(calibration)
    assert "mean failure rate of February 2017 to January 2022, 6%; by month, it went from 4% to 8%" in told
    assert "In the months of calibration it was 5%: risks are moved from there by 0.19 in log-odds" in told
    assert "mean risk of firms scored alike (95%)" in told
    assert "holds the failure rate of 1 of these 1 groups" in told
    older = risk_model(interval=None, facts=model_facts(base_rate=None))
    assert "Risks are set" not in told_of(calibration, older)
    assert "interval" not in told_of(calibration, older)


def test_the_card_tells_how_often_firms_fail_by_year_beside_the_openings():
    (table,) = [content for content in years(MODEL, METRICS, EN).content if not isinstance(content, str)]
    assert table.rows == (("2021", "12,000", "5%", "90"),)


def test_the_card_tells_what_the_trees_in_use_learnt_after_the_evaluation():
    assert "once more" not in model_card(MODEL, METRICS)
    span = Span(date(2014, 3, 1), date(2022, 7, 1), 4321, 50, 9)
    card = model_card(replace(MODEL, facts=replace(MODEL.facts, final=FinalFit(span, offset=0.1))), METRICS)
    assert "Afterwards they were trained once more" in card
    assert "| training once more | March 2014 | July 2022 | 4,321 | 50 | 9 |" in card


@pytest.mark.parametrize(("language", "told"), [(EN, "gave it 6 months later"), (FR, "indiquaient 6 mois plus tard")])
def test_the_card_tells_of_later_states_where_the_trees_learnt_from_them(language, told):
    """Planted: a label between 0 and 1; older versions had none."""
    x, y = np.random.default_rng(0).random((100, 1)), np.tile([0.0, 0.5], 50)
    rows = lgb.Dataset(x, y)
    soft, older = (
        replace(MODEL, text=lgb.train({"objective": name, "verbosity": -1}, rows, 1).model_to_string())
        for name in ("cross_entropy", "regression")
    )
    assert told in "\n".join(points(what_it_is(soft, METRICS, language)))
    assert told not in "\n".join(points(what_it_is(older, METRICS, language)))


def test_the_card_tells_of_a_challenger_that_ranks_better_beyond_chance():
    better = {"random_forest": Difference(0.0123, 0.004, 0.02, share_worse=0.0)}
    card = model_card(MODEL, replace(METRICS, surpassed_by=better))
    assert "A finding: random forest ranks firms better, beyond chance: average precision 0.012 higher" in card
    assert "A finding" not in model_card(MODEL, METRICS)


def test_two_sources_of_one_name_are_named_once():
    assert source_names(["procedures"], EN) == "insolvency procedures"
