"""What is kept with a registered model, as plain records: the content of `model.json` and of `reference.json`."""

from dataclasses import dataclass
from datetime import date

from models.calibration.base_rate import BaseRate
from models.calibration.curve import ShorterHorizon
from models.calibration.interval import RiskInterval
from models.calibration.shapes import Calibration
from models.protocol import Protocol
from models.rows.inputs import Input


@dataclass(frozen=True)
class Span:
    """A part of the split: its first and last period, and its labelled rows, firms and failures."""

    first: date
    last: date
    rows: int
    firms: int
    failures: int


@dataclass(frozen=True)
class Spans:
    """The periods that a model was trained on, calibrated on, and tested on."""

    train: Span
    validation: Span
    test: Span


@dataclass(frozen=True)
class FinalFit:
    """What the trees in use learnt from, once the others were evaluated.

    offset: in their margins, so that the newest period has the mean risk that the evaluated trees give it.
    """

    span: Span
    offset: float


@dataclass(frozen=True)
class TrainingData:
    """The feature table that a model was trained on, copied from the record of its build.

    fingerprint: of the data; dictionary: digest of the definition of each feature, by name; dictionary_version: of all.
    todays_shares: of each fact of the register whose past is not told everywhere, the share of the rows in which the
    value of today stands.
    """

    fingerprint: str
    dictionary_version: str
    dictionary: dict[str, str]
    simulated: bool
    batch: str
    observed_until: date
    absent_sources: tuple[str, ...]
    todays_shares: dict[str, float]
    min_headcount: int
    excluded_categories: tuple[str, ...]
    excluded_activities: tuple[str, ...]


@dataclass(frozen=True)
class ModelFacts:
    """What a model was made of: with the same data, code, protocol and versions it can be made again.

    as_of: it knows nothing that was published later. horizon: in months. code: digest of the source that makes models.
    split: of the trees that were evaluated. n_estimators: trees that it has. final: of the trees in use; None where
    these are the evaluated ones, as in older versions. base_rate: the failure rate that its probabilities are set to;
    None of a model that version 0.2.0, or one before it, registered.
    """

    as_of: date
    horizon: int
    protocol: Protocol
    split: Spans
    data: TrainingData
    code: str
    versions: dict[str, str]
    n_estimators: int
    base_rate: BaseRate | None
    final: FinalFit | None = None


@dataclass(frozen=True)
class ModelRecord:
    """The content of `model.json`: all that a model is; of its trees, which are files of their own, the SHA-256.

    tested_sha256: None where the trees in use are those that were evaluated.
    """

    inputs: tuple[Input, ...]
    calibration: Calibration
    interval: RiskInterval | None
    curve: tuple[ShorterHorizon, ...]
    model_sha256: str
    tested_sha256: str | None
    refits_sha256: tuple[str, ...]
    facts: ModelFacts


@dataclass(frozen=True)
class Bins:
    """The distribution of a feature, or of the margin, over the training rows.

    edges: between bins, each bin holding its upper edge (for a category, between codes).
    counts: by calendar month (1-12; 0 where months are not told apart), rows per bin, then the rows without a value.
    commonest_share: share of the known values that equal the commonest one.
    filled_share: share of the rows whose value is neither unknown nor 0.
    """

    edges: tuple[float, ...]
    counts: dict[int, tuple[int, ...]]
    commonest_share: float
    filled_share: float


@dataclass(frozen=True)
class Reference:
    """The content of `reference.json`: what monitoring compares later periods with.

    features: by name, of `rows` training rows; margins: of rows that the trees in use did not learn from. shapes: by
    level of alert, the share of the failures within the horizon that came within 1, 2, ... months; a level without
    failures has none.
    """

    rows: int
    features: dict[str, Bins]
    margins: Bins
    shapes: dict[str, tuple[float, ...]]
