"""What the model is, how it was judged and where its limits are, from its own metadata: the card, and public pages.

Every part is told in French and English from `RiskModel.facts` and `metrics.json`; nothing in it is typed by hand.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from features.nomenclatures import labels
from features.periods import add_months
from features.sources import SOURCES
from features.sources.base import Source
from models.evaluation import Metrics
from models.registry import RiskModel
from models.slices import UNKNOWN
from models.thresholds import HIGH, MODERATE
from models.training import LIGHTGBM
from reports.dictionary import known_words, source_names
from reports.figures import category, share
from reports.language import SOURCE, Language

CUTS = (HIGH, MODERATE, "top_1_percent")
RANKING: Final = {
    "auc": "area under the ROC curve",
    "average_precision": "average precision",
    "brier": "Brier score",
    "log_loss": "log-loss",
}
# Of the test rows: what each is called where it is told to people.
WORDS: Final = {
    "high": "high alert",
    "moderate": "moderate alert or above",
    "top_1_percent": "the 1% most at risk",
    "train": "learning",
    "validation": "calibration and thresholds",
    "test": "test",
    "lightgbm": "this model (LightGBM)",
    "lightgbm_unconstrained": "the same without constraints",
    "logistic_regression": "logistic regression",
    "random_forest": "random forest",
    "histogram_boosting": "histogram boosting",
    "without_procedures": "without (as everywhere here)",
    "with_procedures": "with, counted as failures foreseen: it flatters",
    "naf_section": "By sector",
    "size_class": "By size",
    "region": "By region",
    "age": "By age in years",
    "missing_source": "Of firms without a source",
    "under 3": "under 3",
    "uncalibrated": "without calibration",
    "isotonic": "isotonic",
    "ranking": "it ranks no worse than the model in use",
    "calibration": "its probabilities are those that come true",
    "data": "all that it reads is known",
    "explanation": "its contributions add up",
    UNKNOWN: "not known",
}


@dataclass(frozen=True)
class Table:
    """Words in rows; caption: of one table among several."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Points:
    """Sentences, a point each."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A title, then sentences, points and tables in order."""

    title: str
    content: tuple[str | Points | Table, ...]


Part = Callable[[RiskModel, Mapping[str, Any], Language], Section]


def model_card(model: RiskModel, metrics: Mapping[str, Any]) -> str:
    """All parts in English as Markdown; metrics: of `models.training.train`, and `checks`."""
    language = Language(SOURCE)
    lines = [f"# Model {model.model_id}", "", *_simulated(model, language), ""]
    for part in (*SUMMARY, *EVALUATION):
        section = part(model, metrics, language)
        lines += [f"## {section.title}", ""]
        for content in section.content:
            lines += [*_markdown(content), ""]
    return "\n".join(lines).strip() + "\n"


