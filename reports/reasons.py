"""From contributions to ranked sentences with the firm's real figures; no sentence contradicts its contribution."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from features.assemble import CATALOG
from features.catalog import Feature
from models.rows.inputs import Input
from reports.figures import Value, category, figure, is_known
from reports.language import Language

FEATURES: Final = {feature.name: feature for feature in CATALOG}
# What agents read as one matter, though the model reads it several ways.
SUBJECTS: Final = {
    "debt_in_months": "debt",
    "debt_per_employee": "debt",
    "months_in_debt_12m": "debt",
    "months_since_debt": "debt",
    "debt_employee_share": "debt",
    "debt_employee_in_months": "debt_employee",
}
THEME_WORDS: Final = {
    "financial_health": "financial health",
    "social_debt": "social debt",
    "short_time_work": "short-time work",
    "payment_behaviour": "payment behaviour",
    "workforce": "workforce",
    "profile": "profile",
}
ACCOUNTS: Final = "financial_health"
SMALLEST: Final = 0.01


@dataclass(frozen=True)
class Reason:
    """contribution: in log-odds, of the feature and all that derives from it; value: in `unit`, None if not shown.

    is_stable: whether the same model, on firms drawn again, mostly has it among its first reasons too.
    """

    feature: str
    theme: str
    value: Value
    unit: str
    contribution: float
    sentence: str
    is_stable: bool = True


def by_subject(contributions: pd.DataFrame, inputs: Sequence[Input]) -> pd.DataFrame:
    """Contributions summed over what derives from one feature, and over what agents read as one matter."""
    names = [column.name for column in inputs]
    subjects = [SUBJECTS.get(column.root, column.root) for column in inputs]
    return contributions[names].T.groupby(subjects, sort=False).sum().T


def medians(rows: pd.DataFrame) -> dict[str, float]:
    """The median of each directed quantity over the firms of a period: what a value is held against."""
    names = [f.name for f in CATALOG if f.direction and f.derived_from is None and f.name in rows]
    return {str(name): float(value) for name, value in rows[names].astype("float64").median().items()}


def ranked_reasons(
    row: Mapping[str, Any],
    contributions: Mapping[str, float],
    typical: Mapping[str, float],
    language: Language,
    unstable: Collection[str] = (),
) -> list[Reason]:
    """What raises the firm's risk, largest first.

    contributions: by subject; unstable: the subjects that are reasons of this model more than of others like it.
    A quantity on the safe side of the median, or at it, is no reason for a risk.
    """
    raising = sorted(contributions.items(), key=lambda item: (-item[1], item[0]))
    reasons = []
    for name, contribution in raising:
        if contribution < SMALLEST or contradicts(FEATURES[name], row, typical):
            continue
        feature = FEATURES[name]
        value = None if is_hidden(feature, row) else value_of(feature, row)
        sentence = sentence_of(feature, row, typical, language)
        is_stable = name not in unstable
        reasons.append(Reason(name, feature.theme, value, feature.unit, float(contribution), sentence, is_stable))
    return reasons


def contradicts(feature: Feature, row: Mapping[str, Any], typical: Mapping[str, float]) -> bool:
    """Whether the value would read as good news beside a contribution that raises the risk."""
    value = value_of(feature, row)
    if not feature.direction or not isinstance(value, float):
        return False
    median = typical.get(feature.name, np.nan)
    return bool(feature.direction * (value - median) <= 0)


def sentence_of(feature: Feature, row: Mapping[str, Any], typical: Mapping[str, float], language: Language) -> str:
    """The firm's figure in words, with what it was a year ago and what is usual."""
    label = getattr(feature, language.code)
    if is_hidden(feature, row):
        return language.say("{label}: confidential accounts, figure not shown", label=label) + "."
    value = value_of(feature, row)
    if not is_known(value):
        return language.say("{label}: not known", label=label) + "."
    if isinstance(value, str):
        return language.say("{label}: {value}", label=label, value=category(feature.name, value, language)) + "."
    assert value is not None  # noqa: S101 - known, as seen above
    before = _before(feature, row, language)
    if feature.name == "debt":
        months = _number(row, "debt_in_months")
        debt = language.say("Social debt of {debt}", debt=figure(value, "EUR", language))
        if months is not None:
            debt += language.say(", {months} of contributions", months=figure(months, "months", language))
        return debt + before + "."
    return (
        language.say("{label}: {value}", label=label, value=figure(value, feature.unit, language))
        + before
        + _usual(feature, typical, language)
        + "."
    )


def _usual(feature: Feature, typical: Mapping[str, float], language: Language) -> str:
    median = typical.get(feature.name)
    if median is None or not np.isfinite(median):
        return ""
    words = figure(median, feature.unit, language)
    if feature.direction > 0:
        return language.say(" (half of the firms: {median} or less)", median=words)
    return language.say(" (half of the firms: {median} or more)", median=words)


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
    """Whether a figure is of confidential accounts: the model may read it, a list may not show it."""
    is_fact = feature.name in ("accounts_age", "accounts_confidential")
    return feature.theme == ACCOUNTS and not is_fact and _number(row, "accounts_confidential") == 1


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
