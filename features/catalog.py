"""What a feature is: a formula, what people will read of it, and the columns derived from it by rule.

A theme module declares its features with `@feature` and its derived columns in one line each
(`debt_in_months_lag_3m = lag(debt_in_months, 3)`); the catalogue is what the modules hold, in the order written.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Literal

import ibis
import ibis.expr.types as ir

from features.windows import last_months, months_earlier

Direction = Literal[-1, 0, 1]
CATEGORY = "category"


@dataclass(frozen=True)
class Feature:
    """A column of the feature table.

    direction: +1 more is riskier, -1 safer, 0 no constraint.
    sources: the sources without which it is unknown.
    derived_from: the name of the feature that it is derived from, or None.
    across_firms: computed from all firms of a period rather than from one firm's past.
    """

    name: str
    theme: str
    unit: str
    direction: Direction
    fr: str
    en: str
    sources: tuple[str, ...]
    definition: str
    compute: Callable[[ir.Table], ir.Value]
    derived_from: str | None = None
    across_firms: bool = False

    @property
    def is_category(self) -> bool:
        """Whether its values are codes rather than quantities."""
        return self.unit == CATEGORY

    @property
    def root(self) -> str:
        """The name of the feature that it derives from, or its own."""
        return self.derived_from or self.name


def feature(
    *, unit: str, direction: Direction, fr: str, en: str, sources: tuple[str, ...]
) -> Callable[[Callable[[ir.Table], ir.Value]], Feature]:
    """Declare a function of a theme's known values as a feature; its theme is the module where it stands."""

    def declare(formula: Callable[[ir.Table], ir.Value]) -> Feature:
        return Feature(
            name=formula.__name__,
            theme=formula.__module__.rsplit(".", 1)[-1],
            unit=unit,
            direction=direction,
            fr=fr,
            en=en,
            sources=sources,
            definition=" ".join((formula.__doc__ or "").split()),
            compute=formula,
        )

    return declare


def _derived(origin: Feature, suffix: str, fr: str, en: str, compute: Callable[[ir.Table], ir.Value]) -> Feature:
    return replace(
        origin,
        name=f"{origin.name}_{suffix}",
        fr=fr,
        en=en,
        definition=f"{en}.",
        compute=compute,
        derived_from=origin.root,
    )


def lag(origin: Feature, months: int) -> Feature:
    """The feature as it was `months` periods earlier."""
    return _derived(
        origin,
        f"lag_{months}m",
        f"{origin.fr}, {months} mois plus tôt",
        f"{origin.en}, {months} months earlier",
        lambda t: months_earlier(t[origin.name], months),
    )


def mean(origin: Feature, months: int) -> Feature:
    """Mean of the known values of the last `months` periods, this one included."""
    return _derived(
        origin,
        f"mean_{months}m",
        f"{origin.fr}, moyenne sur {months} mois",
        f"{origin.en}, mean over {months} months",
        lambda t: t[origin.name].mean().over(last_months(months)),
    )


def maximum(origin: Feature, months: int) -> Feature:
    """Largest known value of the last `months` periods, this one included."""
    return _derived(
        origin,
        f"max_{months}m",
        f"{origin.fr}, maximum sur {months} mois",
        f"{origin.en}, maximum over {months} months",
        lambda t: t[origin.name].max().over(last_months(months)),
    )


def change(origin: Feature, months: int) -> Feature:
    """The feature less what it was `months` periods earlier."""
    return _derived(
        origin,
        f"change_{months}m",
        f"{origin.fr}, variation sur {months} mois",
        f"{origin.en}, change over {months} months",
        lambda t: t[origin.name] - months_earlier(t[origin.name], months),
    )


def rank_in_division(origin: Feature) -> Feature:
    """Where the firm stands (0 lowest, 1 highest) among its NAF division's firms with a known value, that period."""
    peers = ibis.window(group_by=["period", "naf_division", ibis._[origin.name].notnull()], order_by=origin.name)
    derived = _derived(
        origin,
        "rank_in_division",
        f"{origin.fr}, rang dans la division NAF",
        f"{origin.en}, rank within the NAF division",
        lambda t: t[origin.name].notnull().ifelse(t[origin.name].percent_rank().over(peers), ibis.null("float64")),
    )
    return replace(derived, unit="share", across_firms=True)


def ratio(numerator: ir.NumericValue, denominator: ir.NumericValue) -> ir.FloatingValue:
    """A quotient that is unknown where the denominator is not above 0."""
    return numerator / (denominator > 0).ifelse(denominator, ibis.null(denominator.type()))


def features_of(theme: ModuleType) -> tuple[Feature, ...]:
    """The features that a theme module holds, alone or in tuples, in the order written."""
    held = (value if isinstance(value, tuple) else (value,) for value in vars(theme).values())
    return tuple(value for values in held for value in values if isinstance(value, Feature))
