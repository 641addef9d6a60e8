"""Whether the model's probabilities come true: at its own horizon, at shorter ones, and year by year."""

from collections.abc import Iterator

from models.calibration.reliability import ReliabilityPoint
from models.evaluation.records import Metrics
from models.registry.model import RiskModel
from reports.base_rate import base_rate_sentences
from reports.card.parts import WORDS, Section, Table, said
from reports.figures import share
from reports.language import Language

# What the newest months say of a shorter horizon.
CURVE = ("mean probability", "failure rate", "failures, of those expected")


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
