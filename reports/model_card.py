"""What the model is, how it was judged and where its limits are, from its own metadata: the card, and public pages.

Every part is told in French and English from `RiskModel.facts` and `metrics.json`; nothing in it is typed by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from models.registry import RiskModel
from reports.card import evaluation, summary
from reports.card.limits import limits
from reports.card.parts import Part, Points, Section, Table, simulated
from reports.language import SOURCE, Language

# For everybody, then for who wants to know how that was judged.
SUMMARY: Final[tuple[Part, ...]] = (
    summary.what_it_is,
    summary.weights,
    summary.made_of,
    summary.alerts,
    summary.lead_time,
    limits,
)
EVALUATION: Final[tuple[Part, ...]] = (
    evaluation.groups,
    evaluation.calibration,
    evaluation.stability,
    evaluation.horizons,
    evaluation.protocols,
    evaluation.beside,
    evaluation.how_sure,
    evaluation.procedures,
    evaluation.checks,
    evaluation.data,
)


def model_card(model: RiskModel, metrics: Mapping[str, Any]) -> str:
    """All parts in English as Markdown; metrics: of `models.training.train`, and `checks`."""
    language = Language(SOURCE)
    lines = [f"# Model {model.model_id}", "", *simulated(model, language), ""]
    for part in (*SUMMARY, *EVALUATION):
        section = part(model, metrics, language)
        lines += [f"## {section.title}", ""]
        for content in section.content:
            lines += [*_markdown(content), ""]
    return "\n".join(lines).strip() + "\n"


def told(parts: Iterable[Part], model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Iterator[Section]:
    """The parts that can be told; an older model was judged by less, and recorded less."""
    for part in parts:
        try:
            yield part(model, metrics, language)
        except (KeyError, TypeError):
            continue


def _markdown(content: str | Points | Table) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, Points):
        yield from (f"- {sentence}" for sentence in content.sentences)
    else:
        yield from ([f"**{content.caption}**", ""] if content.caption else [])
        yield "| " + " | ".join(content.headers) + " |"
        yield "|" + "---|" * len(content.headers)
        for row in content.rows:
            yield "| " + " | ".join(cell.replace("|", "/") for cell in row) + " |"
