"""What each part of the model adds, by training it again without it; and the price of the directions of its figures."""

from models.evaluation.records import DIRECTIONS, SOURCE, THEME, Metrics
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.card.parts import Section, Table, said
from reports.dictionary import source_names
from reports.language import Language
from reports.reasons import THEME_WORDS

# What a table tells, and the words for its parts, in the order of the card.
CAPTIONS = {SOURCE: "What each source adds", THEME: "What each theme adds", DIRECTIONS: "The price of directions"}


def additions(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """A table for each kind of part, what adds most first."""
    say = language.say
    title = say("What each part adds")
    if not metrics.ablations:
        return Section(title, (say("This was not measured: the setting `ablations` asks for it in a training."),))
    with_all = metrics.models[LIGHTGBM].average_precision
    told = say(
        "The model was trained again without each part, with as many trees, and tested on the same months. What a "
        "part adds is the average precision of the model, {ap}, minus that of the model without it. The ends are those "
        "of 95% intervals over firms: where 0 is between them, no difference is shown. What two sources both tell is "
        "missed with neither of them alone.",
        ap=language.number(with_all, 4),
    )
    price = say(
        "A figure with a direction can only raise the risk, or only lower it. Below 0, that costs precision: it is the "
        "price of reasons that contradict nobody's sense."
    )
    tables = [_table(part, metrics, with_all, language) for part in CAPTIONS]
    return Section(title, (told, *tables, price))


def _table(part: str, metrics: Metrics, with_all: float, language: Language) -> Table:
    found = [one for one in metrics.ablations if one.part == part]
    rows = tuple(
        (
            source_names([one.name], language) if part == SOURCE else language.say(THEME_WORDS[one.name]),
            language.number(one.inputs),
            language.number(with_all - one.adds.value, 4),
            *(language.number(value, 4) for value in (one.adds.value, one.adds.low, one.adds.high)),
        )
        for one in sorted(found, key=lambda one: -one.adds.value)
    )
    what = "source" if part == SOURCE else "Theme"
    headers = said((what, "figures concerned", "average precision without", "adds", "lower end", "upper end"), language)
    return Table(headers, rows, language.say(CAPTIONS[part]))
