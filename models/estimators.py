"""LightGBM, and the two models that existing systems use, behind scikit-learn's interface."""

from collections.abc import Sequence

import lightgbm as lgb
import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

from models.dataset import Input, Labels, Matrix

UNKNOWN_CATEGORY = -1
LEAVES = 15
ROWS_A_LEAF = 500


def boosted_trees(inputs: Sequence[Input], trees: int, seed: int, leaves: int, rows_a_leaf: int) -> lgb.LGBMClassifier:
    """LightGBM under the catalogue's monotone constraints: an agent must never read that more debt made it safer."""
    return lgb.LGBMClassifier(
        n_estimators=trees,
        learning_rate=0.03,
        num_leaves=leaves,
        # A firm has a row a month: a leaf must hold many firms, not many months of one.
        min_child_samples=rows_a_leaf,
        min_data_per_group=4 * rows_a_leaf,
        cat_smooth=float(rows_a_leaf),
        colsample_bytree=0.3,
        subsample=0.5,
        subsample_freq=1,
        reg_lambda=rows_a_leaf / 10,
        monotone_constraints=[column.direction for column in inputs] if any(c.direction for c in inputs) else None,
        random_state=seed,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )


def fit_boosted_trees(
    x: Matrix,
    y: Labels,
    inputs: Sequence[Input],
    trees: int,
    seed: int,
    leaves: int = LEAVES,
    rows_a_leaf: int = ROWS_A_LEAF,
) -> lgb.Booster:
    """The booster, as its own text: what is used is what can be saved and read again."""
    fitted = boosted_trees(inputs, trees, seed, leaves, rows_a_leaf).fit(
        x,
        y,
        feature_name=[column.name for column in inputs],
        categorical_feature=[column.name for column in inputs if column.categories],
    )
    return lgb.Booster(model_str=fitted.booster_.model_to_string())


def logistic_regression(inputs: Sequence[Input], seed: int) -> ClassifierMixin:
    """On normal scores of the quantities, medians where unknown, and indicators of the categories."""
    return _baseline(inputs, LogisticRegression(C=0.1, solver="newton-cholesky", random_state=seed))


def random_forest(inputs: Sequence[Input], seed: int) -> ClassifierMixin:
    """100 trees of depth 9: the setting of the reference system."""
    return _baseline(inputs, RandomForestClassifier(100, max_depth=9, n_jobs=-1, random_state=seed))


def _baseline(inputs: Sequence[Input], estimator: ClassifierMixin) -> ClassifierMixin:
    quantities = [n for n, column in enumerate(inputs) if not column.categories and column.unit != "category"]
    categories = [n for n, column in enumerate(inputs) if column.categories]
    scores = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        QuantileTransformer(n_quantiles=100, output_distribution="normal", random_state=0),
    )
    codes = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=UNKNOWN_CATEGORY, keep_empty_features=True),
        OneHotEncoder(min_frequency=0.01, handle_unknown="ignore", sparse_output=False, dtype=np.float32),
    )
    return make_pipeline(ColumnTransformer([("scores", scores, quantities), ("codes", codes, categories)]), estimator)
