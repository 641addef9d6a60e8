"""From contributions to ranked sentences with the firm's real figures; no sentence contradicts its contribution.

Lists, pages and the command line all word and rank reasons by `reasons_of`, with the `ReasonSettings` of the list.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from features.assemble import CATALOG
from features.catalog import Feature
from features.themes.legal_life import CHANGES
from models.rows.inputs import Input
from reports.confidentiality import has_confidential_accounts, is_hidden_figure
from reports.figures import Value, category, figure, is_known
from reports.freshness import AsOf, as_of_words
from reports.language import Language

if TYPE_CHECKING:
    import pandas as pd

FEATURES: Final = {feature.name: feature for feature in CATALOG}
# Figures of one and the same fact, which agents read as one reason: figure -> the one that the sentence quotes.
SUBJECTS: Final = {
    "debt_in_months": "debt",
    "debt_per_employee": "debt",
    "months_in_debt_12m": "debt",
    "months_since_debt": "debt",
    "debt_employee_share": "debt",
    "debt_employee_in_months": "debt_employee",
    **{f"{change.name}_12m": f"{change.name}_24m" for change in CHANGES},
    **{f"months_since_{change.name}": f"{change.name}_24m" for change in CHANGES},
}
THEME_WORDS: Final = {
    "financial_health": "financial health",
    "social_debt": "social debt",
    "short_time_work": "short-time work",
    "payment_behaviour": "payment behaviour",
    "workforce": "workforce",
    "legal_life": "legal life",
    "context": "context",
    "profile": "profile",
}
# A contribution below this, in log-odds, is no reason.
SMALLEST: Final = 0.01


# Under this name a published list keeps them, in the metadata of its Parquet file.
REASON_SETTINGS: Final = "reason_settings"


@dataclass(frozen=True)
class ReasonSettings:
    """How the reasons of a list were chosen and worded. Published with it, so that its pages say the same.

    medians: of each quantity with a direction, over the firms of the list that are in no procedure.
    count: the most reasons given for one firm. older: the data that are older than the newest delivery.
    """

    medians: Mapping[str, float]
    count: int
    older: AsOf = field(default_factory=dict)

    def as_json(self) -> str:
        """As it is published."""
        older = {"older": {source: month.isoformat() for source, month in self.older.items()}} if self.older else {}
        return json.dumps({"medians": self.medians, "count": self.count, **older})

    @staticmethod
    def from_json(text: str | bytes) -> ReasonSettings:
        """As it was published."""
        content = json.loads(text)
        older = {source: date.fromisoformat(month) for source, month in content.pop("older", {}).items()}
        return ReasonSettings(**content, older=older)


@dataclass(frozen=True)
class Reason:
    """One reason for a firm's risk.

    contribution: in log-odds, of the feature and all that derives from it; value: in `unit`, None if not shown.
    is_stable: whether most refits of the model, on resampled firms, have it among the firm's first reasons too.
    """

    feature: str
    theme: str
    value: Value
    unit: str
    contribution: float
    sentence: str
    is_stable: bool = True


def by_subject(contributions: pd.DataFrame, inputs: Sequence[Input]) -> pd.DataFrame:
    """Contributions summed over what derives from one feature, and over the features of one fact (SUBJECTS)."""
    names, subjects = [column.name for column in inputs], [_subject(column) for column in inputs]
    return contributions[names].T.groupby(subjects, sort=False).sum().T


def of_firm_by_subject(contributions: Mapping[str, float], inputs: Sequence[Input]) -> dict[str, float]:
    """The same of one firm's contributions, by the names of the inputs."""
    found: dict[str, float] = {}
    for column in inputs:
        found[_subject(column)] = found.get(_subject(column), 0.0) + contributions[column.name]
    return found


def _subject(column: Input) -> str:
    return SUBJECTS.get(column.root, column.root)


def medians(rows: pd.DataFrame) -> dict[str, float]:
    """The median of each quantity with a direction, over rows of the feature table: what a value is compared with."""
    names = [f.name for f in CATALOG if f.direction and f.derived_from is None and f.name in rows]
    return {str(name): float(value) for name, value in rows[names].astype("float64").median().items()}


