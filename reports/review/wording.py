"""How reasons are worded for a user: of a theme that they may not see, no figure is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from features.insolvency import IN_BONIS
from reports.counterfactuals import counterfactual_sentence
from reports.language import Language
from reports.movement import movement_sentence
from reports.reasons import FEATURES, THEME_WORDS, Reason, value_words
from reports.review.access import Right, visible_counterfactual, visible_movement, visible_reason

PROCEDURE_STATES = {
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
    """A reason of which only the theme may be told."""
    words = language.say(THEME_WORDS[theme])
    return Said(
        theme, language.say("A reason of the theme “{theme}”, whose figures you have no right to.", theme=words)
    )


def said_reasons(reasons: Iterable[Reason], is_confidential: bool, right: Right, language: Language) -> list[Said]:
    """Reasons in order; for each theme that the user has no right to, one sentence, at its first place.

    is_confidential: whether the firm's accounts are.
    """
    said = [
        Said(reason.theme, reason.sentence, reason.feature, reason.is_stable)
        if right.may_see_feature(reason.theme, reason.feature, is_confidential)
        else only_theme(reason.theme, language)
        for reason in reasons
    ]
    return list(dict.fromkeys(said))


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
    """Why the risk moved, by a published list; empty where it does not tell, or only in plain text as older lists."""
    return movement_sentence(visible_movement(record, right), language) if isinstance(record, Mapping) else ""


def listed_counterfactual(record: Any, right: Right, language: Language) -> str:
    """What would take the firm off the list, in the same way."""
    return (
        counterfactual_sentence(visible_counterfactual(record, right), language) if isinstance(record, Mapping) else ""
    )


def known(value: Any) -> Any:
    """None for what is unknown, however it is written."""
    return None if isinstance(value, float) and not isfinite(value) else value
