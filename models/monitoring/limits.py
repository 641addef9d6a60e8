"""The limits above which monitoring warns or stops a list, as the settings give them."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    """From these values on, a finding is a warning, or stops the list from being published.

    psi_warning, psi_stop: population stability index of a feature or of the score. A single feature never stops.
    drifted_share_stop: share of the features above psi_stop.
    missing_warning, missing_stop: increase of the share of firms for which a feature is unknown, since training.
    min_expected_firms: a constant feature, or an empty source, counts only where at least so many firms would have
    another value, or any value, were the period like training.
    gone_warning, gone_stop: share of the firms of the last list, or of the last period, that are no longer in scope.
    alerts_warning, alerts_stop: ratio between the number of alerts and that of the last list, whichever is larger.
    alerts_least: a smaller difference in the number of alerts is ignored.
    calibration_warning: ratio between observed and expected failures of a past list, whichever is larger, where the
    difference is not chance.
    undecided_share_stop: share of the firms with a procedure that have a notice which may change their state and can't
    be read with certainty.
    unknown_firms_warning, unknown_firms_stop: share of the firms of a source that the register of legal units lacks.
    dated_later_warning, dated_later_stop: share of the records of a source that are dated after the newest delivery.
    repeated_keys_warning, repeated_keys_stop: share of the lines of the register that name what another line names.
    yearly_sum_warning, yearly_sum_stop: ratio between what adds up over a month (persons, contributions, events of
    debt) and the same of the year before, whichever is larger.
    failures_warning, failures_stop: ratio between the share of failures in the last labelled year and that in the year
    before, whichever is larger.
    """

    psi_warning: float = 0.25
    psi_stop: float = 0.5
    drifted_share_stop: float = 1 / 3
    missing_warning: float = 0.1
    missing_stop: float = 0.3
    min_expected_firms: float = 20
    gone_warning: float = 0.2
    gone_stop: float = 0.5
    alerts_warning: float = 1.5
    alerts_stop: float = 3
    alerts_least: int = 20
    calibration_warning: float = 1.5
    undecided_share_stop: float = 0.05
    unknown_firms_warning: float = 0.05
    unknown_firms_stop: float = 0.5
    dated_later_warning: float = 0.01
    dated_later_stop: float = 0.5
    repeated_keys_warning: float = 0.001
    repeated_keys_stop: float = 0.1
    yearly_sum_warning: float = 1.5
    yearly_sum_stop: float = 4
    failures_warning: float = 2
    failures_stop: float = 5

    def __post_init__(self) -> None:  # noqa: D105
        wrong = [field.name for field in fields(self) if getattr(self, field.name) <= 0]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} must be above 0")
