"""For everybody: what the model is, what it was trained on, what its alerts are worth."""

from collections.abc import Iterator

from models.alerts import HIGH, MODERATE
from models.evaluation.records import Figures, FirstAlerts, Metrics
from models.protocol import LIGHTGBM, STEP_MONTHS
from models.registry.model import RiskModel
from reports.alerting import policy_sentences
from reports.card.parts import (
    BEESWARM,
    DEPENDENCE,
    THEMES,
    WORDS,
    Alternatives,
    Picture,
    Points,
    Section,
    Table,
    between,
    outcomes_end,
    precision,
    said,
    whole,
)
from reports.figures import share
from reports.language import Language
from reports.reasons import FEATURES, THEME_WORDS

# How many figures are listed by importance.
HEAVIEST = 15


def what_it_is(model: RiskModel, _metrics: Metrics | None, language: Language) -> Section:
    """Its identifier, what it predicts, what it uses."""
    say, facts = language.say, model.facts
    directed = sum(column.direction != 0 for column in model.inputs)
    later_states = (
        say(
            "Of past firms, the trees learn whether a procedure opened within {months} months; beyond, they learn from "
            "the risk that the firm's figures gave it {months} months later, which tells more than how it ended.",
            months=str(STEP_MONTHS),
        ),
    )
    facts_told = (
        say(
            "Model {model}, trained on what was known at the start of {month}.",
            model=model.model_id,
            month=language.month(facts.as_of),
        ),
        say(
            "It predicts whether a first insolvency procedure opens within {months} months.", months=str(facts.horizon)
        ),
        say(
            "It is made of decision trees, each of which corrects those before (gradient boosting, LightGBM), and of a "
            "calibration: of 100 firms given 20%, about 20 open a procedure."
        ),
        *(later_states if model.knows_later_states else ()),
        say(
            "It uses {count} figures. For {directed} of them the direction is fixed: a higher value can only raise the "
            "risk, or only lower it.",
            count=language.number(len(model.inputs)),
            directed=language.number(directed),
        ),
    )
    return Section(say("The model in use"), (Points(facts_told),))


def importance(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """What moves the risk most, by theme and by figure."""
    say, found = language.say, metrics.feature_importance
    themes = tuple((say(THEME_WORDS[name]), share(weight, language)) for name, weight in found.themes.items())
    figures = tuple(
        (str(getattr(FEATURES[name], language.code)), share(weight, language))
        for name, weight in list(found.features.items())[:HEAVIEST]
        if name in FEATURES
    )
    return Section(
        say("What weighs most"),
        (
            say(
                "Mean absolute contribution to a firm's risk on the test months, as a share of the total. A figure is "
                "counted with its past values and its changes."
            ),
            Table((say("Theme"), say("weight")), themes),
            Table((say("Figure"), say("weight")), figures, say("The {count} heaviest figures", count=str(HEAVIEST))),
        ),
    )


def pictures(alternatives: Alternatives, language: Language) -> Section:
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
            Picture(name, language.say(caption), alternatives[name][language.code])
            for name, caption in captions.items()
        ),
    )


def made_of(model: RiskModel, _metrics: Metrics | None, language: Language) -> Section:
    """The months that it was trained, calibrated and tested on."""
    say, number, split, final = language.say, language.number, model.facts.split, model.facts.final
    parts = [(say(WORDS[name]), getattr(split, name)) for name in ("train", "validation", "test")]
    if final:
        parts.append((say(WORDS["final"]), final.span))
    rows = tuple(
        (
            name,
            language.month(part.first),
            language.month(part.last),
            *(number(count) for count in (part.rows, part.firms, part.failures)),
        )
        for name, part in parts
    )
    headers = ("months used for", "first", "last", "firm-months", "firms", "followed by a procedure")
    embargo = say(
        "Training ends early enough: all the outcomes that it learnt from were known before the months of calibration "
        "and test begin."
    )
    is_apart = outcomes_end(model, split.train) <= split.validation.first
    table = Table(said(headers, language), rows)
    again = say(
        "All figures on how good it is are those of the trees as they were then. Afterwards they were trained once "
        "more, in the same way, on all outcomes known at the start of {month}: these are the trees in use. They know "
        "newer failures; what that is worth can only be seen later. Their mean risk in the newest month is kept at "
        "that of the evaluated ones.",
        month=language.month(model.facts.as_of),
    )
    told = (*([embargo] if is_apart else []), *([again] if final else []))
    return Section(say("What it was trained on"), (*told, table))


