"""For everybody: what the model is, what it learnt from, what its alerts are worth."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.alerts import HIGH, MODERATE
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.card.parts import (
    BEESWARM,
    DEPENDENCE,
    THEMES,
    WORDS,
    Picture,
    Points,
    Section,
    Table,
    month,
    outcomes_end,
    precision,
    said,
)
from reports.figures import share
from reports.language import Language
from reports.reasons import FEATURES, THEME_WORDS

# Figures whose weight is told.
HEAVIEST = 15


def what_it_is(model: RiskModel, _metrics: Mapping[str, Any], language: Language) -> Section:
    """Its identifier, what it foresees, what it reads, from when on it alerts."""
    say, facts = language.say, model.facts
    directed = sum(column.direction != 0 for column in model.inputs)
    facts_told = (
        say(
            "Model {model}, learnt from what was known at the start of {month}.",
            model=model.model_id,
            month=month(facts["as_of"], language),
        ),
        say("It foresees whether a first insolvency procedure opens within {months} months.", months=facts["horizon"]),
        say(
            "Decision trees that correct one another (LightGBM), then a calibration, so that of 100 firms at 20% about "
            "20 open a procedure."
        ),
        say(
            "It reads {count} figures; {directed} of them can only raise, or only lower, the risk as they grow.",
            count=language.number(len(model.inputs)),
            directed=language.number(directed),
        ),
        say(
            "Alert from {moderate}, high from {high}.",
            moderate=share(model.thresholds.moderate, language),
            high=share(model.thresholds.high, language),
        ),
    )
    return Section(say("The model in use"), (Points(facts_told),))


def weights(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What moves the risk most, by theme and by figure."""
    say, counted = language.say, metrics["weights"]
    themes = tuple((say(THEME_WORDS[name]), share(weight, language)) for name, weight in counted["themes"].items())
    figures = tuple(
        (str(getattr(FEATURES[name], language.code)), share(weight, language))
        for name, weight in list(counted["features"].items())[:HEAVIEST]
        if name in FEATURES
    )
    return Section(
        say("What weighs most"),
        (
            say(
                "Mean size, on the test months, of what each adds to a firm's risk or takes from it, as a share of "
                "all: a figure counts with its past values and its changes."
            ),
            Table((say("Theme"), say("weight")), themes),
            Table((say("Figure"), say("weight")), figures, say("The {count} heaviest figures", count=str(HEAVIEST))),
        ),
    )


def pictures(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """The same in pictures: see `reports.card.pictures`."""
    captions = {
        BEESWARM: "The heaviest figures, one dot per firm and month. To the right of 0 a figure raises the risk, to "
        "the left it lowers it; the colour tells whether its value is high or low.",
        THEMES: "Weight by theme.",
        DEPENDENCE: "What the five heaviest figures that are numbers add to the risk, by their value, one dot per firm "
        "and month. The lowest and the highest 1% of the values are not drawn, nor those of confidential accounts.",
    }
    return Section(
        language.say("What weighs most, in pictures"),
        tuple(
            Picture(name, language.say(caption), metrics["pictures"][name][language.code])
            for name, caption in captions.items()
        ),
    )


def made_of(model: RiskModel, _metrics: Mapping[str, Any], language: Language) -> Section:
    """The months that it learnt from and was judged on."""
    say, number, split = language.say, language.number, model.facts["split"]
    rows = tuple(
        (
            say(WORDS[name]),
            month(part["first"], language),
            month(part["last"], language),
            *(number(part[key]) for key in ("rows", "firms", "failures")),
        )
        for name in ("train", "validation", "test")
        for part in [split[name]]
    )
    headers = ("months for", "first", "last", "firm-months", "firms", "followed by a procedure")
    embargo = say("Learning stops early enough that no outcome it learnt tells of a month on which it is judged.")
    is_apart = outcomes_end(model, "train") <= date.fromisoformat(split["validation"]["first"])
    return Section(say("What it learnt from"), (*([embargo] if is_apart else []), Table(said(headers, language), rows)))


def alerts(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What an alert was worth on the test months, with intervals where they are there."""
    say, figures = language.say, metrics["models"][LIGHTGBM]
    intervals = metrics.get("intervals", {})

    def with_interval(value: float | None, name: str) -> str:
        ends = intervals.get(name)
        if ends is None or value is None:
            return share(value, language)
        return say(
            "{value} (between {low} and {high})",
            value=share(value, language),
            low=share(ends["low"], language),
            high=share(ends["high"], language),
        )

    headers = (
        "Alert",
        "Of the firms on alert, share that opened a procedure",
        "Of the firms that opened one, share on alert",
    )
    rows = tuple(
        (
            say(WORDS[level]),
            with_interval(precision(figures[level]), f"{level}_precision"),
            with_interval(figures[level]["recall"], f"{level}_recall"),
        )
        for level in (HIGH, MODERATE)
    )
    return Section(
        say("What an alert is worth"),
        (
            say(
                "On {rows} firm-months that it had not seen, of which {failures} were followed by a procedure:",
                rows=language.number(figures["rows"]),
                failures=language.number(figures["failures"]),
            ),
            Table(said(headers, language), rows),
            *([say("Between: 95% intervals, firms drawn again with all their months.")] if intervals else []),
            say(
                "Area under the ROC curve: {auc}. Average precision: {ap}. Brier score: {brier}.",
                auc=language.number(figures["auc"], 3),
                ap=language.number(figures["average_precision"], 3),
                brier=language.number(figures["brier"], 3),
            ),
        ),
    )


def lead_time(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """How long before it failed a firm was first on alert."""
    say, lead = language.say, metrics["lead_time"]
    which = {"all": "all firms", "fully_observed": "scored for the whole time"}
    rows = tuple(
        (
            say(words),
            say(WORDS[level]),
            language.number(lead[name]["firms"]),
            share(lead[name][level]["never_share"], language),
            *(
                "–" if months is None else language.number(months)
                for months in lead[name][level]["quartiles"] or 3 * [None]
            ),
        )
        for name, words in which.items()
        for level in (HIGH, MODERATE)
    )
    headers = (
        "firms",
        "Alert",
        "failed",
        "never on alert",
        "a quarter: months at most",
        "half: months at most",
        "three quarters: months at most",
    )
    return Section(
        say("Lead time: months from the first alert to the opening"),
        (
            say(
                "Of the firms scored from {first} to {last} that failed, by the alerts of the {months} months before.",
                first=month(lead["first_period"], language),
                last=month(lead["last_period"], language),
                months=str(lead["look_back_months"]),
            ),
            Table(said(headers, language), rows),
        ),
    )
