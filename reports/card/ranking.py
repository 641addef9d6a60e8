"""How well the model ranks firms: beside others, under other protocols, how sure that is, and without its parts."""

from models.evaluation.records import CUTS, LIFT, Figures, Metrics, Spread
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.card.parts import RANKING, WORDS, Section, Table, precision, said
from reports.figures import share
from reports.language import Language


def beside(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """Its challengers, on the same rows."""
    models, number = metrics.models, language.number
    ranking = Table(
        said(
            ("model", *RANKING.values(), "mean probability", "seconds to fit", "seconds to score 100,000 rows"),
            language,
        ),
        tuple(
            (
                language.say(WORDS[name]),
                *_ranking(figures, language),
                share(figures.mean_probability, language),
                number(figures.fit_seconds, 1),
                number(figures.score_seconds_100k, 1),
            )
            for name, figures in models.items()
        ),
    )
    counts = (
        "alerts followed by a failure",
        "alerts not followed by one",
        "failures without alert",
        "neither alert nor failure",
    )
    cuts = Table(
        said(("model", "Alert", "precision", "recall", *counts), language),
        tuple(
            (
                language.say(WORDS[name]),
                language.say(WORDS[cut]),
                share(precision(at), language),
                share(at.recall, language),
                *(map(number, (at.true_positives, at.false_positives, at.false_negatives, at.true_negatives))),
            )
            for name, figures in models.items()
            for cut in CUTS
            for at in [figures.at(cut)]
        ),
    )
    better = tuple(
        language.say(
            "A finding: {challenger} ranks firms better, beyond chance: average precision {gap} higher ({low} to "
            "{high}).",
            challenger=language.say(WORDS[name]),
            **{key: number(value, 3) for key, value in (("gap", gap.value), ("low", gap.low), ("high", gap.high))},
        )
        for name, gap in metrics.surpassed_by.items()
    )
    return Section(language.say("The model and its challengers, on the same test months"), (ranking, *better, cuts))


def how_sure(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """The interval of each metric."""
    names = {
        **RANKING,
        "precision": "precision",
        "recall": "recall",
        "share": "share of the firms",
        LIFT: "lift of the riskiest 5%",
    }
    rows = []
    for metric, interval in metrics.intervals.items():
        cut = next((cut for cut in CUTS if metric.startswith(cut)), "")
        words = language.say(names[metric.removeprefix(f"{cut}_")])
        of = f"{words} ({language.say(WORDS[cut])})" if cut else words
        is_known = metric != f"{cut}_precision" or precision(metrics.models[LIGHTGBM].at(cut)) is not None
        ends = (interval.value, interval.low, interval.high)
        rows.append((of, *(language.number(end, 3) if is_known else "–" for end in ends)))
    title = language.say("Uncertainty: 95% intervals (bootstrap over firms, each with all its months)")
    return Section(title, (Table(said(("metric", "value", "lower end", "upper end"), language), tuple(rows)),))


def protocols(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """The same kind of model evaluated in other ways, with the random split of existing systems for comparison."""
    say, found = language.say, metrics.protocols
    rolling, flattered, out_of_time = found.rolling_origins, found.random_within_periods, found.out_of_time
    evaluated: list[tuple[str, Figures | None]] = [
        (say("later months, with an embargo (this model)"), out_of_time),
        (say("on firms not used in training"), found.unseen_firms),
        (say("this model on those same firms"), found.out_of_time_on_those_firms),
        *(
            (say("walk-forward, tested from {month}", month=language.month(one.test_from)), one)
            for one in rolling.origins
        ),
        (say("random split within the months, for comparison only"), flattered),
    ]
    table = Table(
        said(("protocol", *RANKING.values(), "test rows"), language),
        tuple(
            (name, *_ranking(one, language), language.number(one.rows)) for name, one in evaluated if one is not None
        ),
    )
    content: list[str | Table] = [table]
    if flattered:
        content.append(
            say(
                "In the same months, the random split that existing systems use adds {auc} to the area under the ROC "
                "curve and {ap} to average precision: the model then recognises firms, since it was trained on other "
                "months of the same firms, before the same failure.",
                auc=language.number(flattered.auc - out_of_time.auc, 3),
                ap=language.number(flattered.average_precision - out_of_time.average_precision, 3),
            )
        )
    spread = ", ".join(f"{say(words)} {_mean(rolling.spread[key], language)}" for key, words in RANKING.items())
    content.append(
        say(
            "Walk-forward evaluation, mean ± standard deviation over {count} origins: {spread}.",
            count=str(len(rolling.origins)),
            spread=spread,
        )
    )
    return Section(say("The same kind of model under other protocols"), tuple(content))


def _mean(spread: Spread, language: Language) -> str:
    mean = language.number(spread.mean, 3)
    return mean if spread.deviation is None else f"{mean} ± {language.number(spread.deviation, 3)}"


def procedures(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """How much counting the firms already in a procedure would flatter it."""
    found = metrics.procedures
    both = (("without_procedures", found.without_procedures), ("with_procedures", found.with_procedures))
    rows = tuple((language.say(WORDS[name]), *_ranking(one, language), language.number(one.rows)) for name, one in both)
    return Section(
        language.say("With and without the firms already in a procedure"),
        (Table(said(("firms", *RANKING.values(), "firm-months"), language), rows),),
    )


def _ranking(one: Figures, language: Language) -> tuple[str, ...]:
    """The metrics of RANKING, in its order."""
    return tuple(language.number(value, 4) for value in (one.auc, one.average_precision, one.brier, one.log_loss))
