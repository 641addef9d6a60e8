"""How good the model is on parts of the firms: by kind of firm, and at other horizons."""

import re

from models.evaluation.records import Metrics, SliceFigures
from models.registry.model import RiskModel
from reports.card.parts import WORDS, Section, Table, group_name, said
from reports.figures import share
from reports.language import Language

GROUP = (
    "area under the ROC curve",
    "average precision",
    "precision of high alerts (their number)",
    "recall of all alerts",
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
                    *_figures(one, language),
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


def horizons(_model: RiskModel, metrics: Metrics, language: Language) -> Section:
    """Other horizons than its own."""
    rows = tuple(
        (
            language.number(one.horizon),
            language.number(one.rows),
            language.number(one.failures),
            *_figures(one, language),
        )
        for one in metrics.horizons
    )
    return Section(
        language.say("By horizon, on all months from validation on whose horizon is over"),
        (Table(said(("months", "firm-months", "failures", *GROUP), language), rows),),
    )


def _figures(one: SliceFigures, language: Language) -> tuple[str, ...]:
    """The metrics of GROUP, in its order."""
    ranking = ("–" if value is None else language.number(value, 3) for value in (one.auc, one.average_precision))
    precision = f"{share(one.high.precision, language)} ({language.number(one.high.alerts)})"
    return (*ranking, precision, share(one.moderate.recall, language))