def reasons_of(
    row: Mapping[str, Any],
    contributions: Mapping[str, float],
    settings: ReasonSettings,
    language: Language,
    unstable: Collection[str] = (),
    shows_confidential: bool = False,
) -> list[Reason]:
    """What raises the firm's risk most, the largest contribution first.

    row: the firm's row of the feature table; contributions: in log-odds, by subject (see `by_subject`).
    unstable: the subjects that fewer than half of the refits have among the firm's first reasons.
    shows_confidential: whether the reader may see figures of confidential accounts.
    A quantity at the median, or on its safe side, is no reason for a risk.
    """
    raising = sorted(contributions.items(), key=lambda item: (-item[1], item[0]))
    told = [
        (FEATURES[name], contribution)
        for name, contribution in raising
        if contribution >= SMALLEST and not contradicts(FEATURES[name], row, settings.medians)
    ]
    return [
        Reason(
            feature.name,
            feature.theme,
            value_of(feature, row) if shows_confidential or not is_hidden(feature, row) else None,
            feature.unit,
            float(contribution),
            sentence_of(feature, row, settings, language, shows_confidential),
            feature.name not in unstable,
        )
        for feature, contribution in told[: settings.count]
    ]


def contradicts(feature: Feature, row: Mapping[str, Any], medians: Mapping[str, float]) -> bool:
    """Whether the value would read as good news beside a contribution that raises the risk."""
    value = value_of(feature, row)
    if not feature.direction or not isinstance(value, float):
        return False
    median = medians.get(feature.name, np.nan)
    return bool(feature.direction * (value - median) <= 0)


def sentence_of(
    feature: Feature,
    row: Mapping[str, Any],
    settings: ReasonSettings,
    language: Language,
    shows_confidential: bool = False,
) -> str:
    """The firm's figure in words, with its value a year ago, the median of all firms, and from when it is if older."""
    return _figure_words(feature, row, settings.medians, language, shows_confidential) + (
        as_of_words(feature, settings.older, language) + "."
    )


def _figure_words(
    feature: Feature,
    row: Mapping[str, Any],
    medians: Mapping[str, float],
    language: Language,
    shows_confidential: bool,
) -> str:
    label = getattr(feature, language.code)
    if is_hidden(feature, row) and not shows_confidential:
        return language.say("{label}: confidential accounts, figure not shown", label=label)
    value = value_of(feature, row)
    if not is_known(value):
        return language.say("{label}: not known", label=label)
    if isinstance(value, str):
        return language.say("{label}: {value}", label=label, value=category(feature.name, value, language))
    assert value is not None  # noqa: S101 - known, as seen above
    before = _before(feature, row, language)
    if feature.name == "debt":
        months = _number(row, "debt_in_months")
        debt = language.say("Social debt of {debt}", debt=figure(value, "EUR", language))
        if months is not None:
            debt += language.say(", {months} of contributions", months=figure(months, "months", language))
        return debt + before
    return (
        language.say("{label}: {value}", label=label, value=figure(value, feature.unit, language))
        + before
        + _median_words(feature, medians, language)
    )


def _median_words(feature: Feature, medians: Mapping[str, float], language: Language) -> str:
    median = medians.get(feature.name)
    if median is None or not np.isfinite(median):
        return ""
    return language.say(" (median: {median})", median=figure(median, feature.unit, language))


def _before(feature: Feature, row: Mapping[str, Any], language: Language) -> str:
    earlier, change = _number(row, f"{feature.name}_lag_12m"), _number(row, f"{feature.name}_change_1y")
    value = _number(row, feature.name)
    if earlier is not None:
        if feature.name == "debt" and earlier == 0:
            return language.say("; none a year ago")
        return language.say("; {value} a year ago", value=figure(earlier, feature.unit, language))
    if change is not None and value is not None:
        return language.say("; {value} the year before", value=figure(value - change, feature.unit, language))
    return ""


def is_hidden(feature: Feature, row: Mapping[str, Any]) -> bool:
    """Whether a figure comes from confidential accounts: the model reads it, a list does not show it."""
    return is_hidden_figure(feature.theme, feature.name, has_confidential_accounts(row))


def value_of(feature: Feature, row: Mapping[str, Any]) -> Value:
    """The firm's value: a code, a number, or None where it is not known."""
    value = row.get(feature.name)
    if isinstance(value, str):
        return value
    return _number(row, feature.name)


def value_words(name: str, value: Any, language: Language) -> str:
    """A feature's value with its unit, from a number or from its text in a list."""
    feature = FEATURES[name]
    if value is None or value == "":
        return language.say("not known")
    if feature.is_category:
        return category(feature.derived_from or name, str(value), language)
    number = float(value)
    return figure(number, feature.unit, language) if is_known(number) else language.say("not known")


def _number(row: Mapping[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None or isinstance(value, str) or not np.isfinite(value) else float(value)
