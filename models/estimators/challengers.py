"""The champion's kind of model and its challengers, made in the same way; all accept NaN in `dataset.matrix`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Self

import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, SplineTransformer

from features.catalog import CATEGORY
from models.estimators.boosted_trees import BoostedTrees, boosted_trees
from models.protocol import Hyperparameters
from models.rows.inputs import Input, Labels, Margins, Matrix, Weights

UNKNOWN_CATEGORY = -1
# The most categories that scikit-learn's histograms can hold.
MOST_CATEGORIES = 254
# A probability of exactly 0 or 1 has no log-odds.
SMALLEST = 1e-6


def logistic_regression(inputs: Sequence[Input], seed: int) -> Pipeline:
    """Logistic regression on splines of each quantity's rank, indicators of unknown values, and one-hot categories."""
    quantities, categories = _places(inputs)
    curves = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        QuantileTransformer(n_quantiles=100, random_state=seed),
        SplineTransformer(n_knots=3, degree=2, include_bias=False),
    )
    codes = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=UNKNOWN_CATEGORY, keep_empty_features=True),
        OneHotEncoder(min_frequency=0.01, handle_unknown="ignore", sparse_output=False, dtype=np.float32),
    )
    columns = [
        ("curves", curves, quantities),
        ("unknown", MissingIndicator(error_on_new=False), quantities),
        ("codes", codes, categories),
    ]
    linear = LogisticRegression(C=0.1, max_iter=500, random_state=seed)
    return make_pipeline(ColumnTransformer(columns), linear)


def random_forest(inputs: Sequence[Input], seed: int) -> RandomForestClassifier:  # noqa: ARG001  # one interface
    """100 trees of depth 9, as in the reference system; a category is read as its number."""
    return RandomForestClassifier(100, max_depth=9, n_jobs=-1, random_state=seed)


class EmptyColumnsAsZero(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Sets columns that have no known value in training to 0: scikit-learn's histograms can't read an empty column."""

    def fit(self, X: Matrix, y: Labels | None = None) -> Self:  # noqa: ARG002, N803
        """Find the columns without any known value."""
        self.empty_ = np.isnan(X).all(axis=0)
        return self

    def transform(self, X: Matrix) -> Matrix:  # noqa: N803
        """The same rows, with those columns 0."""
        return np.where(self.empty_, np.float32(0), X)


def histogram_boosting(inputs: Sequence[Input], seed: int) -> Pipeline:
    """scikit-learn's gradient boosting under the same constraints and sizes as ours."""
    boosting = HistGradientBoostingClassifier(
        max_iter=100,
        max_leaf_nodes=Hyperparameters.num_leaves,
        min_samples_leaf=Hyperparameters.min_child_samples,
        l2_regularization=Hyperparameters.reg_lambda,
        max_features=Hyperparameters.colsample_bytree,
        monotonic_cst=[column.direction for column in inputs],
        categorical_features=[0 < len(column.categories) <= MOST_CATEGORIES for column in inputs],
        early_stopping=False,
        random_state=seed,
    )
    return make_pipeline(EmptyColumnsAsZero(), boosting)


def free_boosted_trees(inputs: Sequence[Input], seed: int) -> BoostedTrees:
    """LightGBM without monotone constraints, to measure what they cost."""
    return boosted_trees(inputs, seed, monotone=False)


CHALLENGERS: Mapping[str, Callable[[Sequence[Input], int], ClassifierMixin]] = {
    "logistic_regression": logistic_regression,
    "random_forest": random_forest,
    "histogram_boosting": histogram_boosting,
    "lightgbm": boosted_trees,
    "lightgbm_unconstrained": free_boosted_trees,
}


def fit(estimator: ClassifierMixin, x: Matrix, y: Labels, weights: Weights | None = None) -> ClassifierMixin:
    """The estimator, fitted; of a pipeline, the last step receives the sample weights."""
    name = f"{estimator.steps[-1][0]}__sample_weight" if isinstance(estimator, Pipeline) else "sample_weight"
    return estimator.fit(x, y, **({} if weights is None else {name: weights}))


def margins_of(estimator: ClassifierMixin, x: Matrix) -> Margins:
    """The log-odds that a fitted estimator gives, before calibration."""
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(x), np.float64)
    probability = np.asarray(estimator.predict_proba(x)[:, 1], np.float64)
    return np.asarray(logit(probability.clip(SMALLEST, 1 - SMALLEST)), np.float64)


def _places(inputs: Sequence[Input]) -> tuple[list[int], list[int]]:
    """The column numbers of the quantities, and of the categories that have at least one known code."""
    quantities = [n for n, column in enumerate(inputs) if column.unit != CATEGORY]
    return quantities, [n for n, column in enumerate(inputs) if column.categories]
