"""What would take a firm off the list, in words. It tells of the model, not of the firm, and says so."""

from collections.abc import Sequence

from features.themes.short_time_work import FULL_TIME_HOURS
from models.remedies import Remedy
from reports.figures import figure, percent
from reports.language import Language


def remedy_sentence(found: Sequence[Remedy], language: Language) -> str:
    """The change that leaves most undone, of those found."""
    if not found:
        return language.say("None of the changes that were tried would take this firm off the list") + "."
    least = min(found, key=lambda remedy: (len(remedy.actions), remedy.share))
    actions = language.say(" and ").join(_action(name, least, language) for name in least.actions)
    risk = percent(100 * least.probability, language)
    message = "The model would take it off the list, at {risk}, after {actions}: a figure of the model, no promise"
    return language.say(message, risk=risk, actions=actions) + "."


def _action(name: str, remedy: Remedy, language: Language) -> str:
    changes = remedy.changes
    if name == "pay_debt":
        owed, left = changes["debt"]
        if not left:
            return language.say("all of its {debt} of social debt paid", debt=figure(owed, "EUR", language))
        amounts = {"paid": figure(owed - left, "EUR", language), "debt": figure(owed, "EUR", language)}
        return language.say("{paid} paid of its {debt} of social debt", **amounts)
    if name == "grant_plan":
        return language.say("a payment plan over its social debt")
    if name == "pay_suppliers" and "paydex" in changes:
        before, after = (figure(value, "days", language) for value in changes["paydex"])
        return language.say("suppliers paid {after} late on average, not {before}", before=before, after=after)
    if name == "pay_suppliers":
        return language.say("suppliers paid less late")
    before, after = (figure(value * FULL_TIME_HOURS, "hours", language) for value in changes["short_time_fte"])
    return language.say("{after} of short-time work a month, not {before}", before=before, after=after)