def told(parts: Iterable[Part], model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Iterator[Section]:
    """The parts that can be told; an older model was judged by less, and recorded less."""
    for part in parts:
        try:
            yield part(model, metrics, language)
        except (KeyError, TypeError):
            continue


def what_it_is(model: RiskModel, _metrics: Mapping[str, Any], language: Language) -> Section:
    """Its identifier, what it foresees, what it reads, from when on it alerts."""
    say, facts = language.say, model.facts
    directed = sum(column.direction != 0 for column in model.inputs)
    facts_told = (
        say(
            "Model {model}, learnt from what was known at the start of {month}.",
            model=model.model_id,
            month=_month(facts["as_of"], language),
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


def _simulated(model: RiskModel, language: Language) -> Iterator[str]:
    if model.is_simulated:
        yield language.say("SIMULATED DATA: no firm behind this model is real; its figures tell nothing of real firms.")


def made_of(model: RiskModel, _metrics: Mapping[str, Any], language: Language) -> Section:
    """The months that it learnt from and was judged on."""
    say, number, split = language.say, language.number, model.facts["split"]
    rows = tuple(
        (
            say(WORDS[name]),
            _month(part["first"], language),
            _month(part["last"], language),
            *(number(part[key]) for key in ("rows", "firms", "failures")),
        )
        for name in ("train", "validation", "test")
        for part in [split[name]]
    )
    headers = ("months for", "first", "last", "firm-months", "firms", "followed by a procedure")
    embargo = say("Learning stops early enough that no outcome it learnt tells of a month on which it is judged.")
    is_apart = _outcomes_end(model, "train") <= date.fromisoformat(split["validation"]["first"])
    return Section(
        say("What it learnt from"), (*([embargo] if is_apart else []), Table(_said(headers, language), rows))
    )


def _outcomes_end(model: RiskModel, part: str) -> date:
    return add_months(date.fromisoformat(model.facts["split"][part]["last"]), model.facts["horizon"])


def alerts(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What an alert was worth on the test months, with intervals where they are there."""
    say, figures = language.say, metrics["models"][LIGHTGBM]
    intervals = metrics.get("intervals", {})

    def with_interval(level: str, key: str) -> str:
        value, ends = share(figures[level][key], language), intervals.get(f"{level}_{key}")
        if ends is None or figures[level][key] is None:
            return value
        return say(
            "{value} (between {low} and {high})",
            value=value,
            low=share(ends["low"], language),
            high=share(ends["high"], language),
        )

    headers = (
        "Alert",
        "Of the firms on alert, share that opened a procedure",
        "Of the firms that opened one, share on alert",
    )
    rows = tuple(
        (say(WORDS[level]), with_interval(level, "precision"), with_interval(level, "recall"))
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
            Table(_said(headers, language), rows),
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
            *(language.number(months) for months in lead[name][level]["quartiles"] or ()),
            *("–" for _ in range(0 if lead[name][level]["quartiles"] else 3)),
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
                first=_month(lead["first_period"], language),
                last=_month(lead["last_period"], language),
                months=str(lead["look_back_months"]),
            ),
            Table(_said(headers, language), rows),
        ),
    )


def _month(text: str, language: Language) -> str:
    return language.month(date.fromisoformat(f"{text[:7]}-01"))


def limits(model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What it can't tell, from what it is made of and from how it was judged."""
    sentences = (
        *_simulated(model, language),
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
    if "min_headcount" in data:
        yield say(
            "It only sees firms that have had {count} employees at some time; left out, in whole or in part: {kinds}.",
            count=language.number(data["min_headcount"]),
            kinds=_left_out(data) or "–",
        )


def _left_out(data: Mapping[str, Any]) -> str:
    """The kinds of firms and the activities of which some are out of scope: a code of either begins with theirs."""
    groups = labels("categories_juridiques", "group", "group_label"), labels("naf_rev2", "division", "division_label")
    excluded = data["excluded_categories"], data["excluded_activities"]
    named = (names.get(code[:2], code) for names, codes in zip(groups, excluded, strict=True) for code in codes)
    return " / ".join(dict.fromkeys(named))


def _limits_of_sources(model: RiskModel, language: Language) -> Iterator[str]:
    say, absent = language.say, model.facts["data"].get("absent_sources", [])
    slowest = max(SOURCES, key=_lag)
    yield say(
        "It sees what administrations record, with their delay: the slowest, {source}, is {known}.",
        source=getattr(slowest, language.code),
        known=known_words(slowest, language),
    )
    yield say("It knows nothing of what is not recorded: orders, customers, people.")
    if absent:
        yield say("Sources never delivered to the model: {sources}.", sources=source_names(absent, language))


def _lag(source: Source) -> int:
    return source.known_at.lag if source.known_at and isinstance(source.known_at.lag, int) else 0


def _limits_of_alerts(metrics: Mapping[str, Any], language: Language) -> Iterator[str]:
    say, figures = language.say, metrics.get("models", {}).get(LIGHTGBM, {})
    high, moderate = figures.get(HIGH, {}).get("precision"), figures.get(MODERATE, {})
    if None not in (high, moderate.get("precision"), moderate.get("recall")):
        yield say(
            "It is wrong both ways: {high} of the firms on high alert and {moderate} of those on alert opened no "
            "procedure in that time; {missed} of the firms that opened one were not on alert.",
            high=share(1 - high, language, 0),
            moderate=share(1 - moderate["precision"], language, 0),
            missed=share(1 - moderate["recall"], language, 0),
        )
    if stability := metrics.get("stability"):
        yield say(
            "Its reasons depend a little on the firms that it happened to learn from: learnt again on others, it keeps "
            "{themes} of the first three themes and {features} of the first three reasons.",
            themes=share(stability["themes"], language, 0),
            features=share(stability["features"], language, 0),
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
                group=_group_name(dimension, worst["group"], language),
                auc=language.number(worst["auc"], 2),
            )


def _limits_of_the_split(model: RiskModel, language: Language) -> Iterator[str]:
    if not (split := model.facts.get("split")):
        return
    if _outcomes_end(model, "validation") > date.fromisoformat(split["test"]["first"]):
        yield language.say(
            "Calibration and thresholds come from months whose outcomes run into the test months: probabilities may be "
            "a little better on the test than later."
        )
    yield language.say(
        "What it foresaw after {month} is not judged here: it takes {months} months to know.",
        month=_month(split["test"]["last"], language),
        months=model.facts["horizon"],
    )


def beside(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """Its challengers, on the same rows."""
    models: Mapping[str, Metrics] = metrics["models"]
    number = language.number
    ranking = Table(
        _said(("model", *RANKING.values(), "mean probability", "seconds to fit", "seconds to score 100,000"), language),
        tuple(
            (
                language.say(WORDS[name]),
                *_ranking(figures, language),
                share(figures["mean_probability"], language),
                number(figures["fit_seconds"], 1),
                number(figures["score_seconds_100k"], 1),
            )
            for name, figures in models.items()
        ),
    )
    counts = {
        "true_positives": "alerts that failed",
        "false_positives": "alerts that did not",
        "false_negatives": "failures without alert",
        "true_negatives": "neither",
    }
    cuts = Table(
        _said(("model", "Alert", "precision", "recall", *counts.values()), language),
        tuple(
            (
                language.say(WORDS[name]),
                language.say(WORDS[cut]),
                *(share(figures[cut][key], language) for key in ("precision", "recall")),
                *(number(figures[cut][count]) for count in counts),
            )
            for name, figures in models.items()
            for cut in CUTS
        ),
    )
    return Section(language.say("The model and its challengers, on the same test months"), (ranking, cuts))


def how_sure(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """Intervals of every figure."""
    names = {**RANKING, "precision": "precision", "recall": "recall"}
    rows = []
    for metric, ends in metrics["intervals"].items():
        cut = next((cut for cut in CUTS if metric.startswith(cut)), "")
        words = language.say(names[metric.removeprefix(f"{cut}_")])
        of = f"{words} ({language.say(WORDS[cut])})" if cut else words
        rows.append((of, *(language.number(ends[key], 3) for key in ("value", "low", "high"))))
    title = language.say("How sure: 95% intervals, firms drawn again with all their months")
    return Section(title, (Table(_said(("figure", "value", "lower end", "upper end"), language), tuple(rows)),))


def protocols(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """The same kind of model judged otherwise, the flattering way of existing systems included."""
    say, found = language.say, metrics["protocols"]
    rolling, flattered, honest = found["rolling_origins"], found["random_within_periods"], found["out_of_time"]
    judged: list[tuple[str, Metrics | None]] = [
        (say("later months, with an embargo (this model)"), honest),
        (say("on firms unseen in learning"), found["unseen_firms"]),
        (say("this model on those same firms"), found["out_of_time_on_those_firms"]),
        *(
            (say("walk-forward, tested from {month}", month=_month(one["test_from"], language)), one)
            for one in rolling["origins"]
        ),
        (say("random split within the months, for comparison only"), flattered),
    ]
    table = Table(
        _said(("protocol", *RANKING.values(), "test rows"), language),
        tuple(
            (name, *_ranking(one, language), language.number(one["rows"])) for name, one in judged if one is not None
        ),
    )
    content: list[str | Table] = [table]
    if flattered:
        content.append(
            say(
                "In the same months, the random split that existing systems use adds {auc} to the area under the ROC "
                "curve and {ap} to average precision: it knows the firms again, a month apart and with the same "
                "failure ahead.",
                auc=language.number(flattered["auc"] - honest["auc"], 3),
                ap=language.number(flattered["average_precision"] - honest["average_precision"], 3),
            )
        )
    spread = ", ".join(f"{say(words)} {_mean(rolling['spread'][key], language)}" for key, words in RANKING.items())
    content.append(
        say(
            "Walk-forward, mean and deviation of {count} origins: {spread}.",
            count=str(len(rolling["origins"])),
            spread=spread,
        )
    )
    return Section(say("The same kind of model under other protocols"), tuple(content))


def _mean(spread: Mapping[str, Any], language: Language) -> str:
    mean, deviation = language.number(spread["mean"], 3), spread["deviation"]
    return mean if deviation is None else f"{mean} ± {language.number(deviation, 3)}"


def calibration(model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """Whether what it promises comes true."""
    say, number, found = language.say, language.number, metrics["calibration"]
    points = Table(
        _said(("firm-months", "promised", "failed", "lower end", "upper end"), language),
        tuple(
            (
                number(point["rows"]),
                *(share(point[key], language) for key in ("mean_probability", "observed_rate", "low", "high")),
            )
            for point in found["points"]
        ),
    )
    kinds = Table(
        _said(("calibration", "Brier score", "log-loss", "mean gap", "in use"), language),
        tuple(
            (
                say(WORDS[kind["kind"]]) if kind["kind"] in WORDS else kind["kind"].replace("_", "-").title(),
                *(number(kind[key], 4) for key in ("brier", "log_loss", "expected_calibration_error")),
                say("yes") if kind["is_chosen"] else "",
            )
            for kind in found["kinds"]
        ),
    )
    return Section(
        say("Calibration: does what it promises come true?"),
        (
            say("On the test months, a tenth of the rows each, the safest first:"),
            points,
            say(
                "Mean gap {gap}. Share of failures that it was calibrated at: {rate}; where the share known later has "
                "left that, probabilities are moved to it.",
                gap=share(found["expected_calibration_error"], language),
                rate=share(model.facts["failure_rate"], language),
            ),
            say("The calibrations that were tried, on the later half of validation:"),
            kinds,
        ),
    )


def horizons(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """Other horizons than its own."""
    rows = tuple(
        (
            language.number(one["horizon"]),
            language.number(one["rows"]),
            language.number(one["failures"]),
            *_group(one, language),
        )
        for one in metrics["horizons"]
    )
    return Section(
        language.say("By horizon, on every scored month from validation on whose horizon is over"),
        (Table(_said(("months", "firm-months", "failures", *GROUP), language), rows),),
    )


def procedures(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What it would flatter to count the firms already in a procedure."""
    rows = tuple(
        (language.say(WORDS[name]), *_ranking(one, language), language.number(one["rows"]))
        for name, one in metrics["procedures"].items()
    )
    return Section(
        language.say("With and without the firms already in a procedure"),
        (Table(_said(("firms", *RANKING.values(), "firm-months"), language), rows),),
    )


GROUP = (
    "area under the ROC curve",
    "average precision",
    "precision of high alerts (their number)",
    "recall of all alerts",
)


def groups(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """How good it is by kind of firm."""
    headers = _said(("group", "firm-months", "failures", "promised", "failed", *GROUP), language)
    tables = tuple(
        Table(
            headers,
            tuple(
                (
                    _group_name(dimension, one["group"], language),
                    language.number(one["rows"]),
                    language.number(one["failures"]),
                    share(one["mean_probability"], language),
                    share(one["observed_rate"], language),
                    *_group(one, language),
                )
                for one in sorted(members, key=lambda one: _first_number(one["group"]))
            ),
            language.say(WORDS[dimension]),
        )
        for dimension, members in metrics["groups"].items()
    )
    few = language.say("No ranking is given for fewer than 10 failures.")
    return Section(language.say("By kind of firm, on the test months"), (few, *tables))


def _first_number(group: str) -> int:
    found = re.match(r"\d+", group)
    return int(found[0]) if found else -1


def _group_name(dimension: str, group: str, language: Language) -> str:
    if group in WORDS:
        return language.say(WORDS[group])
    if dimension == "missing_source":
        return source_names([group], language)
    return category(dimension, group, language)


def stability(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """Whether another model of the kind would say the same reasons."""
    found = metrics["stability"]
    return Section(
        language.say("Stability of reasons: the same model on firms drawn again"),
        (
            language.say(
                "Of a firm on alert in the test months ({rows} rows), the first three themes of the model and of a "
                "refit overlap by {themes}, the first three features by {features}: Jaccard, mean of {refits} refits. "
                "On lists, a reason that fewer than half of the refits share is marked as doubtful.",
                rows=language.number(found["firms"]),
                themes=share(found["themes"], language),
                features=share(found["features"], language),
                refits=language.number(found["refits"]),
            ),
        ),
    )


def checks(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What it had to pass; what was answered is recorded in English only."""
    is_source = language.code == SOURCE
    rows = tuple(
        (
            language.say(WORDS[check["name"]]),
            language.say("yes" if check["is_passed"] else "no"),
            *([check["sentence"]] if is_source else []),
        )
        for check in metrics["checks"]
    )
    headers = _said(("check", "passed", *(["answer"] if is_source else [])), language)
    return Section(language.say("Checks before it may be put in use by itself"), (Table(headers, rows),))


def data(model: RiskModel, _metrics: Mapping[str, Any], language: Language) -> Section:
    """What would make the same model again."""
    facts, made = model.facts, model.facts["data"]
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    trees = language.number(facts["trees"])
    return Section(
        language.say("To make it again"),
        (
            Points(
                (
                    language.say("Batch {batch}; {trees} trees.", batch=made["batch"], trees=trees),
                    language.say("Data: {digest}", digest=made["fingerprint"]),
                    language.say("Dictionary: {digest}", digest=made["dictionary_version"]),
                    language.say("Code: {digest}", digest=facts["code"]),
                    language.say("Versions: {versions}", versions=versions),
                )
            ),
        ),
    )


# For everybody, then for who wants to know how that was judged.
SUMMARY: Final[tuple[Part, ...]] = (what_it_is, made_of, alerts, lead_time, limits)
EVALUATION: Final[tuple[Part, ...]] = (
    groups,
    calibration,
    stability,
    horizons,
    protocols,
    beside,
    how_sure,
    procedures,
    checks,
    data,
)


def _said(messages: Iterable[str], language: Language) -> tuple[str, ...]:
    return tuple(language.say(message) for message in messages)


def _ranking(figures: Metrics, language: Language) -> tuple[str, ...]:
    return tuple(language.number(figures[key], 4) for key in RANKING)


def _group(one: Metrics, language: Language) -> tuple[str, ...]:
    ranking = ("–" if one[key] is None else language.number(one[key], 3) for key in ("auc", "average_precision"))
    precision = f"{share(one[HIGH]['precision'], language)} ({language.number(one[HIGH]['alerts'])})"
    return (*ranking, precision, share(one[MODERATE]["recall"], language))


def _markdown(content: str | Points | Table) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Points):
        yield from (f"- {sentence}" for sentence in content.sentences)
    else:
        yield from ([f"**{content.caption}**", ""] if content.caption else [])
        yield "| " + " | ".join(content.headers) + " |"
        yield "|" + "---|" * len(content.headers)
        for row in content.rows:
            yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
