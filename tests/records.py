"""Records that tests start from, each with what the test is about changed."""

from dataclasses import fields, replace
from datetime import date
from importlib.metadata import version
from typing import Any

from features.table_record import BuildRecord
from models.alerts import DEFAULT_POLICY
from models.calibration.base_rate import BaseRate
from models.calibration.curve import ShorterHorizon
from models.calibration.interval import RiskInterval
from models.calibration.reliability import CalibrationScore, ReliabilityPoint
from models.calibration.shapes import Platt
from models.evaluation.records import (
    LIFT,
    Ablation,
    AlertFigures,
    CalibrationFigures,
    Check,
    CutFigures,
    Difference,
    FailedFirms,
    FeatureImportance,
    Figures,
    FirstAlerts,
    GroupFigures,
    HelpedFigures,
    HelpedLevel,
    HorizonFigures,
    Interval,
    JudgedHorizon,
    LeadTime,
    Metrics,
    OriginFigures,
    Procedures,
    Protocols,
    RollingOrigins,
    SliceFigures,
    Spread,
    TimedFigures,
    YearFigures,
)
from models.explanation.stability import Stability
from models.protocol import Hyperparameters, Protocol, Sampling
from models.registry.model import RiskModel
from models.registry.records import ModelFacts, Span, Spans, TrainingData
from models.rows.inputs import Input


def build_record(**changes: Any) -> BuildRecord:
    """Of a table of simulated firms, 2020-01 to 2024-02."""
    content: dict[str, Any] = {
        "start": date(2020, 1, 1),
        "end": date(2024, 2, 1),
        "horizon": 18,
        "min_headcount": 10,
        "excluded_categories": (),
        "excluded_activities": (),
        "min_turnover": 1_000_000,
        "warm_up_months": 24,
        "observed_until": date(2024, 1, 1),
        "batch": "2401_simulated",
        "simulated": True,
        "absent_sources": (),
        "todays_shares": {},
        "dictionary_version": "b3c5",
        "dictionary": {},
        "fingerprint": "f" * 64,
        "files": (),
        "checked": (),
        "contents": {},
    }
    return BuildRecord(**{**content, **changes})


BASE_RATE = BaseRate(
    date(2017, 2, 1), date(2022, 1, 1), rate=0.06, lowest=0.04, highest=0.08, at_calibration=0.05, drift=0.2
)
# Of a few firms: too few of them fail within three months.
CURVE = (
    ShorterHorizon(3, date(2022, 10, 1), date(2023, 3, 1), rows=600, failures=4, calibration=None),
    ShorterHorizon(6, date(2022, 7, 1), date(2022, 12, 1), rows=600, failures=20, calibration=Platt(1.0, -1.0)),
    ShorterHorizon(12, date(2022, 1, 1), date(2022, 6, 1), rows=600, failures=40, calibration=Platt(1.0, -0.5)),
)


def risk_model(**changes: Any) -> RiskModel:
    """A model without trees, of one column and of simulated firms; its facts are changed by `model_facts`."""
    content: dict[str, Any] = {
        "text": "tree",
        "inputs": (Input("debt", "social_debt", "EUR", 1, "debt"),),
        "calibration": Platt(1.0, 0.0),
        "interval": RiskInterval((0.0,), (0.1,), 0.2),
        "curve": CURVE,
        "refits": (),
        "facts": model_facts(),
    }
    return RiskModel(**{**content, **changes})


def model_facts(**changes: Any) -> ModelFacts:
    """Of a model of February 2024; what is named as in `TrainingData` is changed there."""
    data: dict[str, Any] = {
        "fingerprint": "f" * 64,
        "dictionary_version": "b3c5",
        "dictionary": {},
        "simulated": True,
        "batch": "2401_simulated",
        "observed_until": date(2024, 1, 1),
        "absent_sources": (),
        "todays_shares": {},
        "min_headcount": 10,
        "excluded_categories": (),
        "excluded_activities": (),
    }
    content: dict[str, Any] = {
        "as_of": date(2024, 2, 1),
        "horizon": 18,
        "protocol": Protocol(6, 6, 1_000_000, 500_000, Sampling(), Hyperparameters(), refits=5, origins=3, seed=7),
        "split": Spans(
            train=Span(date(2014, 3, 1), date(2020, 2, 1), rows=10, firms=5, failures=1),
            validation=Span(date(2021, 8, 1), date(2022, 1, 1), rows=10, firms=5, failures=1),
            test=Span(date(2022, 2, 1), date(2022, 7, 1), rows=10, firms=5, failures=1),
        ),
        "data": TrainingData(**{**data, **{name: value for name, value in changes.items() if name in data}}),
        "code": "46c04f2a3348",
        "versions": {"lightgbm": version("lightgbm")},
        "n_estimators": 100,
        "base_rate": BASE_RATE,
    }
    return ModelFacts(**{**content, **{name: value for name, value in changes.items() if name not in data}})


