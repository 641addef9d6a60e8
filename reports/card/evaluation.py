"""For those who want to know how the model was evaluated: one part for each kind of evaluation."""

import re
from collections.abc import Iterator

from models.calibration.reliability import ReliabilityPoint
from models.evaluation.records import CUTS, LIFT, Figures, Metrics, SliceFigures, Spread
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.base_rate import base_rate_sentences
from reports.card.parts import RANKING, WORDS, Points, Section, Table, group_name, precision, said
from reports.figures import share
from reports.language import SOURCE, Language

# What the newest months say of a shorter horizon.
CURVE = ("mean probability", "failure rate", "failures, of those expected")
GROUP = (
    "area under the ROC curve",
    "average precision",
    "precision of high alerts (their number)",
    "recall of all alerts",
)


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


def calibration(model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """Whether its probabilities come true."""
    say, number, found = language.say, language.number, metrics.calibration
    of_risk = ("risk, lower end", "risk, upper end") if any(map(_ends, found.points)) else ()
    points = Table(
        said((*("firm-months", "mean probability", "failure rate", "lower end", "upper end"), *of_risk), language),
        tuple(
            (
                number(point.rows),
                *(
                    share(value, language)
                    for value in (point.mean_probability, point.observed_rate, point.low, point.high, *_ends(point))
                ),
            )
            for point in found.points
        ),
    )
    kinds = Table(
        said(("calibration", "Brier score", "log-loss", "mean gap", "in use"), language),
        tuple(
            (
                say(WORDS[kind.kind]) if kind.kind in WORDS else kind.kind.replace("_", "-").title(),
                *(number(value, 4) for value in (kind.brier, kind.log_loss, kind.expected_calibration_error)),
                say("yes") if kind.is_chosen else "",
            )
            for kind in found.kinds
        ),
    )
    return Section(
        say("Calibration: do its probabilities come true?"),
        (
            say("Test months, in ten groups of rows, from the safest to the riskiest:"),
            points,
            *_told_of_interval(model, metrics, language),
            say(
                "Mean gap between probability and failure rate: {gap}.",
                gap=share(found.expected_calibration_error, language),
            ),
            *(base_rate_sentences(model.facts.base_rate, language) if model.facts.base_rate else ()),
            say("The kinds of calibration that were compared, on the second half of the validation months:"),
            kinds,
        ),
    )


def years(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """How often firms in scope fail, year by year, beside the openings of each year."""
    number = language.number
    rows = tuple(
        (str(one.year), number(one.rows), share(one.failures / one.rows, language), number(one.openings))
        for one in metrics.years
    )
    headers = ("year", "firm-months", "failed within the horizon", "procedures opened in that year")
    told = language.say(
        "The share of the firms in scope that fail should follow the procedures that open; where it does not, the "
        "scope has changed."
    )
    content = (told, Table(said(headers, language), rows)) if rows else ()
    return Section(language.say("How often firms in scope fail, by year"), content)


def _ends(point: ReliabilityPoint) -> tuple[float, ...]:
    """The ends given of the mean risk of a group, where they were."""
    return () if point.risk_low is None or point.risk_high is None else (point.risk_low, point.risk_high)


def _told_of_interval(model: RiskModel, metrics: Metrics, language: Language) -> Iterator[str]:
    held = [point.is_held for point in metrics.calibration.points if point.is_held is not None]
    if model.interval is None or not held:
        return
    yield language.say(
        "The interval of a risk is that of the mean risk of firms scored alike (95%). It comes from calibrations on "
        "firms drawn again, and from how far the failure rate of a month may be from its mean, {drift} in log-odds "
        "(standard deviation). It holds the failure rate of {held} of these {groups} groups.",
        drift=language.number(model.interval.drift, 2),
        held=language.number(sum(held)),
        groups=language.number(len(held)),
    )


def curve(model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """The shorter horizons that have a calibration of their own, and what the newest months say."""
    say, number, month = language.say, language.number, language.month
    judged = {one.months: one for one in metrics.judged}
    rows: list[tuple[str, ...]] = []
    for one in model.curve:
        newest = judged.get(one.months)
        told = (number(one.months), month(one.first), month(one.last), number(one.failures))
        if newest is None:
            rows.append((*told, *("–",) * 5))
        else:
            shares = (share(value, language) for value in (newest.expected, newest.failures / newest.rows))
            rows.append((*told, month(newest.first), month(newest.last), *shares, number(newest.ratio, 2)))
    headers = ("months", "calibrated from", "to", "failures", "judged from", "to", *CURVE)
    content: list[str | Table] = [Table(said(headers, language), tuple(rows))] if rows else []
    content += _told_of_curve(model, metrics, language)
    return Section(say("The risk at shorter horizons"), tuple(content))


def _told_of_curve(model: RiskModel, metrics: Metrics, language: Language) -> Iterator[str]:
    say = language.say
    if not model.curve:
        yield say("This model tells the risk at its own horizon only.")
    unknown = [language.number(one.months) for one in model.curve if one.calibration is None]
    if unknown:
        yield say(
            "Too few firms fail within {months} months to calibrate that risk: it is not given.",
            months=", ".join(unknown),
        )
    if metrics.judged:
        newest = min(metrics.judged, key=lambda one: one.months)
        yield say(
            "Outcomes of a shorter horizon are known earlier, so that newer months judge it. On the newest, {first} to "
            "{last}, firms failed {ratio} times as often within {months} months as expected. Far from 1, the economy "
            "has changed since, or what the model sees of it.",
            first=language.month(newest.first),
            last=language.month(newest.last),
            ratio=language.number(newest.ratio, 2),
            months=str(newest.months),
        )


def horizons(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """Other horizons than its own."""
    rows = tuple(
        (
            language.number(one.horizon),
            language.number(one.rows),
            language.number(one.failures),
            *_group(one, language),
        )
        for one in metrics.horizons
    )
    return Section(
        language.say("By horizon, on all months from validation on whose horizon is over"),
        (Table(said(("months", "firm-months", "failures", *GROUP), language), rows),),
    )


def procedures(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """How much counting the firms already in a procedure would flatter it."""
    found = metrics.procedures
    both = (("without_procedures", found.without_procedures), ("with_procedures", found.with_procedures))
    rows = tuple((language.say(WORDS[name]), *_ranking(one, language), language.number(one.rows)) for name, one in both)
    return Section(
        language.say("With and without the firms already in a procedure"),
        (Table(said(("firms", *RANKING.values(), "firm-months"), language), rows),),
    )


def groups(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """How good it is by kind of firm."""
    headers = said(("group", "firm-months", "failures", "mean probability", "failure rate", *GROUP), language)
    tables = tuple(
        Table(
            headers,
            tuple(
                (
                    group_name(dimension, one.group, language),
                    language.number(one.rows),
                    language.number(one.failures),
                    share(one.mean_probability, language),
                    share(one.observed_rate, language),
                    *_group(one, language),
                )
                for one in sorted(members, key=lambda one: _first_number(one.group))
            ),
            language.say(WORDS[dimension]),
        )
        for dimension, members in metrics.groups.items()
    )
    few = language.say("Metrics of ranking are not given below 10 failures.")
    return Section(language.say("By kind of firm, on the test months"), (few, *tables))


def _first_number(group: str) -> int:
    found = re.match(r"\d+", group)
    return int(found[0]) if found else -1


def stability(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """Whether the same model trained on other firms would give the same reasons."""
    found = metrics.stability
    return Section(
        language.say("Stability of reasons: the same model trained on other draws of firms"),
        (
            language.say(
                "For firms on alert in the test months ({rows} rows), the model and a refit share {themes} of their "
                "first three themes and {features} of their first three features (Jaccard index, mean of {refits} "
                "refits). On lists, a reason that fewer than half of the refits share is marked as doubtful.",
                rows=language.number(found.firms),
                themes=share(found.themes, language),
                features=share(found.features, language),
                refits=language.number(found.refits),
            ),
        ),
    )


def checks(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """The checks that it had to pass; the result of each is recorded in English only."""
    is_source = language.code == SOURCE
    rows = tuple(
        (
            language.say(WORDS[check.name]),
            language.say("yes" if check.is_passed else "no"),
            *([check.sentence] if is_source else []),
        )
        for check in metrics.checks
    )
    headers = said(("check", "passed", *(["result"] if is_source else [])), language)
    return Section(language.say("Checks before it may be put in use automatically"), (Table(headers, rows),))


def data(model: RiskModel, _metrics: Metrics | None, language: Language) -> Section:
    """What the same model can be made of again."""
    facts, made = model.facts, model.facts.data
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    trees = language.number(facts.n_estimators)
    return Section(
        language.say("To reproduce it"),
        (
            Points(
                (
                    language.say("Batch {batch}; {trees} trees.", batch=made.batch, trees=trees),
                    language.say("Data: {digest}", digest=made.fingerprint),
                    language.say("Dictionary: {digest}", digest=made.dictionary_version),
                    language.say("Code: {digest}", digest=facts.code),
                    language.say("Versions: {versions}", versions=versions),
                )
            ),
        ),
    )


def _ranking(one: Figures, language: Language) -> tuple[str, ...]:
    """The metrics of RANKING, in its order."""
    return tuple(language.number(value, 4) for value in (one.auc, one.average_precision, one.brier, one.log_loss))


def _group(one: SliceFigures, language: Language) -> tuple[str, ...]:
    """The metrics of GROUP, in its order."""
    ranking = ("–" if value is None else language.number(value, 3) for value in (one.auc, one.average_precision))
    precision = f"{share(one.high.precision, language)} ({language.number(one.high.alerts)})"
    return (*ranking, precision, share(one.moderate.recall, language))
