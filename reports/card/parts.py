"""What a part of the card is made of, and the words that several parts use."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from features.periods import add_months
from models.evaluation.groups import UNKNOWN
from models.evaluation.records import CutFigures, Metrics
from models.registry.model import RiskModel
from models.registry.records import Span
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
# The file of their alternative texts.
ALTERNATIVES = "alternatives.json"
# Picture -> language -> the text for whoever does not see it.
Alternatives = Mapping[str, Mapping[str, str]]
# What names in records are called on the card.
WORDS: Final = {
    "high": "high alert",
    "moderate": "moderate alert or above",
    "top_1_percent": "the 1% most at risk",
    "train": "training",
    "validation": "calibration",
    "test": "test",
    "final": "training once more",
    "lightgbm": "this model (LightGBM)",
    "lightgbm_unconstrained": "the same without constraints",
    "logistic_regression": "logistic regression",
    "random_forest": "random forest",
    # A challenger until 0.3: the cards of older models name it.
    "histogram_boosting": "histogram boosting",
    "without_procedures": "without (as everywhere else here)",
    "with_procedures": "with, counted as predicted failures: this flatters the model",
    "naf_section": "By sector",
    "size_class": "By size",
    "region": "By region",
    "age": "By age in years",
    "missing_source": "Of firms without a source",
    "under 3": "under 3",
    "uncalibrated": "without calibration",
    "platt_of_both": "Platt, on both kinds of trees",
    "isotonic": "isotonic",
    "skill": "it tells firms that fail from others, beyond chance",
    "lift": "the riskiest 5% fail more often than the average",
    "slope": "it does not exaggerate the differences between firms",
    "trees": "it has more than a handful of trees",
    "reasons": "it gives reasons",
    "ranking": "it ranks no worse than the model in use",
    "calibration": "its mean probability is close to the failure rate",
    "data": "all that it uses is known",
    "explanation": "its contributions add up to the score",
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
    """Sentences, to be shown as bullet points."""

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


# A part of the card, in a language; the second kind is told even of a model whose metrics can't be read.
Part = Callable[[RiskModel, Metrics, Language], Section]
PartOfModel = Callable[[RiskModel, Metrics | None, Language], Section]


def picture_file(name: str, code: str) -> str:
    """The file of a picture in a language."""
    return f"{name}.{code}.svg"


def precision(cut: CutFigures) -> float | None:
    """The share of the alerts that failed; None, instead of the 0 that is recorded, where there was no alert."""
    return cut.precision if cut.true_positives + cut.false_positives else None


def simulated(model: RiskModel, language: Language) -> Iterator[str]:
    """That the firms behind the model are not real, where they are not."""
    if model.is_simulated:
        yield language.say(
            "SIMULATED DATA: this model was trained on firms that do not exist; its figures say nothing about real "
            "firms."
        )


def outcomes_end(model: RiskModel, span: Span) -> date:
    """The end of the horizon of the last rows of a part of the split."""
    return add_months(span.last, model.facts.horizon)


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


def between(
    value: float | None,
    ends: tuple[float, float] | None,
    told: Callable[[float | None, Language], str],
    language: Language,
) -> str:
    """A value with its interval, where both are known; told: how a value is written."""
    if ends is None or value is None:
        return told(value, language)
    low, high = (told(end, language) for end in ends)
    return language.say("{value} (between {low} and {high})", value=told(value, language), low=low, high=high)


def whole(value: float | None, language: Language) -> str:
    """A whole number; a dash where it is not known."""
    return "–" if value is None else language.number(value)
