"""What would take a firm off the list: a record, and the record in words. It tells of the model, not of the firm."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from features.themes.short_time_work import FULL_TIME_HOURS
from models.scoring.records import Counterfactual
from reports.figures import figure, percent
from reports.language import Language
from reports.reasons import THEME_WORDS

# Of each action: the theme whose figures it tells, the feature that is quoted, and how much of our unit is one of it.
QUOTED: Final[Mapping[str, tuple[str, str | None, float]]] = {
    "pay_debt": ("social_debt", "debt", 1.0),
    "grant_plan": ("social_debt", None, 1.0),
    "pay_suppliers": ("payment_behaviour", "paydex", 1.0),
    "end_short_time": ("short_time_work", "short_time_fte", FULL_TIME_HOURS),
}


def remedy_record(found: Sequence[Counterfactual]) -> dict[str, Any]:
    """The change that leaves most undone, of those found; no action and no probability where none was.

    Each action has a name, a theme, and the figure before and after: euros, days, hours a month, None where there is
    nothing to quote.
    """
    if not found:
        return {"actions": [], "probability": None}
    least = min(found, key=lambda remedy: (len(remedy.actions), remedy.share))
    return {"actions": [_action(name, least) for name in least.actions], "probability": least.probability}


def _action(name: str, remedy: Counterfactual) -> dict[str, Any]:
    theme, feature, unit = QUOTED[name]
    before, after = (unit * value for value in remedy.changes[feature]) if feature in remedy.changes else (None, None)
    return {"name": name, "theme": theme, "before": before, "after": after}


def remedy_sentence(record: Mapping[str, Any], language: Language) -> str:
    """A record in words; of an action without its name, only the theme, and then no risk."""
    if not record["actions"]:
        return language.say("None of the changes that were tried would take this firm off the list") + "."
    told = dict.fromkeys(_action_words(action, language) for action in record["actions"])
    words = {"actions": language.say(" and ").join(told)}
    message = "The model would take it off the list after {actions}: a finding of the model, no promise"
    if record["probability"] is not None:
        words["risk"] = percent(100 * record["probability"], language)
        message = "The model would take it off the list, at {risk}, after {actions}: a figure of the model, no promise"
    return language.say(message, **words) + "."


def _action_words(action: Mapping[str, Any], language: Language) -> str:
    name, before, after = action["name"], action["before"], action["after"]
    if name == "pay_debt":
        debt = figure(before, "EUR", language)
        if not after:
            return language.say("all of its {debt} of social debt paid", debt=debt)
        paid = figure(before - after, "EUR", language)
        return language.say("{paid} paid of its {debt} of social debt", paid=paid, debt=debt)
    if name == "grant_plan":
        return language.say("a payment plan over its social debt")
    if name == "pay_suppliers" and before is None:
        return language.say("suppliers paid less late")
    if name == "pay_suppliers":
        days = {"before": figure(before, "days", language), "after": figure(after, "days", language)}
        return language.say("suppliers paid {after} late on average, not {before}", **days)
    if name == "end_short_time":
        hours = {"before": figure(before, "hours", language), "after": figure(after, "hours", language)}
        return language.say("{after} of short-time work a month, not {before}", **hours)
    theme = language.say(THEME_WORDS[action["theme"]])
    return language.say("a change of the theme “{theme}”, whose figures you have no right to", theme=theme)
