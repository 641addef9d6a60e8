"""What the model can't tell, from what it is made of and from how it was judged."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from features.nomenclatures import mapping
from models.alerts import HIGH, MODERATE
from models.evaluation.records import Metrics
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.card.parts import WORDS, Points, Section, group_name, month, outcomes_end, precision, simulated
from reports.dictionary import source_names
from reports.figures import share
from reports.language import Language


def limits(model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What it can't tell, from what it is made of and from how it was judged."""
    sentences = (
        *simulated(model, language),
        *_limits_of_the_label(model, language),
        *_limits_of_sources(model, language),
        *_limits_of_alerts(metrics, language),
        *_limits_of_groups(metrics.get("groups", {}), language),
        *_limits_of_the_split(model, language),
    )
    return Section(language.say("Its limits"), (Points(sentences),))


def _limits_of_the_label(model: RiskModel, language: Language) -> Iterator[str]:
    say, data = language.say, model.facts["data"]
    yield say(
        "It foresees one thing: the opening of a procedure (sauvegarde, redressement, liquidation) within {months} "
        "months. A firm that closes, is sold or struggles without one does not count; one already in a procedure "
        "is not judged.",
        months=model.facts["horizon"],
    )
    if {"min_headcount", "excluded_categories", "excluded_activities"} <= data.keys():
        yield say(
            "It only sees firms that have had {count} employees at some time; left out, in whole or in part: {kinds}.",
            count=language.number(data["min_headcount"]),
            kinds=_left_out(data) or "–",
        )


def _left_out(data: Mapping[str, Any]) -> str:
    """The kinds of firms and the activities of which some are out of scope: a code of either begins with theirs."""
    groups = mapping("categories_juridiques", "group", "group_label"), mapping("naf_rev2", "division", "division_label")
    excluded = data["excluded_categories"], data["excluded_activities"]
    named = (names.get(code[:2], code) for names, codes in zip(groups, excluded, strict=True) for code in codes)
    return " / ".join(dict.fromkeys(named))


def _limits_of_sources(model: RiskModel, language: Language) -> Iterator[str]:
    say, absent = language.say, model.facts["data"].get("absent_sources", [])
    yield say("It sees what administrations record, with the delay of each source.")
    yield say("It knows nothing of what is not recorded: orders, customers, people.")
    if absent:
        yield say("Sources never delivered to the model: {sources}.", sources=source_names(absent, language))


def _limits_of_alerts(metrics: Mapping[str, Any], language: Language) -> Iterator[str]:
    say, figures = language.say, metrics.get("models", {}).get(LIGHTGBM)
    high, moderate = (precision(figures[level]) if figures else None for level in (HIGH, MODERATE))
    if figures and high is not None and moderate is not None:
        yield say(
            "It is wrong both ways: {high} of the firms on high alert and {moderate} of those on alert opened no "
            "procedure in that time; {missed} of the firms that opened one were not on alert.",
            high=share(1 - high, language, 0),
            moderate=share(1 - moderate, language, 0),
            missed=share(1 - figures[MODERATE]["recall"], language, 0),
        )
    stability = metrics.get("stability", {})
    themes, features = stability.get("themes"), stability.get("features")
    if themes is not None and features is not None:
        yield say(
            "Its reasons depend on the firms that it happened to learn from: its first three themes and those of the "
            "model learnt again on others overlap by {themes}, the first three reasons by {features} (what both name, "
            "of all that either names).",
            themes=share(themes, language, 0),
            features=share(features, language, 0),
        )
    yield say("A contribution says what the model counted, not what caused the difficulty.")


def _limits_of_groups(groups: Mapping[str, Sequence[Metrics]], language: Language) -> Iterator[str]:
    for dimension, members in groups.items():
        say, words = language.say, language.say(WORDS[dimension])
        ranked = [one for one in members if one["auc"] is not None]
        if len(ranked) < len(members):
            yield say(
                "{dimension}, groups with too few failures to be judged: {count} of {all}.",
                dimension=words,
                count=language.number(len(members) - len(ranked)),
                all=language.number(len(members)),
            )
        if len(ranked) > 1:
            worst = min(ranked, key=lambda one: float(one["auc"]))
            yield say(
                "{dimension}, it ranks least well: {group} (area under the ROC curve {auc}; chance alone gives 0.5).",
                dimension=words,
                group=group_name(dimension, worst["group"], language),
                auc=language.number(worst["auc"], 2),
            )


def _limits_of_the_split(model: RiskModel, language: Language) -> Iterator[str]:
    if not (split := model.facts.get("split")):
        return
    if outcomes_end(model, "validation") > date.fromisoformat(split["test"]["first"]):
        yield language.say(
            "Calibration and thresholds come from months whose outcomes run into the test months: probabilities may be "
            "a little better on the test than later."
        )
    yield language.say(
        "What it foresaw after {month} is not judged here: it takes {months} months to know.",
        month=month(split["test"]["last"], language),
        months=model.facts["horizon"],
    )