def alerts(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """The policy of alerts, how many firms it put on alert in the test months, and what an alert was worth."""
    say, figures = language.say, metrics.models[LIGHTGBM]

    def with_interval(value: float | None, name: str) -> str:
        interval = metrics.intervals.get(name)
        return between(value, (interval.low, interval.high) if interval else None, share, language)

    headers = (
        "Alert",
        "Of all firms, share on alert",
        "Of the firms on alert, share that opened a procedure",
        "Of the firms that opened one, share on alert",
    )
    rows = tuple(
        (
            say(WORDS[level]),
            with_interval(_share_on_alert(figures, level), f"{level}_share"),
            with_interval(precision(figures.at(level)), f"{level}_precision"),
            with_interval(figures.at(level).recall, f"{level}_recall"),
        )
        for level in (HIGH, MODERATE)
    )
    return Section(
        say("What an alert is worth"),
        (
            Points(tuple(_policy(metrics, language))),
            say(
                "On {rows} firm-months that it had not seen, of which {failures} were followed by a procedure:",
                rows=language.number(figures.rows),
                failures=language.number(figures.failures),
            ),
            Table(said(headers, language), rows),
            say(
                "In brackets: 95% intervals (bootstrap over firms, each with all its months; alerts are given anew to "
                "each draw)."
            ),
            say(
                "Area under the ROC curve: {auc}. Average precision: {ap}. Brier score: {brier}.",
                auc=language.number(figures.auc, 3),
                ap=language.number(figures.average_precision, 3),
                brier=language.number(figures.brier, 3),
            ),
        ),
    )


def _policy(metrics: Metrics, language: Language) -> Iterator[str]:
    if metrics.policy is None:
        yield language.say(
            "The alerts evaluated here had thresholds of the model's own, chosen before its test months."
        )
    else:
        yield from policy_sentences(metrics.policy, language)
        yield language.say(
            "Thresholds follow each month's risks; a model that tells firms apart too little alerts nobody."
        )


def _share_on_alert(figures: Figures, level: str) -> float:
    cut = figures.at(level)
    return (cut.true_positives + cut.false_positives) / figures.rows


def lead_time(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """How long before it failed a firm was first on alert."""
    say, lead = language.say, metrics.lead_time
    which = (("all firms", lead.all_firms), ("firms scored for all of that time", lead.fully_observed))
    rows = tuple(
        (
            say(words),
            say(WORDS[level]),
            language.number(failed.firms),
            between(failed.at(level).never_share, failed.at(level).never_ends, share, language),
            *_quartiles(failed.at(level), language),
        )
        for words, failed in which
        for level in (HIGH, MODERATE)
    )
    headers = (
        "firms",
        "Alert",
        "failed",
        "never on alert",
        "first quartile (months)",
        "median (months)",
        "third quartile (months)",
    )
    return Section(
        say("Lead time: months from the first alert to the opening"),
        (
            say(
                "For the firms scored from {first} to {last} that failed, counting the alerts of the {months} months "
                "before. In brackets: 95% intervals (bootstrap over these firms).",
                first=language.month(lead.first_period),
                last=language.month(lead.last_period),
                months=str(lead.look_back_months),
            ),
            Table(said(headers, language), rows),
        ),
    )


def _quartiles(first: FirstAlerts, language: Language) -> tuple[str, ...]:
    low, median, high = first.quartiles or 3 * (None,)
    return whole(low, language), between(median, first.median_ends, whole, language), whole(high, language)
