"""French and English: messages, numbers and months as people read them.

A message is written in English where it is said; its French is in the catalogues of `locale/fr/LC_MESSAGES/`.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files

from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from features.errors import InputError

SOURCE = "en"
LANGUAGES = ("fr", SOURCE)


@cache
def translations(code: str) -> dict[str, str]:
    """Message -> its translation; empty for the language in which messages are written."""
    if code == SOURCE:
        return {}
    found: dict[str, str] = {}
    for path in files("reports").joinpath(f"locale/{code}/LC_MESSAGES").iterdir():
        if path.name.endswith(".po"):
            with path.open("rb") as file:
                found |= {str(m.id): str(m.string) for m in read_po(file, locale=code) if m.id}
    return found


@cache
def definitions(code: str) -> dict[str, str]:
    """Feature -> what it is, of those that are not derived from another; none in the language of the catalogue."""
    if code == SOURCE:
        return {}
    with files("reports").joinpath(f"locale/{code}/definitions.po").open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file, locale=code) if m.id}


@dataclass(frozen=True)
class Language:
    """A language to write in: `fr` or `en`.

    Raises InputError on another.
    """

    code: str

    def __post_init__(self) -> None:  # noqa: D105
        if self.code not in LANGUAGES:
            raise InputError(f'"{self.code}" is not a language of the reports. Choose one of: {", ".join(LANGUAGES)}.')

    def say(self, message: str, **values: str) -> str:
        """The message in this language, with its values; raises KeyError if it has no translation."""
        return (message if self.code == SOURCE else translations(self.code)[message]).format(**values)

    def number(self, value: float, decimals: int = 0) -> str:
        """With the separators of the language; a decimal that is 0 is not shown."""
        return _number(round(value, decimals) + 0.0, decimals, self.code)

    def counted(self, value: float, one: str, many: str, decimals: int = 0) -> str:
        """A quantity with its unit: "1 month", "3.1 months"; `one` and `many` hold `{number}`."""
        rounded = abs(round(value, decimals))
        is_one = rounded == 1 or (self.code == "fr" and rounded < 2)
        return self.say(one if is_one else many, number=self.number(value, decimals))

    def month(self, day: date) -> str:
        """As in "December 2022"."""
        return _month(day, self.code)

    def day(self, day: date) -> str:
        """A day in figures, as its readers write it."""
        return f"{day:%d/%m/%Y}" if self.code == "fr" else f"{day:%Y-%m-%d}"


# Cached: a page of a list has hundreds of numbers, an export of the whole country a million, mostly the same.
@lru_cache(maxsize=1 << 16)
def _number(rounded: float, decimals: int, code: str) -> str:
    return str(format_decimal(rounded, format="#,##0." + "#" * decimals, locale=code))


@lru_cache(maxsize=1 << 10)
def _month(day: date, code: str) -> str:
    return str(format_date(day, "MMMM y", locale=code))
