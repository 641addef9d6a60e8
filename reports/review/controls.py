"""The controls of the list's form: how the text of an address becomes a value, and what a control offers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from reports.review.words import Words

LONGEST_TEXT = 100
MOST_CHOICES = 120
YES, NO = ("true", "1", "on", "yes"), ("false", "0", "off", "no")


@dataclass(frozen=True)
class Control:
    """A control. form: the macro that draws it; read: the value of the texts given, ValueError on an impossible one."""

    form: ClassVar[str] = ""

    def read(self, texts: Sequence[str]) -> Any:
        """The value that the texts of an address stand for."""
        raise NotImplementedError

    def told(self, value: Any, words: Words) -> str:  # noqa: ARG002 - for controls whose values are codes
        """The value in words."""
        return str(value)


@dataclass(frozen=True)
class Search(Control):
    """A text to look for."""

    form: ClassVar[str] = "search"

    def read(self, texts: Sequence[str]) -> str:  # noqa: D102
        return _short(texts[-1])


@dataclass(frozen=True)
class Choice(Control):
    """Codes to choose from. offered: code and label, in the language of the page.

    is_several: the address may hold more than one. closed: the only possible codes; empty where any is.
    shows_code: beside the label.
    """

    form: ClassVar[str] = "choice"
    offered: Callable[[Words], Mapping[str, str]]
    is_several: bool = False
    closed: tuple[str, ...] = ()
    shows_code: bool = False

    def read(self, texts: Sequence[str]) -> Any:  # noqa: D102
        if len(texts) > MOST_CHOICES:
            raise ValueError(f"More than {MOST_CHOICES} values.")
        if self.closed and not set(texts) <= set(self.closed):
            raise ValueError(f"None of {', '.join(self.closed)}.")
        return tuple(map(_short, texts)) if self.is_several else _short(texts[-1])

    def told(self, value: Any, words: Words) -> str:  # noqa: D102
        offered = self.offered(words)
        return ", ".join(self._said(code, offered) for code in (value if self.is_several else [value]))

    def _said(self, code: str, offered: Mapping[str, str]) -> str:
        label = offered.get(code, code)
        return f"{label} ({code})" if self.shows_code and label != code else label


@dataclass(frozen=True)
class Many(Choice):
    """A menu of boxes, of which several may be ticked."""

    form: ClassVar[str] = "many"
    is_several: bool = True


@dataclass(frozen=True)
class Boxes(Choice):
    """A box for each code."""

    form: ClassVar[str] = "boxes"


@dataclass(frozen=True)
class Number(Control):
    """A whole number between two others."""

    form: ClassVar[str] = "number"
    lowest: int = 0
    highest: int | None = None

    def read(self, texts: Sequence[str]) -> int:  # noqa: D102
        number = int(_short(texts[-1]))
        if not self.lowest <= number <= (10**12 if self.highest is None else self.highest):
            raise ValueError(f"{number} is out of bounds.")
        return number


@dataclass(frozen=True)
class Tick(Control):
    """A box to tick; one that is not ticked asks nothing."""

    form: ClassVar[str] = "tick"

    def read(self, texts: Sequence[str]) -> bool:  # noqa: D102
        if texts[-1] not in YES + NO:
            raise ValueError(f'"{texts[-1]}" is neither yes nor no.')
        return texts[-1] in YES

    def told(self, value: Any, words: Words) -> str:  # noqa: ARG002, D102
        return words.say("yes")


def _short(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"More than {LONGEST_TEXT} characters.")
    return text
