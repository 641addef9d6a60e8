"""The state of the list's page, as its address holds it, and the SQL conditions that it stands for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from features.periods import add_months
from models.alerts import HIGH, MODERATE
from reports.reasons import THEME_WORDS
from reports.review.access import Right
from reports.review.data import PublishedList, source

# How many past lists "how often on alert" looks at.
PAST_LISTS: Final = 12
YOUNG_MONTHS: Final = 36
ORDERS: Final = {
    "rank": "l.rank",
    "name": "coalesce(f.name, l.name)",
    "departement": "l.departement",
    "headcount": "l.headcount",
    "headcount_growth": "x.headcount_growth_12m",
    "probability": "l.probability",
    "debt": "x.debt",
}
THEMES: Final = tuple(THEME_WORDS)


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _filled(values: Any) -> Any:
    return [value for value in values if value != ""] if isinstance(values, list | tuple) else values


Number = Annotated[Annotated[int, Field(ge=0, le=10**12)] | None, BeforeValidator(_blank_is_none)]
Text = Annotated[str, Field(max_length=100)]
Choices = Annotated[tuple[Text, ...], BeforeValidator(_filled), Field(max_length=120)]


class Filters(BaseModel):
    """What a user asks of a list; blanks of the form are nothing asked."""

    model_config = ConfigDict(frozen=True)

    q: Text = ""
    alert: Annotated[tuple[Literal["high", "moderate", "none"], ...], BeforeValidator(_filled)] = ()
    first_alert: bool = False
    min_alerts: Annotated[Annotated[int, Field(ge=1, le=PAST_LISTS)] | None, BeforeValidator(_blank_is_none)] = None
    departement: Choices = ()
    region: Choices = ()
    section: Text = ""
    division: Text = ""
    legal: Text = ""
    min_headcount: Number = None
    min_debt: Number = None
    state: Text = ""
    no_plan: bool = False
    no_young: bool = False
    theme: Annotated[Literal[(*THEMES,)] | None, BeforeValidator(_blank_is_none)] = None  # type: ignore[valid-type]  # built from THEMES
    unreviewed: bool = False
    unfollowed: bool = False
    sort: Literal[(*ORDERS,)] | None = None  # type: ignore[valid-type]  # built from ORDERS
    descending: bool = False
    page: Annotated[int, Field(ge=1, le=100_000)] = 1

    @property
    def levels(self) -> tuple[str, ...]:
        """The alert levels shown: those on alert where nothing is asked."""
        return self.alert or (HIGH, MODERATE)

    def allowed(self, right: Right) -> "Filters":
        """Without what the user has no right to filter or sort by."""
        asked = self.model_dump(exclude_defaults=True)
        kept = {name: value for name, value in asked.items() if right.may_filter(name)}
        if self.sort and not right.may_filter(self.sort):
            kept = {name: value for name, value in kept.items() if name not in ("sort", "descending")}
        return Filters(**kept)

    def address(self, **changes: Any) -> str:
        """The query string of this state with some changes; page 1 unless it is one of them."""
        state = {**self.model_dump(exclude_defaults=True, exclude={"page"}), **changes}
        pairs = []
        for name, value in state.items():
            values = value if isinstance(value, list | tuple) else [value]
            pairs += [(name, "true" if v is True else str(v)) for v in values if v not in (None, False, "")]
        return urlencode(pairs)

    @property
    def siren(self) -> str | None:
        """The digits searched, where it is a SIREN (or its beginning) that is."""
        digits = re.sub(r"\s", "", self.q)
        return digits if digits.isdigit() else None


@dataclass(frozen=True)
class Condition:
    """An SQL condition, its parameters, and the tables that it reads beside the list (f: register, x: features)."""

    sql: str
    parameters: tuple[Any, ...] = ()
    tables: frozenset[str] = frozenset()


def conditions(
    filters: Filters, right: Right, published: PublishedList, reviewed: Sequence[str], followed: Sequence[str]
) -> list[Condition]:
    """All conditions but that of the alert level: territory first, then what is asked and allowed.

    reviewed, followed: firms with a verdict on this list, firms with a follow-up under way.
    """
    found = [inside(right, published)]
    asked: list[tuple[bool, Condition]] = [
        (bool(filters.q), _search(filters)),
        (bool(filters.departement), Condition("l.departement IN (SELECT unnest(?))", (list(filters.departement),))),
        (bool(filters.region), Condition("l.region IN (SELECT unnest(?))", (list(filters.region),))),
        (bool(filters.division), Condition("l.naf[1:2] = ?", (filters.division,))),
        (bool(filters.section), Condition("x.naf_section = ?", (filters.section,), frozenset("x"))),
        (bool(filters.legal), Condition("starts_with(f.legal_category, ?)", (filters.legal,), frozenset("f"))),
        (filters.min_headcount is not None, Condition("l.headcount >= ?", (filters.min_headcount,))),
        (filters.min_debt is not None, Condition("x.debt >= ?", (filters.min_debt,), frozenset("x"))),
        (bool(filters.state), Condition("l.state = ?", (filters.state,))),
        (filters.no_plan, Condition("coalesce(x.payment_plans_active, 0) = 0", (), frozenset("x"))),
        (
            filters.no_young,
            Condition("f.created_on <= ?", (add_months(published.period, -YOUNG_MONTHS),), frozenset("f")),
        ),
        (filters.theme is not None, Condition("l.reasons[1].theme = ?", (filters.theme,))),
        (filters.first_alert, Condition("l.first_alert")),
        (filters.unreviewed, Condition("l.siren NOT IN (SELECT unnest(?))", (list(reviewed),))),
        (filters.unfollowed, Condition("l.siren NOT IN (SELECT unnest(?))", (list(followed),))),
    ]
    return found + [condition for is_asked, condition in asked if is_asked]


def inside(right: Right, published: PublishedList, only: str = "true", marks: Sequence[str] = ()) -> Condition:
    """Firms of the territory, on an older list those that did not leave it since.

    only, marks: a condition on `siren` and its parameters, to which the newest list is narrowed down.
    """
    here, parameters = right.territory("l.departement")
    if right.departements is None or published.newest is None:
        return Condition(here, tuple(parameters))
    there, _ = right.territory("departement")
    left = f"SELECT siren FROM {source(published.newest)} WHERE {only} AND ({there}) IS NOT TRUE"  # noqa: S608
    return Condition(f"{here} AND l.siren NOT IN ({left})", (*parameters, *marks, *parameters))


def _search(filters: Filters) -> Condition:
    if filters.siren is not None:
        return Condition("starts_with(l.siren, ?)", (filters.siren,))
    # The name that the page shows: an older list holds firms that the register no longer does.
    return Condition(
        f"contains(strip_accents(lower({ORDERS['name']})), strip_accents(lower(?)))",
        (filters.q.strip(),),
        frozenset("f"),
    )
