"""What monitoring found, in words."""

from typing import Final

from features.assemble import CATALOG
from models.monitoring.records import TITLES, Finding, Values
from reports.figures import category, percent
from reports.language import Language, translations

LABELS: Final = {feature.name: {"fr": feature.fr, "en": feature.en} for feature in CATALOG}
SUBJECTS: Final = {
    "firms": "Firms in scope",
    "alerts": "Alerts",
    "score": "Score",
    "model": "Model",
    "features": "Features",
    "files": "Files",
    "labels": "Outcomes",
}


def label(subject: str, language: Language) -> str:
    """What a finding is about, or a feature, in words; unchanged if we have no words for it."""
    if subject in LABELS:
        return LABELS[subject][language.code]
    by, _, code = subject.partition(" ")
    if code and by in ("departement", "naf_section"):
        return category(by, code, language)
    return language.say(SUBJECTS[subject]) if subject in SUBJECTS else TITLES.get(subject, subject)


def sentence(finding: Finding, language: Language) -> str:
    """The finding in the reader's language."""
    return said(finding.message, finding.values, language)


def said(message: str, values: Values, language: Language) -> str:
    """A message with its values: a name in `_share` is a share (0-1); a text is said in the language if it can be."""
    return language.say(message, **{name: _figure(name, value, language) for name, value in values.items()})


def _figure(name: str, value: str | float, language: Language) -> str:
    if isinstance(value, str):
        return language.say(value) if value in translations("fr") else value
    return percent(100 * value, language) if name.endswith("_share") else language.number(value, 2)
