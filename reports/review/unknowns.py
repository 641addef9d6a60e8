"""What is not known of a firm, and what to ask it: in sentences, for its page and its sheet."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reports.dictionary import sources_behind
from reports.freshness import AsOf, older_data
from reports.reasons import FEATURES
from reports.review.firm import Explanation, silent_sources
from reports.review.wording import known
from reports.review.words import Words

# From how many months on accounts say little of today.
OLD_ACCOUNTS: Final = 18
# Theme of a reason -> what to ask about it.
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "social_debt": (
        "Does it know what it owes to the URSSAF, and has it asked for a payment plan?",
        "Are taxes or rents unpaid too?",
    ),
    "payment_behaviour": ("Which suppliers are paid late, and do some ask to be paid in advance?",),
    "short_time_work": ("How long will activity stay low, and what does the order book say?",),
    "financial_health": (
        "What do the accounts since the last closing say: cash, orders, overdrafts?",
        "Do banks keep their credit lines?",
    ),
    "workforce": ("Did people leave because there was less work, or are posts left unfilled?",),
    "legal_life": ("What explains what the legal notices tell, or accounts that are not deposited?",),
    "context": ("Do its customers or competitors of the same sector have the same difficulties?",),
}


def unknowns(explained: Explanation, older: AsOf, absent: Sequence[str], words: Words) -> Iterator[str]:
    """What is not known, or no longer up to date; absent: sources that the model never had."""
    age = known(explained.values.get("accounts_age"))
    if age is None:
        yield words.say("No accounts of this firm are known.")
    else:
        yield words.say("Accounts closed {months} ago.", months=words.value("accounts_age", age))
    if explained.values.get("accounts_confidential") == 1:
        yield words.say("Its accounts are confidential.")
    yield from older_data(older, words.language)
    silent = [name for of in silent_sources(explained.values) for name in sources_behind(of) if name not in absent]
    if silent:
        yield words.say("Sources without information on this firm: {sources}.", sources=words.sources(silent))
    if absent:
        yield words.say("Sources never delivered to the model: {sources}.", sources=words.sources(absent))
    if explained.hidden_themes:
        yield words.say("Your account has no right to: {themes}.", themes=words.themes(explained.hidden_themes))


def questions(explained: Explanation, words: Words) -> Iterator[str]:
    """What to ask the firm, by the reasons of its risk and what is not known of it."""
    themes = dict.fromkeys(reason.theme for reason in explained.reasons)
    yield from (words.say(question) for theme in themes for question in QUESTIONS.get(theme, ()))
    age = known(explained.values.get("accounts_age"))
    if age is None or age > OLD_ACCOUNTS:
        yield words.say("May we see its last accounts, or an interim balance?")
    if "headcount" in explained.values and known(explained.values["headcount"]) is None:
        yield words.say("How many people does it employ today?")
    yield words.say("Is a figure of this sheet wrong?")


def spoken_of(explained: Explanation) -> set[str]:
    """The features that the reasons speak of, each by the one that it is derived from."""
    return {FEATURES[reason.feature].root for reason in explained.reasons if reason.feature in FEATURES}
