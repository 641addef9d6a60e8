"""How good a model is, as plain records: together they are the content of `metrics.json`."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from models.alerts import HIGH, MODERATE, AlertPolicy
from models.calibration.reliability import CalibrationScore, ReliabilityPoint
from models.explanation.stability import Stability

TOP = "top_1_percent"
# How much more often than all rows the 5 % with the largest probability failed.
LIFT: Final = "top_5_percent_lift"
# Where rows are cut into alerts and others: both levels of the policy, and the 1 % with the largest probability.
CUTS: Final = (HIGH, MODERATE, TOP)
# The parts of a model without which it is trained again: see `models.training.ablation`.
SOURCE, THEME, DIRECTIONS = "source", "theme", "directions"


@dataclass(frozen=True)
class CutFigures:
    """What alerts are worth, in rows (one per firm and month).

    precision, recall: 0 where there is no alert, or no failure, to divide by.
    """

    precision: float
    recall: float
    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int


@dataclass(frozen=True)
class Figures:
    """The metrics of probabilities on labelled rows; log_loss in nats."""

    rows: int
    failures: int
    auc: float
    average_precision: float
    brier: float
    log_loss: float
    mean_probability: float
    high: CutFigures
    moderate: CutFigures
    top_1_percent: CutFigures

    def at(self, cut: str) -> CutFigures:
        """The figures at one of `CUTS`."""
        return {HIGH: self.high, MODERATE: self.moderate, TOP: self.top_1_percent}[cut]


@dataclass(frozen=True)
class TimedFigures(Figures):
    """The metrics of a model, with the seconds to fit it and to score 100,000 rows."""

    fit_seconds: float
    score_seconds_100k: float


@dataclass(frozen=True)
class OriginFigures(TimedFigures):
    """The metrics of the model of one origin of the walk-forward evaluation; test_from: its first test period."""

    test_from: date


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation over the origins; deviation: None of a single one."""

    mean: float
    deviation: float | None


@dataclass(frozen=True)
class RollingOrigins:
    """Walk-forward evaluation: the figures of each origin, the newest first; spread: by metric."""

    origins: tuple[OriginFigures, ...]
    spread: dict[str, Spread]


@dataclass(frozen=True)
class Protocols:
    """The same kind of model evaluated in other ways; None where the rows do not allow it.

    out_of_time: this model. unseen_firms: a model trained on no row of the test firms, on those firms;
    out_of_time_on_those_firms: this model on the same rows. random_within_periods: see `models.rows.split`.
    """

    out_of_time: TimedFigures
    unseen_firms: TimedFigures | None
    out_of_time_on_those_firms: TimedFigures | None
    rolling_origins: RollingOrigins
    random_within_periods: TimedFigures | None


@dataclass(frozen=True)
class AlertFigures:
    """The alerts among some rows; precision, recall: None where there is nothing to divide by."""

    alerts: int
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class SliceFigures:
    """The metrics of some of the rows; None where there are no rows, or too few failures for a ranking to mean much."""

    rows: int
    failures: int
    observed_rate: float | None
    mean_probability: float | None
    auc: float | None
    average_precision: float | None
    high: AlertFigures
    moderate: AlertFigures

    def at(self, level: str) -> AlertFigures:
        """The alerts of that level: HIGH, or MODERATE, which counts the high ones too."""
        return {HIGH: self.high, MODERATE: self.moderate}[level]


@dataclass(frozen=True)
class GroupFigures(SliceFigures):
    """The metrics of a group of firms."""

    group: str


@dataclass(frozen=True)
class HorizonFigures(SliceFigures):
    """The metrics at another horizon, in months."""

    horizon: int


@dataclass(frozen=True)
class JudgedHorizon:
    """A shorter horizon, calibrated for itself, on the newest months whose outcomes are known at it.

    first, last: these months. expected: the mean risk (0-1) that was given there.
    """

    months: int
    first: date
    last: date
    rows: int
    failures: int
    expected: float

    @property
    def ratio(self) -> float:
        """How many times as often as expected firms failed."""
        return self.failures / self.rows / self.expected


@dataclass(frozen=True)
class YearFigures:
    """A year of the labelled months: rows of firms in no procedure, and those of them that fail within the horizon.

    openings: first procedures of all firms of the table that opened in that year, whoever was in scope.
    """

    year: int
    rows: int
    failures: int
    openings: int


@dataclass(frozen=True)
class Procedures:
    """The metrics without the firms that are already in a procedure, and with them."""

    without_procedures: Figures
    with_procedures: Figures


@dataclass(frozen=True)
class FirstAlerts:
    """When firms that failed were first on alert, in whole months before the opening.

    never, never_share: firms that never were; on_alert_at_last: those on alert at the last score before the opening.
    quartiles: of the months, over the firms that were; None where none was.
    firms_by_months: how many firms at 0, 1, 2, ... months.
    never_ends, median_ends: 95 % intervals, over firms, of never_share and of the median; None where not measured.
    """

    never: int
    never_share: float | None
    on_alert_at_last: int
    quartiles: tuple[float, float, float] | None
    firms_by_months: tuple[int, ...]
    never_ends: tuple[float, float] | None = None
    median_ends: tuple[float, float] | None = None


