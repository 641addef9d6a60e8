"""The model card, and the parts of it that public pages show: what the model is, how it was evaluated, its limits.

It is told in French and English; all figures come from the model, its facts and its metrics, none is typed by hand.
"""

from collections.abc import Collection, Iterator
from typing import Final

from models.evaluation.records import Metrics
from models.registry.model import RiskModel
from models.registry.registry import PICTURES
from reports.card import groups, making, probabilities, ranking, summary
from reports.card.additions import additions
from reports.card.helped import helped
from reports.card.limits import limits
from reports.card.parts import (
    Alternatives,
    Content,
    Part,
    PartOfModel,
    Picture,
    Points,
    Section,
    picture_file,
    simulated,
)
from reports.language import SOURCE, Language

# For everybody, then for those who want to know how that was evaluated.
SUMMARY: Final[tuple[Part, ...]] = (
    summary.what_it_is,
    summary.importance,
    summary.made_of,
    summary.alerts,
    summary.lead_time,
    helped,
    limits,
)
EVALUATION: Final[tuple[Part, ...]] = (
    groups.groups,
    probabilities.calibration,
    making.stability,
    probabilities.curve,
    probabilities.years,
    groups.horizons,
    ranking.protocols,
    ranking.beside,
    additions,
    ranking.how_sure,
    ranking.procedures,
    making.checks,
    making.data,
)
WITHOUT_METRICS: Final[tuple[PartOfModel, ...]] = (summary.what_it_is, summary.made_of, limits, making.data)


def model_card(model: RiskModel, metrics: Metrics, alternatives: Alternatives | None = None) -> str:
    """All parts in English as Markdown; alternatives: of its pictures, None where it has none."""
    language = Language(SOURCE)
    lines = [f"# Model {model.model_id}", "", *simulated(model, language), ""]
    for section in told((*SUMMARY, *EVALUATION), model, metrics, language, alternatives):
        lines += [f"## {section.title}", ""]
        for content in section.content:
            lines += [*_markdown(content), ""]
    return "\n".join(lines).strip() + "\n"


def told(
    parts: Collection[Part],
    model: RiskModel,
    metrics: Metrics | None,
    language: Language,
    alternatives: Alternatives | None = None,
) -> Iterator[Section]:
    """The sections of those parts; without metrics (None), of those parts that need none.

    alternatives: of the model's pictures, which follow what weighs most.
    """
    if metrics is None:
        yield from (part(model, None, language) for part in WITHOUT_METRICS if part in parts)
        return
    for part in parts:
        yield part(model, metrics, language)
        if part is summary.importance and alternatives:
            yield summary.pictures(alternatives, language)


def _markdown(content: Content) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Points):
        yield from (f"- {sentence}" for sentence in content.sentences)
    elif isinstance(content, Picture):
        yield f"![{content.alternative}]({PICTURES}/{picture_file(content.name, SOURCE)})"
        yield from ("", content.caption)
    else:
        yield from ([f"**{content.caption}**", ""] if content.caption else [])
        yield "| " + " | ".join(content.headers) + " |"
        yield "|" + "---|" * len(content.headers)
        for row in content.rows:
            yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
