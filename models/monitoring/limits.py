"""From where monitoring warns, and from where it stops a list: what the settings hold."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """From where a finding is a warning, and from where it stops a list from being published.

    psi_warning, psi_stop: stability index of a feature or of the score; one feature above psi_stop is a warning still.
    drifted_share_stop: share of the features above psi_stop from which they stop.
    missing_warning, missing_stop: rise of the share of firms for which a feature is unknown.
    firms_promised: a feature that is constant or empty counts where training promised this many firms otherwise.
    gone_warning, gone_stop: share of the firms of the last list, or of the last period, that are no longer there.
    alerts_warning, alerts_stop: times as many firms on alert as on the last list, or as few.
    alerts_least: alerts that a jump must make more, or fewer: one firm after none is no jump.
    calibration_warning: observed to expected failures of a past list, or the inverse; beyond chance as well.
    """

    psi_warning: float = 0.25
    psi_stop: float = 0.5
    drifted_share_stop: float = 1 / 3
    missing_warning: float = 0.1
    missing_stop: float = 0.3
    firms_promised: float = 20
    gone_warning: float = 0.2
    gone_stop: float = 0.5
    alerts_warning: float = 1.5
    alerts_stop: float = 3
    alerts_least: int = 20
    calibration_warning: float = 1.5

    def __post_init__(self) -> None:  # noqa: D105
        wrong = [field.name for field in fields(self) if getattr(self, field.name) <= 0]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} must be above 0")
