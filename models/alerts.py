"""The levels of alert, the policy that decides who is at which, and the thresholds that it gives, as plain records."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final, Self

HIGH, MODERATE, NO_ALERT = "high", "moderate", "none"
ALERTS = (HIGH, MODERATE, NO_ALERT)
# High alerts weigh precision twice as much as recall (van Rijsbergen, 1979).
BETA: Final = 0.5


@dataclass(frozen=True)
class AlertPolicy:
    """Which firms are on alert, as people set it; thresholds follow from the risks of the period that is scored.

    For a high alert, the risk must also reach the threshold of the best expected F0.5 score.

    high_lift, moderate_lift: how many times the mean risk of all firms a firm's own risk must be, at least.
    high_share, moderate_share: the share of the firms (0-1) that may be on high alert, and on alert, at most.
    firms_per_departement: how many firms the team of a département can follow: it then takes the place of the shares.
    """

    high_lift: float = 3.0
    high_share: float = 0.05
    moderate_lift: float = 2.0
    moderate_share: float = 0.1
    firms_per_departement: int | None = None

    def __post_init__(self) -> None:  # noqa: D105
        if problems := list(_problems(self)):
            raise ValueError(" and ".join(problems))

    def for_share(self, share: float) -> Self:
        """The policy where only that share of the firms is read: a team then follows as many fewer, one at least."""
        if self.firms_per_departement is None:
            return self
        return replace(self, firms_per_departement=max(1, round(share * self.firms_per_departement)))


def _problems(policy: AlertPolicy) -> Iterator[str]:
    if not 1 <= policy.moderate_lift <= policy.high_lift:
        yield "moderate_lift must be at least 1, and at most high_lift"
    if not 0 < policy.high_share <= policy.moderate_share <= 1:
        yield "high_share must be above 0, and at most moderate_share, which is at most 1"
    if policy.firms_per_departement is not None and policy.firms_per_departement < 1:
        yield "firms_per_departement must be at least 1"


DEFAULT_POLICY: Final = AlertPolicy()


@dataclass(frozen=True)
class Thresholds:
    """The probabilities from which a firm is on high or moderate alert at a period; moderate <= high.

    by_departement: where the policy counts firms per département, the probability that a firm of each must also reach.
    """

    high: float
    moderate: float
    policy: AlertPolicy = DEFAULT_POLICY
    by_departement: dict[str, float] = field(default_factory=dict)

    def at(self, departement: str | None) -> "Thresholds":
        """Those that a firm of that département must reach."""
        bar = self.by_departement.get(departement or "", 0.0)
        return replace(self, high=max(self.high, bar), moderate=max(self.moderate, bar), by_departement={})
