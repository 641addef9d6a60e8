"""What alerts were worth among the firms that were helped, apart from the others."""

from models.alerts import HIGH, MODERATE
from models.evaluation.records import Interval, Metrics
from models.registry.model import RiskModel
from reports.card.parts import WORDS, Section, Table, between, said, whole
from reports.figures import share
from reports.language import Language


def helped(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """One row for the helped and one for the others, at both levels of alert."""
    say = language.say
    title = say("What an alert was worth among firms that were helped, and among the others")
    if not metrics.helped:
        return Section(title, (say("No help is noted of the firms of the test months: none is told apart."),))
    told = say(
        "A firm counts as helped if agents noted help within the horizon, before any procedure opened. That it "
        "survives is no false alarm. Agents choose whom to help: the difference between the two is not the effect of "
        "help."
    )
    rows = tuple(
        (
            say("helped firms" if one.is_helped else "other firms"),
            say(WORDS[level]),
            language.number(one.firms),
            language.number(one.at(level).alerts),
            _ends(one.at(level).precision, language),
            _ends(one.at(level).recall, language),
            _months(one.at(level).lead_months, language),
        )
        for one in metrics.helped
        for level in (HIGH, MODERATE)
    )
    headers = ("firms", "Alert", "number", "alerts", "precision", "recall", "median lead time (months)")
    brackets = say("In brackets: 95% intervals over firms drawn again.")
    return Section(title, (told, Table(said(headers, language), rows), brackets))


def _ends(found: Interval | None, language: Language) -> str:
    return between(found.value, (found.low, found.high), share, language) if found else "–"


def _months(found: Interval | None, language: Language) -> str:
    return between(found.value, (found.low, found.high), whole, language) if found else "–"
