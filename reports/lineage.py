"""All that a figure, a score and a list about one firm came from: what is answered to whoever contests them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from features.assemble import CATALOG
from features.build_record import dictionary
from features.catalog import Feature
from features.errors import InputError
from features.lineage import LineRead, delivered_sources
from features.variables import hint
from reports.language import Language
from reports.reasons import ReasonSettings, sentence_of, value_words


@dataclass(frozen=True)
class Figure:
    """A feature of the firm.

    value: in words with its unit; sentence: as a reason would say it; contribution: in log-odds, None where the month
    was not scored. version: digest of the feature's entry in the catalogue, which changes with its formula's meaning.
    """

    feature: str
    theme: str
    label: str
    value: str
    sentence: str
    contribution: float | None
    definition: str
    version: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Listed:
    """A published list in which the firm is. rank: None for a firm in a procedure. sentences: its reasons."""

    month: str
    rank: int | None
    alert: str
    probability: float
    model_id: str
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Opened:
    """Somebody asked the review application for a page or file of the firm. at: UTC."""

    at: str
    by: str
    action: str
    outcome: str


@dataclass(frozen=True)
class Scored:
    """The score of the month. base, margin: log-odds.

    is_same_table: whether the table still gives that margin; None where that was not looked at.
    """

    model_id: str
    code: str
    base: float
    margin: float
    probability: float
    is_same_table: bool | None = None


@dataclass(frozen=True)
class Lineage:
    """Where what is said of a firm in a month came from.

    dictionary_version, fingerprint, batch: of the feature table. staged_since: files that were delivered or replaced
    since it was built. scored: None where the month was not scored. opened: of the firm, whatever the month.
    """

    siren: str
    month: str
    batch: str
    dictionary_version: str
    fingerprint: str
    staged_since: tuple[str, ...]
    scored: Scored | None
    figures: tuple[Figure, ...]
    records: tuple[LineRead, ...]
    listed: tuple[Listed, ...]
    opened: tuple[Opened, ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON writes it: days as YYYY-MM-DD."""
        return {
            **asdict(self),
            "records": [
                {**asdict(record), "known_on": str(record.known_on), "values": _plain(record.values)}
                for record in self.records
            ],
        }


def features_asked(name: str | None) -> tuple[Feature, ...]:
    """The feature of that name, with those that derive from the same one; all where no name is given.

    Raises InputError where there is none of that name.
    """
    if name is None:
        return CATALOG
    named = {feature.name: feature for feature in CATALOG}
    if name not in named:
        raise InputError(
            f"No feature is named {name}{hint(name, named, {})} They are listed by: weaksignals dictionary"
        )
    return tuple(feature for feature in CATALOG if feature.root == named[name].root)


def sources_of(features: Sequence[Feature]) -> tuple[str, ...]:
    """The sources that those features are made of."""
    return delivered_sources(source for feature in features for source in feature.sources)


def figures(
    features: Sequence[Feature],
    row: Mapping[str, Any],
    contributions: Mapping[str, float] | None,
    settings: ReasonSettings,
    language: Language,
) -> tuple[Figure, ...]:
    """Each feature with its value and what it added to the score, what weighs most first.

    row: the firm's row of the feature table; contributions: by feature, None where the month was not scored. Figures of
    confidential accounts are shown: it is the firm that asks, or who answers for the system.
    """
    versions = dictionary()
    found = [
        Figure(
            feature.name,
            feature.theme,
            getattr(feature, language.code),
            value_words(feature.name, row.get(feature.name), language),
            sentence_of(feature, row, settings, language, shows_confidential=True),
            None if (added := (contributions or {}).get(feature.name)) is None else float(added),
            feature.definition,
            versions[feature.name],
            delivered_sources(feature.sources),
        )
        for feature in features
    ]
    return tuple(sorted(found, key=lambda figure: -abs(figure.contribution or 0.0)))


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value for name, value in values.items()}
