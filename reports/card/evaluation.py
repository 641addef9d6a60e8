"""For who wants to know how the model was judged: each way of judging it, a part."""

import re
from collections.abc import Mapping
from typing import Any

from models.alerts import HIGH, MODERATE
from models.evaluation.records import Metrics
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.card.parts import (
    RANKING,
    WORDS,
    Points,
    Section,
    Table,
    group_name,
    month,
    precision,
    said,
)
from reports.figures import share
from reports.language import SOURCE, Language

CUTS = (HIGH, MODERATE, "top_1_percent")
GROUP = (
    "area under the ROC curve",
    "average precision",
    "precision of high alerts (their number)",
    "recall of all alerts",
)


def beside(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """Its challengers, on the same rows."""
    models: Mapping[str, Metrics] = metrics["models"]
    number = language.number
    ranking = Table(
        said(("model", *RANKING.values(), "mean probability", "seconds to fit", "seconds to score 100,000"), language),
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
        said(("model", "Alert", "precision", "recall", *counts.values()), language),
        tuple(
            (
                language.say(WORDS[name]),
                language.say(WORDS[cut]),
                share(precision(figures[cut]), language),
                share(figures[cut]["recall"], language),
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
        is_known = metric != f"{cut}_precision" or precision(metrics["models"][LIGHTGBM][cut]) is not None
        rows.append((of, *(language.number(ends[key], 3) if is_known else "–" for key in ("value", "low", "high"))))
    title = language.say("How sure: 95% intervals, firms drawn again with all their months")
    return Section(title, (Table(said(("figure", "value", "lower end", "upper end"), language), tuple(rows)),))


def protocols(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """The same kind of model judged otherwise, the flattering way of existing systems included."""
    say, found = language.say, metrics["protocols"]
    rolling, flattered, honest = found["rolling_origins"], found["random_within_periods"], found["out_of_time"]
    judged: list[tuple[str, Metrics | None]] = [
        (say("later months, with an embargo (this model)"), honest),
        (say("on firms unseen in learning"), found["unseen_firms"]),
        (say("this model on those same firms"), found["out_of_time_on_those_firms"]),
        *(
            (say("walk-forward, tested from {month}", month=month(one["test_from"], language)), one)
            for one in rolling["origins"]
        ),
        (say("random split within the months, for comparison only"), flattered),
    ]
    table = Table(
        said(("protocol", *RANKING.values(), "test rows"), language),
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
        said(("firm-months", "promised", "failed", "lower end", "upper end"), language),
        tuple(
            (
                number(point["rows"]),
                *(share(point[key], language) for key in ("mean_probability", "observed_rate", "low", "high")),
            )
            for point in found["points"]
        ),
    )
    kinds = Table(
        said(("calibration", "Brier score", "log-loss", "mean gap", "in use"), language),
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
        (Table(said(("months", "firm-months", "failures", *GROUP), language), rows),),
    )


def procedures(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """What it would flatter to count the firms already in a procedure."""
    rows = tuple(
        (language.say(WORDS[name]), *_ranking(one, language), language.number(one["rows"]))
        for name, one in metrics["procedures"].items()
    )
    return Section(
        language.say("With and without the firms already in a procedure"),
        (Table(said(("firms", *RANKING.values(), "firm-months"), language), rows),),
    )


def groups(_model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Section:
    """How good it is by kind of firm."""
    headers = said(("group", "firm-months", "failures", "promised", "failed", *GROUP), language)
    tables = tuple(
        Table(
            headers,
            tuple(
                (
                    group_name(dimension, one["group"], language),
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
    headers = said(("check", "passed", *(["answer"] if is_source else [])), language)
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


def _ranking(figures: Metrics, language: Language) -> tuple[str, ...]:
    return tuple(language.number(figures[key], 4) for key in RANKING)


def _group(one: Metrics, language: Language) -> tuple[str, ...]:
    ranking = ("–" if one[key] is None else language.number(one[key], 3) for key in ("auc", "average_precision"))
    precision = f"{share(one[HIGH]['precision'], language)} ({language.number(one[HIGH]['alerts'])})"
    return (*ranking, precision, share(one[MODERATE]["recall"], language))
