"""What a part of the card is, and the words that several of them use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from features.periods import add_months
from models.evaluation.groups import UNKNOWN
from models.evaluation.records import Metrics
from models.registry.model import RiskModel
from reports.dictionary import source_names
from reports.figures import category
from reports.language import Language

RANKING: Final = {
    "auc": "area under the ROC curve",
    "average_precision": "average precision",
    "brier": "Brier score",
    "log_loss": "log-loss",
}
# The pictures of a model: see `reports.card.pictures`. Each has an SVG file in each language.
BEESWARM, THEMES, DEPENDENCE = PICTURES = ("beeswarm", "themes", "dependence")
# Picture -> language -> the text for whoever does not see it, as JSON.
ALTERNATIVES = "alternatives.json"
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
class Picture:
    """One of PICTURES; caption: what it shows; alternative: the text for whoever does not see it."""

    name: str
    caption: str
    alternative: str


Content = str | Points | Table | Picture


@dataclass(frozen=True)
class Section:
    """A title, then sentences, points, tables and pictures in order."""

    title: str
    content: tuple[Content, ...]


@dataclass(frozen=True)
class Part:
    """A part of the card.

    needs: without which it can't be told: names in `metrics.json` or in the facts, dotted where one is within another.
    """

    tell: Callable[[RiskModel, Mapping[str, Any], Language], Section]
    needs: tuple[str, ...]

    def is_known(self, model: RiskModel, metrics: Mapping[str, Any]) -> bool:
        """Whether all that it needs was recorded; an older model was judged by less."""
        return all(_holds(metrics, name) or _holds(model.facts, name) for name in self.needs)


def _holds(record: Mapping[str, Any], name: str) -> bool:
    first, _, rest = name.partition(".")
    return first in record and (not rest or _holds(record[first], rest))


def picture_file(name: str, code: str) -> str:
    """The file of a picture in a language."""
    return f"{name}.{code}.svg"


def precision(level: Metrics) -> float | None:
    """The share of the alerts of a level that failed; None, not the 0 that is recorded, where there was no alert."""
    return float(level["precision"]) if level["true_positives"] + level["false_positives"] else None


def simulated(model: RiskModel, language: Language) -> Iterator[str]:
    """That no firm behind the model is real, where none is."""
    if model.is_simulated:
        yield language.say("SIMULATED DATA: no firm behind this model is real; its figures tell nothing of real firms.")


def outcomes_end(model: RiskModel, part: str) -> date:
    """When the outcomes of a part of the split are over."""
    return add_months(date.fromisoformat(model.facts["split"][part]["last"]), model.facts["horizon"])


def month(text: str, language: Language) -> str:
    """A month from a day or a month as text."""
    return language.month(date.fromisoformat(f"{text[:7]}-01"))


def group_name(dimension: str, group: str, language: Language) -> str:
    """What a group of firms is called: see `models.evaluation.slices.by_group`."""
    if group in WORDS:
        return language.say(WORDS[group])
    if dimension == "missing_source":
        return source_names([group], language)
    return category(dimension, group, language)


def said(messages: Iterable[str], language: Language) -> tuple[str, ...]:
    """Messages, each in the language."""
    return tuple(language.say(message) for message in messages)
