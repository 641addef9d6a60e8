"""The entry of the model in use in registers of public algorithms: Etalab's inventory and the UK's ATRS.

Etalab: "L'inventaire des principaux traitements algorithmiques", 11 February 2021, in its own words
(guides.etalab.gouv.fr, algorithmes/2-inventaire.md). ATRS: Algorithmic Transparency Recording Standard, the names of
the template of version 3.0. What the program knows comes from the model; what only the administration knows comes
from its settings, and is told to be missing where it is not set.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from features.sources import SOURCES
from models.evaluation.records import Metrics
from models.protocol import LIGHTGBM
from models.registry.model import RiskModel
from reports.card.limits import limits
from reports.card.parts import WORDS, Points, Section
from reports.card.summary import alerts, made_of, what_it_is
from reports.dictionary import known_words, source_title
from reports.language import Language
from reports.reasons import THEME_WORDS

ETALAB, ATRS = "etalab", "atrs"
STANDARDS: Final = {ETALAB: "Etalab, inventaire des algorithmes, 2021-02-11", ATRS: "ATRS v3.0"}
# One after another, the sections of Etalab's inventory.
ADMINISTRATION, DECISION, IMPACT, WORKING = (
    "The administration",
    "The algorithm and the decision",
    "The impact of the decision",
    "How the algorithm works",
)


@dataclass(frozen=True)
class Known:
    """What an entry is written from. own: what the administration says, by the key of the field."""

    model: RiskModel
    metrics: Metrics | None
    language: Language
    own: Mapping[str, str]

    def say(self, message: str, **values: str) -> str:
        """A message."""
        return self.language.say(message, **values)


@dataclass(frozen=True)
class Field:
    """A field of a register. etalab, atrs: its name in each, empty where it has none.

    tell: from what the program knows; None of what only the administration knows.
    """

    key: str
    section: str
    title: str
    etalab: str
    atrs: str
    tell: Callable[[Known], Iterable[str]] | None = None


@dataclass(frozen=True)
class Entry:
    """A field with what is told in it: sentences, none where the administration has not said it."""

    field: Field
    title: str
    section: str
    told: tuple[str, ...]


def _always(*messages: str) -> Callable[[Known], Iterable[str]]:
    return lambda known: [known.say(message) for message in messages]


def _sentences(section: Section) -> Iterator[str]:
    for content in section.content:
        if isinstance(content, Points):
            yield from content.sentences
        elif isinstance(content, str):
            yield content


def _updated(known: Known) -> Iterator[str]:
    yield known.say(
        "Model trained on what was known at the start of {month}.", month=known.language.month(known.model.facts.as_of)
    )


def _purpose(known: Known) -> Iterator[str]:
    yield known.say(
        "Each month it estimates, for each firm in scope, the probability that a first insolvency procedure opens "
        "within {months} months, so that agents can offer help in time. It decides nothing: people do.",
        months=str(known.model.facts.horizon),
    )


def _concerned(known: Known) -> Iterator[str]:
    yield known.say(
        "Firms that have had at least {count} employees at some time, whatever their legal form but for those out of "
        "scope. A firm on alert may be contacted and offered help; nothing is taken from it or refused to it.",
        count=known.language.number(known.model.facts.data.min_headcount),
    )


def _data(known: Known) -> Iterator[str]:
    counts: dict[str, int] = {}
    for column in known.model.inputs:
        counts[column.theme] = counts.get(column.theme, 0) + 1
    for theme, count in counts.items():
        words = known.say(THEME_WORDS[theme]) if theme in THEME_WORDS else theme
        told = known.language.counted(count, "{number} figure", "{number} figures")
        yield known.say("{label}: {value}", label=words, value=told)


def _delivered(known: Known) -> list[Any]:
    return [source for source in SOURCES if source.name not in known.model.facts.data.absent_sources]


def _sources(known: Known) -> Iterator[str]:
    yield from (source_title(source.name, known.language) for source in _delivered(known))


def _collection(known: Known) -> Iterator[str]:
    yield known.say("Files that the partners deliver each month; a record counts from the day on which it is known.")
    for source in _delivered(known):
        yield f"{getattr(source, known.language.code)}{known.say(': ')}{known_words(source, known.language)}"


def _operations(known: Known) -> Iterator[str]:
    yield from _sentences(what_it_is(known.model, known.metrics, known.language))


def _version(known: Known) -> Iterator[str]:
    yield known.model.model_id


def _performance(known: Known) -> Iterator[str]:
    if known.metrics:
        section = alerts(known.model, known.metrics, known.language)
        yield from _sentences(section)
        yield from (" – ".join(row) for one in section.content for row in getattr(one, "rows", ()))


def _datasets(known: Known) -> Iterator[str]:
    section = made_of(known.model, known.metrics, known.language)
    yield from _sentences(section)
    for table in section.content:
        headers = getattr(table, "headers", ())
        for row in getattr(table, "rows", ()):
            yield "; ".join(f"{head}{known.say(': ')}{cell}" for head, cell in zip(headers, row, strict=True))


def _risks(known: Known) -> Iterator[str]:
    yield from _sentences(limits(known.model, known.metrics, known.language))


def _alternatives(known: Known) -> Iterator[str]:
    names = [name for name in (known.metrics.models if known.metrics else ()) if name != LIGHTGBM]
    if not names:
        yield known.say("No other model was judged on the same months.")
        return
    told = ", ".join(known.say(WORDS[name]) if name in WORDS else name for name in names)
    yield known.say("Judged on the same months: {models}.", models=told)


FIELDS: Final = (
    Field(
        "organisation",
        ADMINISTRATION,
        "Name of the administration",
        "Nom de l'administration concernée",
        "Organisation or department",
    ),
    Field("team", ADMINISTRATION, "Department in charge", "Direction/service porteur", "Team"),
    Field(
        "contact",
        ADMINISTRATION,
        "Contact in the administration",
        "Contact au sein de l'administration concernée",
        "Contact email",
    ),
    Field("senior_responsible_owner", ADMINISTRATION, "Who answers for it", "", "Senior responsible owner"),
    Field("external_supplier", ADMINISTRATION, "External supplier and role", "", "External supplier involvement"),
    Field(
        "updated",
        ADMINISTRATION,
        "Date of the information",
        "Date de mise à jour des informations",
        "Date updated",
        _updated,
    ),
    Field("name", DECISION, "Name of the algorithm", "Nom de l'algorithme", "Name", lambda _: ["weaksignals"]),
    Field(
        "context",
        DECISION,
        "Context",
        "Contexte global",
        "Detailed description",
        _always(
            "Administrations that may help a firm in difficulty (payment plans, short-time work, mediation, prevention "
            "by the commercial court) often learn of it when it is too late. Agents read the list, check, and decide "
            "whom to contact."
        ),
    ),
    Field("purpose", DECISION, "Purpose", "Finalité de l'algorithme", "Description", _purpose),
    Field(
        "process",
        DECISION,
        "How and when it takes part in the decision",
        "Comment et quand l'algorithme intervient-il dans la prise de décision ?",
        "Process integration",
        _always(
            "Each month a list is made of what the partners deliver. Agents read the firms of their territory with the "
            "reasons of each risk, look at the firm's figures, and contact it or not. What they find is written down "
            "and is used to judge the model."
        ),
    ),
    Field(
        "automation",
        DECISION,
        "How far the decision is automated",
        "Niveau d'automatisation de la décision",
        "Human decisions and review",
        _always("Not at all: it is an aid. No decision on a firm is made without a person."),
    ),
    Field(
        "provided",
        DECISION,
        "What agents are told",
        "",
        "Provided information",
        _always(
            "For each firm its risk with an interval, at several horizons, the reasons in words with their figures "
            "beside the sector, what is not known, and how often such an alert was right."
        ),
    ),
    Field("legal_basis", DECISION, "Legal basis", "Fondements juridiques", ""),
    Field("website", DECISION, "Related resources", "Ressources connexes", "Website URL"),
    Field(
        "benefits",
        DECISION,
        "Benefits",
        "",
        "Benefit",
        _always("Help can be offered months earlier, and where it is needed most."),
    ),
    Field("phase", DECISION, "Phase: trial, in use, withdrawn", "", "Phase"),
    Field("previous_process", DECISION, "How it was done before", "", "Previous process"),
    Field("alternatives", DECISION, "Alternatives considered", "", "Alternatives considered", _alternatives),
    Field("training", DECISION, "Training of those who use it", "", "Required training"),
    Field(
        "appeals",
        DECISION,
        "How to contest",
        "",
        "Appeals and review",
        _always(
            "A firm may ask which data were used and what was said of it, have wrong data corrected, and contest: "
            "write to the contact above. The answer tells the reasons of each list."
        ),
    ),
    Field(
        "decisions_a_year",
        IMPACT,
        "Number of decisions a year",
        "Nombre de décisions administratives prises par an",
        "Frequency and scale of usage",
    ),
    Field(
        "reach",
        IMPACT,
        "Reach of the decision",
        "Portée de la décision",
        "Scope",
        _always("External: whether a firm is contacted and offered help."),
    ),
    Field("concerned", IMPACT, "Who is concerned", "Public concerné par la décision", "", _concerned),
    Field("impact_assessment", IMPACT, "Impact assessments", "", "Impact assessment"),
    Field("risks", IMPACT, "Risks and limits", "", "Risks", _risks),
    Field("data", WORKING, "Data processed", "Données traitées", "Data description", _data),
    Field("sources", WORKING, "Source of the data", "Source des données traitées", "Source data name", _sources),
    Field(
        "collection",
        WORKING,
        "How the data are collected",
        "Mode de collecte des données traitées",
        "Data collection",
        _collection,
    ),
    Field(
        "sensitive",
        WORKING,
        "Personal and sensitive data",
        "",
        "Sensitive attributes",
        _always(
            "No figure describes a person. A firm may be one person: what is known of it is then personal data, and "
            "its name is not published where that person objects."
        ),
    ),
    Field("data_sharing", WORKING, "Agreements on data", "", "Data sharing agreements"),
    Field("data_storage", WORKING, "Where the data are kept and who has access", "", "Data access and storage"),
    Field(
        "type",
        WORKING,
        "Type of algorithm",
        "Type d'algorithme",
        "Model architecture",
        _always("Machine learning: gradient boosting of decision trees (LightGBM), calibrated."),
    ),
    Field(
        "operations", WORKING, "What it computes", "Opérations effectuées par l'algorithme", "Model task", _operations
    ),
    Field("model_version", WORKING, "Version of the model", "", "Model version", _version),
    Field("performance", WORKING, "Performance", "", "Model performance", _performance),
    Field("datasets", WORKING, "What it was trained and tested on", "", "Datasets and their purposes", _datasets),
    Field(
        "maintenance",
        WORKING,
        "Maintenance",
        "",
        "Maintenance",
        _always(
            "Each list is checked against training and the list before, and is not published where it departs too far. "
            "A new model replaces this one only if it is no worse and passes the same tests."
        ),
    ),
    Field("source_code", WORKING, "Source code", "Ressources connexes", ""),
)
# What only the administration knows.
OWN: Final = tuple(field.key for field in FIELDS if field.tell is None)


def entries(known: Known) -> list[Entry]:
    """Every field in the order of the inventory."""
    found = []
    for field in FIELDS:
        told = tuple(field.tell(known)) if field.tell else tuple(filter(None, [known.own.get(field.key, "")]))
        found.append(Entry(field, known.say(field.title), known.say(field.section), told))
    return found


def document(known: Known) -> dict[str, Any]:
    """The entry as other programs read it; `value` is null where the administration has not said it."""
    return {
        "standards": STANDARDS,
        "language": known.language.code,
        "model_id": known.model.model_id,
        "simulated": known.model.is_simulated,
        "fields": [
            {
                "key": entry.field.key,
                "section": entry.section,
                "title": entry.title,
                ETALAB: entry.field.etalab or None,
                ATRS: entry.field.atrs or None,
                "value": list(entry.told) or None,
            }
            for entry in entries(known)
        ],
    }
