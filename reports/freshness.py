"""Data that are older than the newest delivery: whoever reads a figure made of them is told from when it is."""

from collections.abc import Iterable, Mapping
from datetime import date

from features.catalog import Feature
from reports.dictionary import source_title, sources_behind
from reports.language import Language

# Source -> the month of its last delivery, of the sources that are older than the newest delivery.
AsOf = Mapping[str, date]


def as_of(feature: Feature, older: AsOf) -> date | None:
    """The month of the oldest data that a feature is made of; None where all are of the newest delivery."""
    behind = {source for name in feature.sources for source in sources_behind(name)}
    return min((month for source, month in older.items() if source in behind), default=None)


def as_of_words(feature: Feature, older: AsOf, language: Language) -> str:
    """What is added to a figure: from when it is, in brackets; nothing where it is of the newest delivery."""
    month = as_of(feature, older)
    return language.say(" (as of {month})", month=language.month(month)) if month else ""


def older_data(older: AsOf, language: Language) -> Iterable[str]:
    """What is said of the whole list: one sentence, none where all data are of the newest delivery."""
    if older:
        told = ", ".join(
            source_title(source, language) + language.say(" (as of {month})", month=language.month(month))
            for source, month in older.items()
        )
        yield language.say("Data older than the newest delivery: {sources}.", sources=told)