CUT = CutFigures(0.75, 0.2, true_negatives=3, false_positives=3, false_negatives=3, true_positives=3)
FIGURES = TimedFigures(1000, 60, 0.75, 0.3, 0.05, 0.2, 0.06, CUT, CUT, CUT, fit_seconds=1.0, score_seconds_100k=0.5)
SLICE = SliceFigures(1000, 60, 0.05, 0.06, 0.75, 0.3, AlertFigures(4, 0.75, 0.2), AlertFigures(4, 0.75, 0.2))


def group(name: str, **changes: Any) -> GroupFigures:
    """A group of 1,000 rows and 60 failures."""
    return GroupFigures(**{**vars(SLICE), **changes}, group=name)


def metrics(**changes: Any) -> Metrics:
    """All metrics of a model, mostly the same few numbers."""
    level = HelpedLevel(8, Interval(0.5, 0.3, 0.7), None, Interval(5.0, 3.0, 8.0))
    first = FirstAlerts(75, 0.6, 25, (3.0, 5.0, 14.0), (0, 1))
    failed = FailedFirms(113, first, replace(first, quartiles=None))
    kind = CalibrationScore("uncalibrated", 0.05, 0.2, 0.01, is_chosen=True)
    models = ("lightgbm", "logistic_regression", "random_forest", "histogram_boosting")
    content: dict[str, Any] = {
        "models": dict.fromkeys(models, FIGURES),
        "stability": Stability(0.82, 0.67, 754, 5),
        "feature_importance": FeatureImportance(
            {"social_debt": 0.7, "workforce": 0.3}, {"debt": 0.6, "headcount": 0.4}
        ),
        "intervals": {
            **dict.fromkeys(("high_precision", "top_1_percent_recall"), Interval(0.75, 0.58, 0.89)),
            "auc": Interval(0.75, 0.68, 0.81),
            LIFT: Interval(3.5, 2.5, 4.5),
        },
        "calibration": CalibrationFigures(
            (kind, replace(kind, kind="beta")),
            (ReliabilityPoint(647, 14, 0.02, 0.03, 0.01, 0.04, 0.015, 0.035),),
            0.013,
            0.9,
        ),
        "groups": {
            "naf_section": (group("C"), group("J", auc=0.46)),
            "size_class": (group("100-249"), group("20-49")),
            "region": (group("94", auc=None), group("unknown")),
            "age": (group("under 3"),),
            "missing_source": (group("headcounts"),),
        },
        "protocols": Protocols(
            out_of_time=FIGURES,
            unseen_firms=FIGURES,
            out_of_time_on_those_firms=None,
            rolling_origins=RollingOrigins(
                (OriginFigures(**vars(FIGURES), test_from=date(2022, 2, 1)),),
                dict.fromkeys(("auc", "average_precision", "brier", "log_loss"), Spread(0.7, None)),
            ),
            random_within_periods=FIGURES,
        ),
        "procedures": Procedures(
            *(Figures(**{field.name: getattr(FIGURES, field.name) for field in fields(Figures)}) for _ in range(2))
        ),
        "horizons": (HorizonFigures(**vars(SLICE), horizon=6),),
        "lead_time": LeadTime(24, date(2021, 8, 1), date(2024, 2, 1), failed, failed),
        "years": (YearFigures(2021, 12_000, 600, 90),),
        "policy": DEFAULT_POLICY,
        "judged": (JudgedHorizon(6, date(2023, 1, 1), date(2023, 6, 1), 600, 24, 0.02),),
        "ablations": tuple(
            Ablation(part, name, 4, Difference(adds, adds - 0.01, adds + 0.005, 0.1))
            for part, name, adds in (
                ("source", "debts", 0.031),
                ("theme", "social_debt", 0.042),
                ("theme", "profile", -0.001),
                ("directions", "social_debt", -0.0046),
            )
        ),
        "helped": tuple(HelpedFigures(is_helped, 200, 40, 10, level, level) for is_helped in (True, False)),
        "checks": tuple(Check(name, True, "so") for name in ("ranking", "calibration", "data")),
    }
    return Metrics(**{**content, **changes})
