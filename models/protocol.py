"""How a model is trained and evaluated, as plain records: the settings hold them without loading LightGBM."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Called with one sentence per step of a long computation.
Progress = Callable[[str], None]
# The champion's kind of model, and the same without monotone constraints.
LIGHTGBM, FREE = "lightgbm", "lightgbm_unconstrained"
# Months after the end of the horizon until the sources hold the last judgments of it.
LABEL_LAG_MONTHS = 1
# Months after which the later state of a firm tells what to learn of it: see `models.estimators.soft_labels`.
STEP_MONTHS: Final = 6
# Months, from now on, of the risks that stand beside that at the horizon of the feature table.
SHORTER_HORIZONS: Final = (3, 6, 12)


@dataclass(frozen=True)
class Hyperparameters:
    """The hyper-parameters of LightGBM that `weaksignals tune` searches, under scikit-learn's names for them.

    n_estimators: the most trees of a booster; fewer are taken where they rank later months better.
    min_child_samples: training rows per leaf, at least. A firm has one row per month, so that a leaf of 500 rows holds
    far fewer than 500 firms.
    colsample_bytree, subsample: share (0-1) of the columns per tree, and of the rows.
    """

    n_estimators: int = 200
    learning_rate: float = 0.05
    num_leaves: int = 15
    min_child_samples: int = 500
    colsample_bytree: float = 0.3
    subsample: float = 0.5
    reg_lambda: float = 50.0


DEFAULTS = Hyperparameters()
# What version 0.1.0 called the settings of a model, in its configuration and in the models that it registered.
FORMER_NAMES: Final = {
    "trees": "n_estimators",
    "leaves": "num_leaves",
    "rows_a_leaf": "min_child_samples",
    "column_share": "colsample_bytree",
    "row_share": "subsample",
    "l2": "reg_lambda",
    "max_judging_rows": "max_evaluation_rows",
}


@dataclass(frozen=True)
class Sampling:
    """The training rows that are used: every k-th period back from the last one, and a share of the surviving firms."""

    every_months: int = 1
    negative_share: float = 1.0


@dataclass(frozen=True)
class Protocol:
    """How a model is trained and evaluated; each field is explained where it is set, in `flows.settings`."""

    validation_months: int
    test_months: int
    max_training_rows: int
    max_evaluation_rows: int
    sampling: Sampling
    hyperparameters: Hyperparameters
    refits: int
    origins: int
    seed: int
