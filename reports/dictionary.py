"""The data dictionary, from the declarations that the pipeline runs on."""

from collections.abc import Iterable
from typing import Final

from features.assemble import CATALOG
from features.catalog import Feature
from features.sources import SOURCES
from features.sources.source import Source, next_delivery
from reports.cells import csv_text
from reports.language import Language, definitions

COLUMNS = ("name", "theme", "unit", "direction", "en", "fr", "definition", "known", "base")
DIRECTIONS = {1: "a higher value raises the risk", -1: "a higher value lowers the risk", 0: "no fixed direction"}
UNITS: Final = {
    "EUR": "euros",
    "share": "share (0 to 1)",
    "%": "percent",
    "yes/no": "yes or no",
    "category": "category",
    "months": "months",
    "days": "days",
    "years": "years",
    "hours": "hours",
    "persons": "persons",
    "plans": "plans",
    "requests": "requests",
    "suppliers": "suppliers",
    "firms": "firms",
    "notices": "notices",
    "fiscal years": "fiscal years",
}
# The date from which a record of a source is known, by its column -> in words.
DATES: Final = {
    "created_on": "the creation",
    "started_on": "the day on which it starts",
    "ended_on": "the end of the month or quarter",
    "closed_on": "the closing of the accounts",
    "treated_on": "the day on which it was processed",
    "effective_on": "the day on which it takes effect",
    "decided_on": "the decision",
    "published_on": "the publication",
    "measured_on": "the measurement",
}
# Sources -> what they are used for besides features.
USES: Final = {
    "urssaf_procedures": "which firms opened a procedure: what is predicted, and which firms are not scored",
    "bodacc": "which firms opened a procedure: what is predicted, and which firms are not scored",
    "legal_unit_history": "which legal category, activity, head office and state a firm had at each date",
    "establishment_history": "which activity a firm had at each date",
    "perimeter_filter": "which firms are in scope",
}
# Names of sources as features give them -> the sources themselves, where they are not the same.
BEHIND: Final = {
    "headcounts": ("firm_headcounts", "establishment_headcounts"),
    "procedures": ("urssaf_procedures", "bodacc"),
    "firms": ("legal_units",),
}


def sources_behind(name: str) -> tuple[str, ...]:
    """The sources that a name given by a feature stands for."""
    return BEHIND.get(name, (name,))


def source_names(names: Iterable[str], language: Language) -> str:
    """Sources as people call them, each once, separated by commas; a name that is unknown stays as it is."""
    ours = {source.name: str(getattr(source, language.code)) for source in SOURCES}
    return ", ".join(dict.fromkeys(ours.get(name, name) for of in names for name in sources_behind(of)))


def source_title(name: str, language: Language) -> str:
    """What a source is, and who delivers it."""
    source = next(source for source in SOURCES if source.name == name)
    text = str(getattr(source, language.code))
    return f"{text} ({source.provider})" if source.provider else text


def definition_of(feature: Feature, language: Language) -> str:
    """How a feature is computed; of one that is derived from another, what it is called."""
    if feature.derived_from:
        return f"{getattr(feature, language.code)}."
    return definitions(language.code).get(feature.name, feature.definition.replace("`", ""))


def is_made_of(feature: Feature, source: Source) -> bool:
    """Whether a feature is computed from a source."""
    return any(source.name in sources_behind(name) for name in feature.sources)


def known_words(source: Source, language: Language) -> str:
    """When a record of a source becomes known, in words."""
    if source.known_at is None:
        return language.say("known immediately")
    day, lag = language.say(DATES[source.known_at.column]), source.known_at.lag
    if lag == next_delivery:
        return language.say("known at the monthly delivery after {day}", day=day)
    if lag == 0:
        return language.say("known from {day} on", day=day)
    if lag == 1:
        return language.say("known one month after {day}", day=day)
    return language.say("known {months} months after {day}", months=str(lag), day=day)


def dictionary_rows() -> list[dict[str, str]]:
    """One row per feature; known: when the records behind it become known."""
    known = {source.name: f"{source.title}: {source.known_at}" for source in SOURCES if source.known_at}
    known |= {"headcounts": known["firm_headcounts"], "procedures": known["urssaf_procedures"]}
    return [
        {
            "name": f.name,
            "theme": f.theme,
            "unit": f.unit,
            "direction": DIRECTIONS[f.direction],
            "en": f.en,
            "fr": f.fr,
            "definition": f.definition,
            "known": "; ".join(known.get(name, "register") for name in f.sources),
            "base": f.derived_from or "",
        }
        for f in CATALOG
    ]


def as_csv() -> str:
    """The dictionary as CSV."""
    return csv_text(COLUMNS, ([row[name] for name in COLUMNS] for row in dictionary_rows()))


def as_markdown() -> str:
    """The dictionary as Markdown: one table per theme."""
    rows = dictionary_rows()
    lines = [
        "# Data dictionary",
        "",
        "Key: `siren`, `period` (the first day of a month). Null is unknown, never 0.",
        "",
    ]
    for theme in dict.fromkeys(row["theme"] for row in rows):
        lines += [f"## {theme}", "", "| feature | unit | direction | label | libellé | definition | known |"]
        lines.append("|---|---|---|---|---|---|---|")
        for row in rows:
            if row["theme"] == theme:
                cells = [row[name] for name in ("unit", "direction", "en", "fr", "definition", "known")]
                lines.append("| " + " | ".join([f"`{row['name']}`", *(c.replace("|", "/") for c in cells)]) + " |")
        lines.append("")
    return "\n".join(lines)
