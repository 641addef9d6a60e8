"""How a model is made and judged, as plain records: what the settings hold, without any library that learns."""

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str], None]
# The champion's kind of model, and the same without the catalogue's directions.
LIGHTGBM, FREE = "lightgbm", "lightgbm_unconstrained"
# Months after the horizon until the last judgements are in the files.
LABEL_LAG_MONTHS = 1


@dataclass(frozen=True)
class Hyperparameters:
    """What `weaksignals tune` searches; rows_a_leaf: a firm has a row a month, and a leaf must hold many firms."""

    trees: int = 300
    learning_rate: float = 0.03
    leaves: int = 15
    rows_a_leaf: int = 500
    column_share: float = 0.3
    row_share: float = 0.5
    l2: float = 50.0


DEFAULTS = Hyperparameters()


@dataclass(frozen=True)
class Sampling:
    """Every k-th month from the last one back, and a share of the firms that do not fail."""

    every_months: int = 1
    negative_share: float = 1.0


@dataclass(frozen=True)
class Protocol:
    """How a model is made and judged: see `flows.settings`."""

    validation_months: int
    test_months: int
    max_training_rows: int
    max_judging_rows: int
    sampling: Sampling
    hyperparameters: Hyperparameters
    refits: int
    origins: int
    seed: int
