"""What a feature is: a formula, its names and definition for people, and the columns derived from it.

A theme module declares its features with `@feature` and its derived columns in one line each
(`debt_in_months_lag_3m = lag(debt_in_months, 3)`). The catalogue lists what the modules hold, in the order written.
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

    direction: +1 where more is riskier, -1 where more is safer, 0 where the model is not constrained.
    fr, en: its name for people. definition: how it is computed, in English.
    sources: it is null as long as one of these sources has no known record.
    compute: from the theme's known values (one row per siren and period) to the column.
    derived_from: the name of the feature that it is derived from, or None.
    across_firms: whether it compares the firms of one period, instead of reading one firm's past.
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
        """The name of the feature that it is derived from, or its own name."""
        return self.derived_from or self.name


def feature(
    *, unit: str, direction: Direction, fr: str, en: str, sources: tuple[str, ...]
) -> Callable[[Callable[[ir.Table], ir.Value]], Feature]:
    """Declare a function of a theme's known values as a feature.

    The module where the function stands is the theme, its name the feature's name, its docstring the definition.
    """

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
    """The value of the feature `months` periods earlier.

    It has no direction: beside the value of today, it tells of the way from there. Of two firms that owe as much today,
    the one that owed more a year ago has repaid.
    """
    derived = _derived(
        origin,
        f"lag_{months}m",
        f"{origin.fr}, {months} mois plus tôt",
        f"{origin.en}, {months} months earlier",
        lambda t: months_earlier(t[origin.name], months),
    )
    return replace(derived, direction=0)


def mean(origin: Feature, months: int) -> Feature:
    """The mean of the known values over the last `months` periods, the current one included."""
    return _derived(
        origin,
        f"mean_{months}m",
        f"{origin.fr}, moyenne sur {months} mois",
        f"{origin.en}, mean over {months} months",
        lambda t: t[origin.name].mean().over(last_months(months)),
    )


def maximum(origin: Feature, months: int) -> Feature:
    """The largest known value over the last `months` periods, the current one included."""
    return _derived(
        origin,
        f"max_{months}m",
        f"{origin.fr}, maximum sur {months} mois",
        f"{origin.en}, maximum over {months} months",
        lambda t: t[origin.name].max().over(last_months(months)),
    )


def change(origin: Feature, months: int) -> Feature:
    """The feature minus its value `months` periods earlier."""
    return _derived(
        origin,
        f"change_{months}m",
        f"{origin.fr}, variation sur {months} mois",
        f"{origin.en}, change over {months} months",
        lambda t: t[origin.name] - months_earlier(t[origin.name], months),
    )


def rank_in_division(origin: Feature) -> Feature:
    """The firm's percent rank (0 lowest, 1 highest) among the firms of its NAF division with a known value."""
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
    """A quotient, null where the denominator is not above 0."""
    return numerator / (denominator > 0).ifelse(denominator, ibis.null(denominator.type()))


def features_of(theme: ModuleType) -> tuple[Feature, ...]:
    """The features that a theme module holds, alone or in tuples, in the order written."""
    held = (value if isinstance(value, tuple) else (value,) for value in vars(theme).values())
    return tuple(value for values in held for value in values if isinstance(value, Feature))
