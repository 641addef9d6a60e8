"""What the model can't tell, from what it is made of and from how it was evaluated."""

from collections.abc import Iterator
from typing import Final

from features.nomenclatures import mapping
from models.alerts import HIGH, MODERATE
from models.evaluation.records import Metrics
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from models.registry.records import TrainingData
from reports.card.parts import WORDS, Points, Section, group_name, outcomes_end, precision, simulated
from reports.dictionary import source_names
from reports.figures import share
from reports.language import Language

# The facts of `features.register.TODAYS`, in words.
REGISTER_FACTS: Final = {"legal_category": "legal category", "naf": "main activity", "departement": "head office"}
# Below it, a share is not told: it would be written as 0.0%.
LEAST_SHARE: Final = 0.0005


def limits(model: RiskModel, metrics: Metrics | None, language: Language) -> Section:
    """What it can't tell, from what it is made of and, where that is known, from how it was evaluated."""
    sentences = (
        *simulated(model, language),
        *_limits_of_the_label(model, language),
        *_limits_of_sources(model, language),
        *(_limits_of_alerts(metrics, language) if metrics else ()),
        language.say("A contribution says what the model counted, not what caused the difficulty."),
        *(_limits_of_groups(metrics, language) if metrics else ()),
        *_limits_of_the_split(model, language),
    )
    return Section(language.say("Its limits"), (Points(sentences),))


# What decides which firms are covered where no headcount was delivered.
BY_TURNOVER: Final = (
    "Without any headcount, a firm is covered once accounts with a large enough turnover are known; how many people it "
    "employs is not known."
)
BY_BAND: Final = "Without any headcount, the size band of today in the register decides which firms it covers."


def _limits_of_the_label(model: RiskModel, language: Language) -> Iterator[str]:
    say, data = language.say, model.facts.data
    yield say(
        "It predicts one thing only: the opening of a procedure (sauvegarde, redressement, liquidation) within "
        "{months} months. A firm that closes, is sold or struggles without a procedure does not count; a firm that is "
        "already in a procedure is never on alert.",
        months=str(model.facts.horizon),
    )
    yield say(
        "It covers only firms that have had at least {count} employees at some time; excluded, in whole or in part: "
        "{kinds}.",
        count=language.number(data.min_headcount),
        kinds=_left_out(data) or "–",
    )


def _left_out(data: TrainingData) -> str:
    """The kinds of firms and the activities that are out of scope, in whole or in part: by the two digits of codes."""
    groups = mapping("categories_juridiques", "group", "group_label"), mapping("naf_rev2", "division", "division_label")
    excluded = data.excluded_categories, data.excluded_activities
    named = (names.get(code[:2], code) for names, codes in zip(groups, excluded, strict=True) for code in codes)
    return " / ".join(dict.fromkeys(named))


def _limits_of_sources(model: RiskModel, language: Language) -> Iterator[str]:
    say, absent = language.say, model.facts.data.absent_sources
    yield say("It knows what administrations record, with the delay of each source.")
    yield say("It knows nothing of what is not recorded: orders, customers, people.")
    todays = {fact: part for fact, part in model.facts.data.todays_shares.items() if part >= LEAST_SHARE}
    if todays:
        yield say(
            "Where no history of the register tells the past of a firm, the value of today stands; share of the "
            "firm-months: {facts}.",
            facts=", ".join(f"{say(REGISTER_FACTS[fact])} {share(part, language)}" for fact, part in todays.items()),
        )
    if not {"firm_headcounts", "establishment_headcounts"} - set(absent):
        yield say(BY_BAND if "financial_ratios" in absent else BY_TURNOVER)
    if absent:
        yield say("Sources never delivered to the model: {sources}.", sources=source_names(absent, language))


def _limits_of_alerts(metrics: Metrics, language: Language) -> Iterator[str]:
    say, figures = language.say, metrics.models[LIGHTGBM]
    high, moderate = (precision(figures.at(level)) for level in (HIGH, MODERATE))
    if high is not None and moderate is not None:
        yield say(
            "It is wrong both ways: {high} of the firms on high alert and {moderate} of those on alert opened no "
            "procedure in that time; {missed} of the firms that opened one were not on alert.",
            high=share(1 - high, language, 0),
            moderate=share(1 - moderate, language, 0),
            missed=share(1 - figures.moderate.recall, language, 0),
        )
    stability = metrics.stability
    if stability.themes is not None and stability.features is not None:
        yield say(
            "Its reasons depend in part on the firms that it was trained on. When it is trained again on other firms, "
            "the two versions share {themes} of their first three themes and {features} of their first three reasons "
            "(Jaccard index: what both name, out of all that either names).",
            themes=share(stability.themes, language, 0),
            features=share(stability.features, language, 0),
        )


def _limits_of_groups(metrics: Metrics, language: Language) -> Iterator[str]:
    for dimension, members in metrics.groups.items():
        say, words = language.say, language.say(WORDS[dimension])
        ranked = [(one.auc, one.group) for one in members if one.auc is not None]
        if len(ranked) < len(members):
            yield say(
                "{dimension}, groups with too few failures to be evaluated: {count} of {all}.",
                dimension=words,
                count=language.number(len(members) - len(ranked)),
                all=language.number(len(members)),
            )
        if len(ranked) > 1:
            auc, group = min(ranked, key=lambda one: one[0])
            yield say(
                "{dimension}, where its ranking is least good: {group} (area under the ROC curve {auc}; chance gives "
                "0.5).",
                dimension=words,
                group=group_name(dimension, group, language),
                auc=language.number(auc, 2),
            )


def _limits_of_the_split(model: RiskModel, language: Language) -> Iterator[str]:
    split = model.facts.split
    if outcomes_end(model, split.validation) > split.test.first:
        yield language.say(
            "The outcomes that calibration is based on overlap with the test months: probabilities may "
            "look a little better in the test than they will be later."
        )
    yield language.say(
        "Its predictions made after {month} are not evaluated here: their outcome is known only {months} months later.",
        month=language.month(split.test.last),
        months=str(model.facts.horizon),
    )
