"""Why a firm's risk moved since the previous list: a record of what moved it most, and the record in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from features.catalog import Feature
from models.scoring.records import REVISION, decisive
from reports.figures import Value
from reports.language import Language
from reports.reasons import FEATURES, THEME_WORDS, is_hidden, value_of, value_words

if TYPE_CHECKING:
    import pandas as pd

# A smaller change of the margin, in log-odds, is told as no change.
SMALLEST = 0.05


def movement_record(
    parts: pd.Series, now: Mapping[str, Any], before: Mapping[str, Any], since: date, is_new_model: bool
) -> dict[str, Any]:
    """What moved the firm's risk since the list of `since`.

    parts: the change of each contribution, in log-odds: a row of `models.scoring.movement.Movement.parts`.
    now, before: the firm's rows of the feature table. Returns since, total (in log-odds), is_new_model and parts: the
    largest ones, each with its figures then and now as text; no part where the risk did not move.
    """
    total = float(parts.sum())
    told = parts[:0] if abs(total) < SMALLEST else decisive(parts)
    return {
        "since": since,
        "total": total,
        "is_new_model": bool(is_new_model),
        "parts": [_part(str(name), float(part), now, before) for name, part in told.items()],
    }


def _part(name: str, part: float, now: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    record = {"feature": name, "theme": None, "contribution": part, "then": None, "now": None, "is_hidden": False}
    if name == REVISION:
        return record
    feature = FEATURES[name]
    record |= {"theme": feature.theme, "is_hidden": is_hidden(feature, now) or is_hidden(feature, before)}
    then, today = value_of(feature, before), value_of(feature, now)
    if not record["is_hidden"] and _agrees(feature, part, then, today):
        record |= {key: None if value is None else str(value) for key, value in (("then", then), ("now", today))}
    return record


def _agrees(feature: Feature, part: float, then: Value, today: Value) -> bool:
    """Whether the change of the figure explains the part: past months may weigh more, and point the other way."""
    if isinstance(then, float) and isinstance(today, float):
        return then != today and bool(feature.direction * np.sign(part) * (today - then) >= 0)
    return then != today


def movement_sentence(record: Mapping[str, Any], language: Language) -> str:
    """A record in words. Of a part without a feature, which the reader has no right to, only the theme is told."""
    month = language.month(record["since"])
    if not record["parts"]:
        return language.say("Risk unchanged since {month}", month=month) + "."
    message = "Risk up since {month}: {parts}" if record["total"] > 0 else "Risk down since {month}: {parts}"
    told = dict.fromkeys(_part_words(part, record["is_new_model"], language) for part in record["parts"])
    return language.say(message, month=month, parts=language.say("; ").join(told)) + "."


def _part_words(part: Mapping[str, Any], is_new_model: bool, language: Language) -> str:
    name = part["feature"]
    if name == REVISION:
        return language.say("the model has changed since" if is_new_model else "past data were corrected since")
    if name not in FEATURES:
        theme = language.say(THEME_WORDS[part["theme"]])
        return language.say("a reason of the theme “{theme}” (you have no right to see its figures)", theme=theme)
    label, then, now = getattr(FEATURES[name], language.code), part["then"], part["now"]
    if part["is_hidden"]:
        return language.say("{label} (confidential accounts, figures not shown)", label=label)
    if then is None and now is None:
        return language.say("{label} (its values of the past months)", label=label)
    if then is None:
        return language.say("{label} (now known)", label=label)
    if now is None:
        return language.say("{label} (no longer known)", label=label)
    figures = {"then": value_words(name, then, language), "now": value_words(name, now, language)}
    return language.say("{label}: from {then} to {now}", label=label, **figures)
