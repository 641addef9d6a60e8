"""The champion's kind of model and its challengers, made in the same way; all accept NaN in `dataset.matrix`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self

import lightgbm as lgb
import numpy as np
from scipy.special import logit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, SplineTransformer

from features.catalog import CATEGORY
from models.estimators.boosted_trees import SAME_BYTES, BoostedTrees, boosted_trees
from models.estimators.soft_labels import Course
from models.rows.inputs import Input, Labels, Margins, Matrix, Probabilities, Weights

UNKNOWN_CATEGORY = -1
MOST_LINEAR_ROWS: Final = 200_000
# Rows that an estimator is asked of at once.
BLOCK: Final = 50_000
# A probability of exactly 0 or 1 has no log-odds.
SMALLEST = 1e-6


class OnSomeRows(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """An estimator that learns from `most` rows, drawn at random where there are more."""

    def __init__(self, estimator: ClassifierMixin, most: int, seed: int) -> None:  # noqa: D107  # see the class
        self.estimator = estimator
        self.most = most
        self.seed = seed

    def fit(self, X: Matrix, y: Labels, sample_weight: Weights | None = None) -> Self:  # noqa: N803
        """Fit on rows x inputs."""
        if len(y) > self.most:
            drawn = np.random.default_rng(self.seed).choice(len(y), self.most, replace=False)
            X, y = X[drawn], y[drawn]  # noqa: N806
            sample_weight = None if sample_weight is None else sample_weight[drawn]
        self.fitted_ = fit(clone(self.estimator), X, y, sample_weight)
        return self

    def decision_function(self, X: Matrix) -> Margins:  # noqa: N803
        """The log-odds of the second class."""
        blocks = (X[start : start + BLOCK] for start in range(0, max(len(X), 1), BLOCK))
        return np.concatenate([margins_of(self.fitted_, block) for block in blocks])


def logistic_regression(inputs: Sequence[Input], seed: int) -> OnSomeRows:
    """Logistic regression on splines of each quantity's rank, indicators of unknown values, and one-hot categories.

    Each row becomes some 700 numbers of eight bytes, twice while they are put together: it learns from as many rows as
    take two gigabytes, hundreds for each number that it learns.
    """
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
    return OnSomeRows(make_pipeline(ColumnTransformer(columns), linear), MOST_LINEAR_ROWS, seed)


class Forest(lgb.LGBMRegressor):
    """LightGBM's forest of regression trees on labels 0 and 1: by squared error, which is Gini's impurity then.

    The mean of its trees is a probability. As a classifier, LightGBM would put the mean through a sigmoid once more.
    """

    def predict_proba(self, X: Matrix) -> Probabilities:  # noqa: N803
        """The probability of each class, before calibration."""
        probability = np.asarray(self.predict(X), np.float64)
        return np.column_stack([1 - probability, probability])


def random_forest(inputs: Sequence[Input], seed: int) -> Forest:
    """100 trees of depth 9, as in the reference system; a category is read as its number.

    Each tree learns from as many rows as a bootstrap holds, each split from the root of the number of columns. Leaves
    of 20 rows rank better than those of a single one.
    """
    return Forest(
        boosting_type="rf",
        n_estimators=100,
        max_depth=9,
        num_leaves=2**9,
        min_child_samples=20,
        subsample=0.632,
        subsample_freq=1,
        feature_fraction_bynode=len(inputs) ** -0.5,
        # As many threads as the other fits.
        n_jobs=0,
        random_state=seed,
        **SAME_BYTES,
    )


def free_boosted_trees(inputs: Sequence[Input], seed: int) -> BoostedTrees:
    """LightGBM without monotone constraints, to measure what they cost."""
    return boosted_trees(inputs, seed, monotone=False)


CHALLENGERS: Mapping[str, Callable[[Sequence[Input], int], ClassifierMixin]] = {
    "logistic_regression": logistic_regression,
    "random_forest": random_forest,
    "lightgbm": boosted_trees,
    "lightgbm_unconstrained": free_boosted_trees,
}


def fit(
    estimator: ClassifierMixin, x: Matrix, y: Labels, weights: Weights | None = None, course: Course | None = None
) -> ClassifierMixin:
    """The estimator, fitted; of a pipeline, the last step receives the sample weights.

    course: how the firms of the rows went on, for boosted trees; other estimators learn from the labels alone.
    """
    if course is not None:
        return estimator.fit(x, y, weights, course=course)
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