@dataclass(frozen=True)
class FailedFirms:
    """The lead times of some of the firms that failed, by level of alert."""

    firms: int
    high: FirstAlerts
    moderate: FirstAlerts

    def at(self, level: str) -> FirstAlerts:
        """The lead times of that level: HIGH, or MODERATE, which counts the high ones too."""
        return {HIGH: self.high, MODERATE: self.moderate}[level]


@dataclass(frozen=True)
class LeadTime:
    """The lead times of the firms that failed while they were scored, from the first to the last period.

    fully_observed: only the firms that were scored for all of the `look_back_months` before they failed.
    """

    look_back_months: int
    first_period: date
    last_period: date
    all_firms: FailedFirms
    fully_observed: FailedFirms


@dataclass(frozen=True)
class Interval:
    """A metric with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Difference(Interval):
    """A difference between two models; share_worse: share of the draws in which the first one did worse."""

    share_worse: float


@dataclass(frozen=True)
class Ablation:
    """What a part of a model adds to its average precision: that of the model, minus that of one trained without it.

    part: SOURCE, THEME or DIRECTIONS; name: of the source, or of the theme. inputs: how many it concerns.
    """

    part: str
    name: str
    inputs: int
    adds: Difference


@dataclass(frozen=True)
class HelpedLevel:
    """What the alerts of a level are worth among some firms; None where there is nothing to divide by.

    lead_months: the median, over those firms that failed and were on alert, of the months from the first alert on.
    """

    alerts: int
    precision: Interval | None
    recall: Interval | None
    lead_months: Interval | None


@dataclass(frozen=True)
class HelpedFigures:
    """The alerts of firms that were helped within the horizon, before any procedure opened; or those of the others.

    rows, firms, failures: of the test months. Agents choose whom to help: the difference is not the effect of help.
    """

    is_helped: bool
    rows: int
    firms: int
    failures: int
    high: HelpedLevel
    moderate: HelpedLevel

    def at(self, level: str) -> HelpedLevel:
        """Its alerts of that level: HIGH, or MODERATE, which counts the high ones too."""
        return {HIGH: self.high, MODERATE: self.moderate}[level]


@dataclass(frozen=True)
class CalibrationFigures:
    """Whether probabilities come true on the test rows; kinds: how each kind of calibration did on validation rows.

    slope: of the labels' log-odds on those of the probabilities, 1 where differences between firms are neither
    exaggerated nor played down; None where an older version did not record it.
    """

    kinds: tuple[CalibrationScore, ...]
    points: tuple[ReliabilityPoint, ...]
    expected_calibration_error: float
    slope: float | None


@dataclass(frozen=True)
class FeatureImportance:
    """Mean absolute contribution (log-odds) as a share of all (0-1), the largest first.

    features: by root feature: a lag or a mean counts with the feature that it derives from.
    """

    themes: dict[str, float]
    features: dict[str, float]


@dataclass(frozen=True)
class Check:
    """A check before a model may be put in use: its name, whether it is passed, and the result in a sentence."""

    name: str
    is_passed: bool
    sentence: str


@dataclass(frozen=True)
class Metrics:
    """All that a model was evaluated by: the content of `metrics.json`.

    models: this model and its challengers on the same test rows, by name (`models.estimators.challengers`).
    surpassed_by: challengers that rank better, beyond chance, by name: their average precision minus the model's.
    intervals: by metric, those at a cut with its name before: `auc`, `high_precision`.
    groups: by dimension: see `models.evaluation.slices.by_group`.
    judged: the horizons that have a calibration of their own; years: of the labelled months, oldest first; both empty
    where version 0.2.0 evaluated it.
    ablations: what each part adds, empty where the settings do not ask for it. helped: the firms that were helped and
    the others, empty where nobody was.
    policy: that of the alerts; None where a version chose thresholds for the model itself, before there were policies.
    """

    models: dict[str, TimedFigures]
    stability: Stability
    feature_importance: FeatureImportance
    intervals: dict[str, Interval]
    calibration: CalibrationFigures
    groups: dict[str, tuple[GroupFigures, ...]]
    protocols: Protocols
    procedures: Procedures
    horizons: tuple[HorizonFigures, ...]
    lead_time: LeadTime
    policy: AlertPolicy | None
    judged: tuple[JudgedHorizon, ...] = ()
    years: tuple[YearFigures, ...] = ()
    checks: tuple[Check, ...] = ()
    surpassed_by: dict[str, Difference] = field(default_factory=dict)
    ablations: tuple[Ablation, ...] = ()
    helped: tuple[HelpedFigures, ...] = ()
