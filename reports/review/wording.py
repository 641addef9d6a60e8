"""What is said of reasons to a user with this right: the sentence of a theme without right has no figure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.procedures import IN_BONIS
from reports.figures import category, figure, is_known
from reports.language import Language
from reports.reasons import FEATURES, THEME_WORDS, Reason, sentence_of
from reports.review.access import Right, visible_reason

CONFIDENTIAL = "accounts_confidential"
STATES = {
    IN_BONIS: "no procedure",
    "sauvegarde": "sauvegarde (safeguard procedure)",
    "plan_sauvegarde": "safeguard plan",
    "redressement": "redressement (receivership)",
    "plan_redressement": "receivership plan",
    "liquidation": "liquidation",
}
LEVELS = {"high": "high alert", "moderate": "moderate alert", "none": "no alert"}


@dataclass(frozen=True)
class Said:
    """A reason as it is shown; feature: None where the user may know its theme only."""

    theme: str
    sentence: str
    feature: str | None = None


def only_theme(theme: str, language: Language) -> Said:
    """That there is a reason of a theme, and nothing of it."""
    words = language.say(THEME_WORDS[theme])
    return Said(
        theme, language.say("A reason of the theme “{theme}”, whose figures you have no right to.", theme=words)
    )


def is_confidential(row: Mapping[str, Any]) -> bool:
    """Whether the firm's accounts are, by the feature table."""
    return row.get(CONFIDENTIAL) == 1


def said_reasons(
    reasons: Iterable[Reason], row: Mapping[str, Any], typical: Mapping[str, float], right: Right, language: Language
) -> list[Said]:
    """Reasons in order; of the themes without right, one sentence each, at its first place."""
    said: list[Said] = []
    confidential = is_confidential(row)
    for reason in reasons:
        if not right.may_see_feature(reason.theme, reason.feature, confidential):
            stub = only_theme(reason.theme, language)
            said += [] if stub in said else [stub]
            continue
        # To whoever may see confidential accounts, their figures are told like those of public ones.
        open_row = row if reason.feature == CONFIDENTIAL else {**row, CONFIDENTIAL: 0.0}
        said.append(
            Said(reason.theme, sentence_of(FEATURES[reason.feature], open_row, typical, language), reason.feature)
        )
    return said


def listed_reason(reason: Mapping[str, Any] | None, right: Right, language: Language) -> Said | None:
    """A reason of a published list, briefly: what it is about and the figure, in the user's language."""
    reason = visible_reason(reason, right)
    if reason is None:
        return None
    theme, name, value = reason["theme"], reason["feature"], reason["value"]
    if name not in FEATURES:
        return only_theme(theme, language)
    label = getattr(FEATURES[name], language.code)
    return Said(
        theme, label if value is None else f"{label}{_colon(language)}{value_words(name, value, language)}", name
    )


def listed_sentences(told: Any, right: Right, confidential: bool) -> tuple[str, ...]:
    """What a list says of a firm in records {theme, sentence}; a sentence of no theme needs a right to all themes."""
    if known(told) is None:
        return ()
    records = [
        one if isinstance(one, Mapping) else {"sentence": one} for one in (told if isinstance(told, list) else [told])
    ]
    sees_all = all(right.may_see_theme(theme, confidential) for theme in THEME_WORDS)
    return tuple(
        str(one["sentence"])
        for one in records
        if one.get("sentence") and (right.may_see_theme(one["theme"], confidential) if one.get("theme") else sees_all)
    )


def value_words(name: str, value: Any, language: Language) -> str:
    """A feature's value with its unit, from a number or from its text in a list."""
    feature = FEATURES[name]
    if value is None or value == "":
        return language.say("not known")
    if feature.is_category:
        return category(feature.base or name, str(value), language)
    number = float(value)
    return figure(number, feature.unit, language) if is_known(number) else language.say("not known")


def _colon(language: Language) -> str:
    return " : " if language.code == "fr" else ": "


def known(value: Any) -> Any:
    """None for what is unknown, however it is written."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
