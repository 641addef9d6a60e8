"""What is said of reasons to a user with this right: the sentence of a theme without right has no figure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.insolvency import IN_BONIS
from reports.language import Language
from reports.movement import movement_sentence
from reports.reasons import FEATURES, THEME_WORDS, Reason, sentence_of, value_words
from reports.remedies import remedy_sentence
from reports.review.access import Right, visible_movement, visible_reason, visible_remedy

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
    """A reason as it is shown; feature: None where the user may know its theme only; is_stable: see `Reason`."""

    theme: str
    sentence: str
    feature: str | None = None
    is_stable: bool = True


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
        sentence = sentence_of(FEATURES[reason.feature], open_row, typical, language)
        said.append(Said(reason.theme, sentence, reason.feature, reason.is_stable))
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
    if value is not None:
        label = language.say("{label}: {value}", label=label, value=value_words(name, value, language))
    return Said(theme, label, name, reason.get("is_stable") is not False)


def listed_movement(record: Any, right: Right, language: Language) -> str:
    """Why the risk moved, by a published list; empty where it tells nothing, or as an older list did, in plain text."""
    return movement_sentence(visible_movement(record, right), language) if isinstance(record, Mapping) else ""


def listed_remedy(record: Any, right: Right, language: Language) -> str:
    """What would take the firm off the list, in the same way."""
    return remedy_sentence(visible_remedy(record, right), language) if isinstance(record, Mapping) else ""


def known(value: Any) -> Any:
    """None for what is unknown, however it is written."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
