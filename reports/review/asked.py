"""What a user asks of a list, as the address of its page holds it: filters, order and page."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from models.alerts import HIGH, MODERATE
from reports.review import columns, filters
from reports.review.access import Right
from reports.review.controls import Choice, Control, Number, Tick
from reports.review.words import Words

LAST_PAGE: Final = 100_000


class Address(Protocol):
    """The pairs after the question mark of an address."""

    def getlist(self, key: Any) -> list[str]:
        """All values of a name."""
        ...


class ImpossibleValueError(ValueError):
    """An address holds a value that no form offers."""


@dataclass(frozen=True)
class Asked:
    """values: of the filters that ask something, by name, in the order of the form; sort: None for the list's order."""

    values: Mapping[str, Any] = field(default_factory=dict)
    sort: str | None = None
    descending: bool = False
    page: int = 1

    @property
    def levels(self) -> tuple[str, ...]:
        """The alert levels shown: those on alert where nothing is asked."""
        return self.values.get("alert") or (HIGH, MODERATE)

    def get(self, name: str) -> Any:
        """The value of a filter; None where it asks nothing."""
        return self.levels if name == "alert" else self.values.get(name)

    def allowed(self, right: Right) -> "Asked":
        """Without what the user has no right to filter or to order by."""
        names = {one.name for one in filters.allowed(right)}
        kept = replace(self, values={name: value for name, value in self.values.items() if name in names})
        is_kept = self.sort is None or right.may_see(columns.column(self.sort).kind)
        return kept if is_kept else replace(kept, sort=None, descending=False)

    def asking(self, name: str, value: Any) -> "Asked":
        """With another value of a filter; None asks nothing."""
        values = {**self.values, name: value}
        return replace(self, values={key: one for key, one in values.items() if one is not None})

    def address(self, **changes: Any) -> str:
        """The pairs of the address of this state, with another order or page; page 1 unless the changes say another."""
        order = {"sort": self.sort, "descending": self.descending}
        pairs = []
        for name, value in {**self.values, **order, **changes}.items():
            values = value if isinstance(value, tuple) else [value]
            pairs += [
                (name, "true" if one is True else str(one)) for one in values if one is not None and one is not False
            ]
        return urlencode(pairs)

    def said(self, words: Words) -> list[tuple[str, str, str]]:
        """The filters in force, but for the alert level: title, value, and the address without it."""
        return [
            (one.title.told(words.language), one.control.told(self.values[one.name], words), self._without(one.name))
            for one in filters.FILTERS
            if one.name in self.values and one.name != "alert"
        ]

    def _without(self, name: str) -> str:
        return self.asking(name, None).address()

    @property
    def asks_more(self) -> bool:
        """Whether a filter that is not in sight is in force."""
        return any(one.name in self.values and not one.is_in_sight for one in filters.FILTERS)


def read_asked(address: Address) -> Asked:
    """What an address asks; blanks of the form ask nothing.

    Raises ImpossibleValueError on a value that no form offers.
    """

    def value(name: str, control: Control) -> Any:
        texts = [text for text in address.getlist(name) if text]
        try:
            found = control.read(texts) if texts else None
        except ValueError as error:
            raise ImpossibleValueError(f"{name}: {error}") from None
        # A box that is not ticked asks nothing.
        return None if found is False else found

    values = {one.name: value(one.name, one.control) for one in filters.FILTERS}
    sort = value("sort", Choice(lambda _: {}, closed=tuple(columns.sortable())))
    page = value("page", Number(1, LAST_PAGE)) or 1
    return Asked({k: v for k, v in values.items() if v is not None}, sort, value("descending", Tick()) or False, page)
