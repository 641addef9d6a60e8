"""The policy of alerts, and what it gave at a period, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from models.alerts import HIGH, NO_ALERT, AlertPolicy, Thresholds
from models.calibration.base_rate import BaseRate
from reports.base_rate import base_rate_sentences
from reports.figures import share
from reports.language import Language

if TYPE_CHECKING:
    import pandas as pd

# The key of a published list's metadata under which it stands.
GIVEN: Final = "alerts"


@dataclass(frozen=True)
class Given:
    """What a policy gave at a period. Published with the list, so that its pages say the same.

    firms: those in no procedure; high, on_alert: how many of them are on high alert, and on alert at all.
    expected: the share of the latter that should fail by their risks; None where there is none. base_rate: the failure
    rate that risks are set to; None where the model does not tell it.
    """

    thresholds: Thresholds
    firms: int
    high: int
    on_alert: int
    expected: float | None
    base_rate: BaseRate | None = None

    def as_json(self) -> str:
        """As it is published."""
        return TypeAdapter(Given).dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> Given:
        """As it was published."""
        return TypeAdapter(Given).validate_json(text)


def given(thresholds: Thresholds, ranked: pd.DataFrame, base_rate: BaseRate | None = None) -> Given:
    """ranked: (alert, probability) of the firms that are in no procedure."""
    on_alert = ranked["alert"] != NO_ALERT
    expected = float(ranked.loc[on_alert, "probability"].mean()) if on_alert.any() else None
    high, flagged = int((ranked["alert"] == HIGH).sum()), int(on_alert.sum())
    return Given(thresholds, len(ranked), high, flagged, expected, base_rate)


def policy_sentences(policy: AlertPolicy, language: Language) -> Iterator[str]:
    """Who is on alert by the policy."""
    say = language.say
    yield say(
        "High alert: a risk of at least {lift} times the mean risk of all firms, and as high as the best expected "
        "F0.5 score asks, which weighs false alarms more than missed firms.",
        lift=language.number(policy.high_lift, 1),
    )
    yield say(
        "Alert: a risk of at least {lift} times the mean risk of all firms.",
        lift=language.number(policy.moderate_lift, 1),
    )
    if policy.firms_per_departement is not None:
        count = language.number(policy.firms_per_departement)
        yield say("At most {count} firms are on alert in each département, those most at risk.", count=count)
    else:
        yield say(
            "At most {high} of the firms are on high alert, and {moderate} on alert: those most at risk.",
            high=share(policy.high_share, language),
            moderate=share(policy.moderate_share, language),
        )


def given_sentences(found: Given, language: Language) -> Iterator[str]:
    """The policy, and what it gave at the period of a list."""
    yield from policy_sentences(found.thresholds.policy, language)
    yield language.say(
        "Of {firms} firms, {high} are on high alert ({high_share}; from a risk of {high_from}), and {count} on alert "
        "({count_share}; from a risk of {count_from}).",
        firms=language.number(found.firms),
        high=language.number(found.high),
        high_share=share(_part(found.high, found), language),
        high_from=share(found.thresholds.high, language),
        count=language.number(found.on_alert),
        count_share=share(_part(found.on_alert, found), language),
        count_from=share(found.thresholds.moderate, language),
    )
    if found.expected is not None:
        yield language.say(
            "By their risks, {expected} of the firms on alert will open a procedure.",
            expected=share(found.expected, language),
        )
    if found.base_rate is not None:
        yield from base_rate_sentences(found.base_rate, language)


def _part(count: int, found: Given) -> float | None:
    return count / found.firms if found.firms else None
