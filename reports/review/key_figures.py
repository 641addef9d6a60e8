"""A firm's figures beside its sector: each with its source, from when it is, and whether it is better or worse."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from features.catalog import Feature
from features.periods import add_months
from features.sources import SOURCES
from reports.charts import strip
from reports.dictionary import definition_of, known_words, source_title, sources_behind
from reports.freshness import as_of_words
from reports.language import Language
from reports.reasons import FEATURES
from reports.review.data import PublishedList, Reader, Row, UnreadableError
from reports.review.sectors import KEY_FIGURES, sector_quartiles
from reports.review.wording import known

BETTER: Final = "better"
WORSE: Final = "worse"
# Theme -> the feature that tells how many months old its figures are for this firm, and from when on they are old.
AGES: Final[Mapping[str, tuple[str, int]]] = {
    "financial_health": ("accounts_age", 24),
    "workforce": ("headcount_age", 9),
    "payment_behaviour": ("paydex_age", 6),
}
_SOURCES: Final = {source.name: source for source in SOURCES}


class Newest(NamedTuple):
    """The newest record of a source that tells of a firm. month: of which it tells, None where it tells of a day."""

    known_on: date
    month: date | None = None


@dataclass(frozen=True)
class KeyFigure:
    """A figure of the firm.

    quartiles: of its sector, None where too few firms have it; standing: BETTER or WORSE than three firms in four of
    its sector, empty where it is neither or where nobody knows which is better. definition, as_of: in words; as_of is
    empty where the data are of the newest delivery. known: from whom, and when its newest record became known.
    sources: see `told_source`. month: which one it tells of, None where that is the list's; is_old: long ago.
    """

    name: str
    theme: str
    value: float | str
    quartiles: tuple[float, float, float] | None
    standing: str
    definition: str
    sources: tuple[str, ...]
    known: str = ""
    as_of: str = ""
    month: date | None = None
    is_old: bool = False

    @property
    def strip(self) -> str:
        """The figure beside the sector, as a picture; empty without a sector or of what is no number."""
        drawn = self.quartiles and not isinstance(self.value, str)
        return strip(float(self.value), self.quartiles, self.standing) if drawn and self.quartiles else ""


def key_figures(
    reader: Reader, published: PublishedList, values: Row, newest: Mapping[str, Newest], language: Language
) -> list[KeyFigure]:
    """The figures of a firm that are known, in the order of the catalogue.

    values: those that the user may see. newest: of each source, see `reports.review.firm`.
    """
    if published.features is None:
        return []
    division = values.get("naf_division")
    sector = sector_quartiles(reader, published.features, division) if division else {}
    deliveries = _deliveries(published)
    found = []
    for name in KEY_FIGURES:
        feature, value = FEATURES[name], known(values.get(name))
        if value is None or (feature.unit == "notices" and not value):
            continue
        month, is_old = _age(feature, values, newest, published.period)
        found.append(
            KeyFigure(
                name,
                feature.theme,
                value,
                sector.get(name),
                standing(value, sector.get(name), feature.direction),
                definition_of(feature, language),
                tuple(
                    told_source(one, deliveries, language, newest.get(of))
                    for of in feature.sources
                    for one in sources_behind(of)
                ),
                told_known(feature, newest, deliveries, language),
                as_of_words(feature, published.older, language),
                month,
                is_old,
            )
        )
    return found


def standing(value: float | str, quartiles: tuple[float, float, float] | None, direction: int) -> str:
    """Where a value lies outside the middle half of its sector: on which side, by the feature's direction."""
    if quartiles is None or not direction or isinstance(value, str):
        return ""
    low, _, high = quartiles
    if value > high:
        return WORSE if direction > 0 else BETTER
    if value < low:
        return BETTER if direction > 0 else WORSE
    return ""


def told_known(
    feature: Feature, newest: Mapping[str, Newest], deliveries: Mapping[str, date], language: Language
) -> str:
    """Who tells a figure, and when the newest record of the firm that it is made of became known.

    Without a record of the firm, such as of a debt of 0: when it was last looked for. Empty where neither is known.
    """
    behind = {of: sources_behind(of) for of in feature.sources}
    told = [of for of in behind if of in newest]
    if told:
        providers = _providers(one for of in told for one in behind[of])
        day = language.day(max(newest[of].known_on for of in told))
        return language.say("{provider}, known on {day}", provider=providers, day=day)
    looked = [one for names in behind.values() for one in names if one in deliveries]
    if not newest or not looked:
        return ""
    month = language.month(max(deliveries[one] for one in looked))
    said = "{provider}: nothing on this firm (last delivery: {month})"
    return language.say(said, provider=_providers(looked), month=month)


def _providers(names: Iterable[str]) -> str:
    """Who delivers those sources, each once."""
    return ", ".join(dict.fromkeys(_SOURCES[name].provider for name in names if _SOURCES[name].provider))


def told_source(name: str, deliveries: Mapping[str, date], language: Language, newest: Newest | None = None) -> str:
    """A source with who delivers it, its last delivery, its newest record of the firm, and when records are known."""
    said = [source_title(name, language)]
    if name in deliveries:
        said.append(language.say("delivery of {month}", month=language.month(deliveries[name])))
    if newest:
        said.append(language.say("newest record of this firm known on {day}", day=language.day(newest.known_on)))
    if name in _SOURCES:
        said.append(known_words(_SOURCES[name], language))
    return ", ".join(said)


def _deliveries(published: PublishedList) -> dict[str, date]:
    try:
        return published.table.record.deliveries(published.period)
    except UnreadableError:
        return {}


def _age(feature: Feature, values: Row, newest: Mapping[str, Newest], period: date) -> tuple[date | None, bool]:
    """The month of which a figure tells, and whether that is long ago."""
    name, oldest = AGES.get(feature.theme, ("", 0))
    age = known(values.get(name))
    if feature.name == name:
        return None, False
    if age is None:
        months = [month for of in feature.sources if of in newest and (month := newest[of].month)]
        return max(months, default=None), False
    return add_months(period, -round(age)), age > oldest
