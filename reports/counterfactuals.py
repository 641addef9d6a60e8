"""Counterfactuals: what would take a firm off the list, as a record and in words.

They say how the model would answer to other figures, not what would become of the firm.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from features.themes.short_time_work import FULL_TIME_HOURS
from models.scoring.records import Counterfactual
from reports.figures import figure, percent
from reports.language import Language
from reports.reasons import THEME_WORDS

# Action -> the theme of its figures, the feature that is quoted (None: none), and the factor from its unit to ours.
QUOTED: Final[Mapping[str, tuple[str, str | None, float]]] = {
    "pay_debt": ("social_debt", "debt", 1.0),
    "grant_plan": ("social_debt", None, 1.0),
    "pay_suppliers": ("payment_behaviour", "paydex", 1.0),
    "end_short_time": ("short_time_work", "short_time_fte", FULL_TIME_HOURS),
}


def counterfactual_record(found: Sequence[Counterfactual]) -> dict[str, Any]:
    """The smallest of the changes found; no action and no probability where none was found.

    The smallest is the one with the fewest actions, then the one whose last action is taken least. Each action has a
    name, a theme, and the figure before and after: in euros, days or hours per month, None if there is none to quote.
    """
    if not found:
        return {"actions": [], "probability": None}
    least = min(found, key=lambda one: (len(one.actions), one.share))
    return {"actions": [_action(name, least) for name in least.actions], "probability": least.probability}


def _action(name: str, found: Counterfactual) -> dict[str, Any]:
    theme, feature, unit = QUOTED[name]
    before, after = (unit * value for value in found.changes[feature]) if feature in found.changes else (None, None)
    return {"name": name, "theme": theme, "before": before, "after": after}


def counterfactual_sentence(record: Mapping[str, Any], language: Language) -> str:
    """A record in words. Of an action without a name, which the reader has no right to, only the theme is told."""
    if not record["actions"]:
        return language.say("The model finds no change that would take this firm off the list") + "."
    told = dict.fromkeys(_action_words(action, language) for action in record["actions"])
    words = {"actions": language.say(" and ").join(told)}
    message = (
        "According to the model, the firm would leave the list after {actions}. This is a calculation, not a promise"
    )
    if record["probability"] is not None:
        words["risk"] = percent(100 * record["probability"], language)
        message = (
            "According to the model, the firm would leave the list, with a risk of {risk}, after {actions}. This is a "
            "calculation, not a promise"
        )
    return language.say(message, **words) + "."


def _action_words(action: Mapping[str, Any], language: Language) -> str:
    name, before, after = action["name"], action["before"], action["after"]
    if name == "pay_debt":
        debt = figure(before, "EUR", language)
        if not after:
            return language.say("paying all of its social debt ({debt})", debt=debt)
        paid = figure(before - after, "EUR", language)
        return language.say("paying {paid} of its social debt of {debt}", paid=paid, debt=debt)
    if name == "grant_plan":
        return language.say("a payment plan for its social debt")
    if name == "pay_suppliers" and before is None:
        return language.say("a shorter delay in paying suppliers")
    if name == "pay_suppliers":
        days = {"before": figure(before, "days", language), "after": figure(after, "days", language)}
        return language.say("a mean delay in paying suppliers of {after} instead of {before}", **days)
    if name == "end_short_time":
        hours = {"before": figure(before, "hours", language), "after": figure(after, "hours", language)}
        return language.say("{after} of short-time work per month instead of {before}", **hours)
    theme = language.say(THEME_WORDS[action["theme"]])
    return language.say("a change of the theme “{theme}” (you have no right to see its figures)", theme=theme)
