"""Why a firm's risk moved since the list before, in words: only what moved it most, with the figures then and now."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.movement import REVISION, decisive
from reports.figures import category, figure
from reports.language import Language
from reports.reasons import FEATURES, is_hidden, value_of

# A margin that moved by less, in log-odds, did not move.
SMALLEST = 0.05


def movement_sentence(
    parts: pd.Series,
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    since: date,
    is_new_model: bool,
    language: Language,
) -> str:
    """What moved the firm's risk since `since`: see `models.movement.Movement.parts`, a row of it.

    now, before: the firm's rows of the feature table.
    """
    total = float(parts.sum())
    if abs(total) < SMALLEST:
        return language.say("Risk unchanged since {month}", month=language.month(since)) + "."
    told = (_part(str(name), part, now, before, is_new_model, language) for name, part in decisive(parts).items())
    message = "Risk up since {month}: {parts}" if total > 0 else "Risk down since {month}: {parts}"
    return language.say(message, month=language.month(since), parts=language.say("; ").join(told)) + "."


def _part(
    name: str, part: float, now: Mapping[str, Any], before: Mapping[str, Any], is_new_model: bool, language: Language
) -> str:
    if name == REVISION:
        return language.say("another model since" if is_new_model else "past data corrected since")
    feature = FEATURES[name]
    label = getattr(feature, language.code)
    then, today = value_of(feature, before), value_of(feature, now)
    if is_hidden(feature, now) or is_hidden(feature, before):
        return language.say("{label} (confidential accounts, figures not shown)", label=label)
    if then is None or today is None:
        return label if then is today else language.say("{label}, known or not", label=label)
    if isinstance(then, str) or isinstance(today, str):
        words = (category(name, str(value), language) for value in (then, today))
        return language.say(
            "{label}: from {then} to {now}", label=label, **dict(zip(("then", "now"), words, strict=True))
        )
    # The months before may weigh more than this one: figures that would say the contrary are not quoted.
    if then == today or feature.direction * np.sign(part) * (today - then) < 0:
        return language.say("{label}, over the past months", label=label)
    figures = {"then": figure(then, feature.unit, language), "now": figure(today, feature.unit, language)}
    return language.say("{label}: from {then} to {now}", label=label, **figures)
