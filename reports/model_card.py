"""What the model is, how it was judged and where its limits are, from its own metadata: the card, and public pages.

It is told in French and English; its figures are those of the model, its facts and `metrics.json`, none typed by hand.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from models.registry.registry import PICTURES
from reports.card import evaluation, summary
from reports.card.limits import limits
from reports.card.parts import Content, Part, Picture, Points, Section, picture_file, simulated
from reports.language import SOURCE, Language

# For everybody, then for who wants to know how that was judged.
SUMMARY: Final[tuple[Part, ...]] = (
    Part(summary.what_it_is, ("as_of", "horizon")),
    Part(summary.weights, ("weights",)),
    Part(summary.pictures, ("pictures",)),
    Part(summary.made_of, ("split", "horizon")),
    Part(summary.alerts, (f"models.{LIGHTGBM}",)),
    Part(summary.lead_time, ("lead_time",)),
    Part(limits, ("data", "horizon")),
)
EVALUATION: Final[tuple[Part, ...]] = (
    Part(evaluation.groups, ("groups",)),
    Part(evaluation.calibration, ("calibration", "failure_rate")),
    Part(evaluation.stability, ("stability",)),
    Part(evaluation.horizons, ("horizons",)),
    Part(evaluation.protocols, ("protocols",)),
    Part(evaluation.beside, ("models",)),
    Part(evaluation.how_sure, ("intervals", f"models.{LIGHTGBM}")),
    Part(evaluation.procedures, ("procedures",)),
    Part(evaluation.checks, ("checks",)),
    Part(
        evaluation.data,
        ("data.batch", "data.fingerprint", "data.dictionary_version", "code", "versions", "trees"),
    ),
)


def model_card(model: RiskModel, metrics: Mapping[str, Any]) -> str:
    """All parts in English as Markdown.

    metrics: of `models.training.training.train`, `checks`, and `pictures`: of `reports.card.pictures`, alternatives.
    """
    language = Language(SOURCE)
    lines = [f"# Model {model.model_id}", "", *simulated(model, language), ""]
    for section in told((*SUMMARY, *EVALUATION), model, metrics, language):
        lines += [f"## {section.title}", ""]
        for content in section.content:
            lines += [*_markdown(content), ""]
    return "\n".join(lines).strip() + "\n"


def told(parts: Iterable[Part], model: RiskModel, metrics: Mapping[str, Any], language: Language) -> Iterator[Section]:
    """The parts of which all is known."""
    return (part.tell(model, metrics, language) for part in parts if part.is_known(model, metrics))


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
