"""LightGBM as a scikit-learn estimator, under the directions and with the categories of the catalogue of features."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import lightgbm as lgb
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from models.calibration.shapes import PER_RISK, agreed
from models.estimators.soft_labels import Course, soft_labels
from models.protocol import DEFAULTS, Hyperparameters
from models.rows.inputs import Input, Labels, Margins, Matrix, Probabilities, Weights

PRECISION: Final = "average_precision"
# Over how many trees the average precision is smoothed before the best number of them is read from it.
SMOOTHING: Final = 11
# Of the models that make soft labels: more trees that learn more slowly serve no better, and take longer.
QUICK_TREES, QUICK_RATE = 30, 0.15
# How many times smaller the leaves of the boosters that learn the risk may be: a few firms of very high risk make one
# that is worth much.
SMALLER_LEAVES: Final = 5
# The boosters that learn the risk do so as many times faster, with as many times fewer trees: they cost half as much to
# fit, to explain and to keep, and rank hardly worse.
FASTER: Final = 2
# The same trees on any number of threads. Column by column rather than row by row: the trees are the same too, and only
# the columns drawn for a tree are read, which takes 60 % of the time.
SAME_BYTES: Final[Mapping[str, Any]] = {"deterministic": True, "force_col_wise": True, "verbosity": -1}


@dataclass(frozen=True)
class Sample:
    """Rows with their labels, weights, and how their firms went on."""

    x: Matrix
    y: Labels
    weights: Weights | None = None
    course: Course | None = None


class BoostedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """LightGBM under the catalogue's monotone constraints: an agent must never read that more debt made it safer.

    inputs: the columns, in order; without them every column is a quantity without constraint.
    early_stopping: rounds without a better average precision on `later` after which training stops, or None.
    bags: how many pairs of boosters are trained with different seeds; the model's margin is the mean of theirs. One of
    a pair learns log-odds by log-loss, which spends most of its trees on the many firms of little risk. The other
    learns the risk itself by squared error, which is nearly all about the few firms of high risk, with fewer trees, and
    counts `PER_RISK` times: lists rank these. The two together rank them better than either. pairs: False leaves it
    out, where only `precision_` is asked for.
    `booster_`, once fitted: one LightGBM booster with the trees of all, read from its own text, so that what is used is
    what can be saved and read again. `n_estimators_`: trees that learn log-odds, `n_estimators` at most. `precision_`:
    the average precision on `later` after each of them; both of the last pair. Lists are ranked, their levels are the
    calibration's.
    """

    def __init__(  # noqa: D107  # see the class
        self,
        inputs: Sequence[Input] = (),
        n_estimators: int = Hyperparameters.n_estimators,
        learning_rate: float = Hyperparameters.learning_rate,
        num_leaves: int = Hyperparameters.num_leaves,
        min_child_samples: int = Hyperparameters.min_child_samples,
        colsample_bytree: float = Hyperparameters.colsample_bytree,
        subsample: float = Hyperparameters.subsample,
        reg_lambda: float = Hyperparameters.reg_lambda,
        monotone: bool = True,
        early_stopping: int | None = None,
        bags: int = 1,
        pairs: bool = True,
        seed: int = 0,
    ) -> None:
        self.inputs = inputs
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_child_samples = min_child_samples
        self.colsample_bytree = colsample_bytree
        self.subsample = subsample
        self.reg_lambda = reg_lambda
        self.monotone = monotone
        self.early_stopping = early_stopping
        self.bags = bags
        self.pairs = pairs
        self.seed = seed

    def fit(
        self,
        X: ArrayLike,  # noqa: N803  # scikit-learn's name
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        later: Sample | None = None,
        course: Course | None = None,
    ) -> Self:
        """Fit on rows x inputs and two kinds of label.

        later: rows to measure the average precision on, no more. course: how the firms of the rows went on; with it,
        the trees learn soft labels, which are made here of these rows only: see `soft_labels`.
        """
        x, y = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"Only binary classification is supported; y holds {len(self.classes_)} class(es).")
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, x)
        rows = self.binned(x, labels, weights)
        measured = None
        if later is not None:
            measured = rows.create_valid(later.x, np.searchsorted(self.classes_, later.y), later.weights)
        self.booster_ = self.boosted(rows, course, measured)
        return self

    def binned(self, x: Matrix, labels: NDArray[Any], weights: NDArray[Any] | None) -> lgb.Dataset:
        """The rows as LightGBM holds them: a number of a bin, one byte, for each value; labels are 0 and 1."""
        parameters = self._parameters(self.seed)
        return lgb.Dataset(x, labels, weight=weights, params=parameters, **self._columns()).construct()

    def boosted(self, rows: lgb.Dataset, course: Course | None = None, later: lgb.Dataset | None = None) -> lgb.Booster:
        """The booster of all pairs, of rows that `binned` made; course, later: see `fit`."""
        labels = np.asarray(rows.get_label(), np.float64)
        if course is not None:
            rows.set_label(soft_labels(labels, course, lambda found: self._risks(rows.set_label(found))))
        seeds = range(self.seed * self.bags, (self.seed + 1) * self.bags)
        pairs = [booster for seed in seeds for booster in self._pair(rows, later, seed)]
        rows.set_label(labels)
        return averaged(pairs)

    def _risks(self, rows: lgb.Dataset) -> Probabilities:
        """The risk of each of the rows by a quick model that learns from their labels."""
        found: list[Probabilities] = []

        def told(risks: Probabilities, _: lgb.Dataset) -> tuple[str, float, bool]:
            found.append(risks.copy())
            return "", 0.0, True

        parameters = {**self._parameters(self.seed), "learning_rate": QUICK_RATE}
        # The booster knows what it gives to the rows that it learns from: they need not be read again.
        lgb.train(parameters, rows, QUICK_TREES, keep_training_booster=True).eval_train(told)
        return found[0]

    def decision_function(self, X: ArrayLike) -> Margins:  # noqa: N803
        """The margin: above 0 where the second class is the likelier one; log-odds only without pairs."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        return np.asarray(self.booster_.predict(x, raw_score=True), np.float64)

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """The probability of each class, before calibration."""
        margins = self.decision_function(X)
        probability = expit(agreed(margins) if self.pairs else margins)
        return np.column_stack([1 - probability, probability])

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """The more probable class."""
        places = (self.decision_function(X) > 0).astype(int)
        return np.asarray(self.classes_[places])

    def _columns(self) -> dict[str, Any]:
        if not self.inputs:
            return {}
        return {
            "feature_name": [column.name for column in self.inputs],
            "categorical_feature": [column.name for column in self.inputs if column.categories],
        }

    def _parameters(self, seed: int) -> dict[str, Any]:
        directions = [column.direction for column in self.inputs]
        return {
            # Log-loss, whose labels may lie between 0 and 1.
            "objective": "cross_entropy",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_child_samples,
            "min_data_per_group": 4 * self.min_child_samples,
            "cat_smooth": float(self.min_child_samples),
            "feature_fraction": self.colsample_bytree,
            "bagging_fraction": self.subsample,
            "bagging_freq": 1,
            "lambda_l2": self.reg_lambda,
            "monotone_constraints": directions if self.monotone and any(directions) else None,
            # Slower than "basic", and less of the trees' freedom is lost.
            "monotone_constraints_method": "intermediate",
            "seed": seed,
            # All boosters share the bins, whatever the size of their leaves.
            "data_random_seed": 1,
            "feature_pre_filter": False,
            **SAME_BYTES,
        }

    def _pair(self, rows: lgb.Dataset, later: lgb.Dataset | None, seed: int) -> list[lgb.Booster]:
        """One booster that gives log-odds, one that gives the risk beyond one half, PER_RISK times: see `agreed`."""
        of_odds = self._boosted(rows, later, seed)
        self.n_estimators_ = of_odds.best_iteration or of_odds.current_iteration()
        if not self.pairs:
            return [of_odds]
        parameters = {
            **self._parameters(seed),
            "objective": "regression",
            "min_data_in_leaf": max(self.min_child_samples // SMALLER_LEAVES, 1),
            "learning_rate": self.learning_rate * FASTER,
        }
        of_risk = lgb.train(parameters, rows, -(-self.n_estimators_ // FASTER))
        return [of_odds, moved(_multiplied(of_risk, PER_RISK), -PER_RISK / 2)]

    def _boosted(self, rows: lgb.Dataset, later: lgb.Dataset | None, seed: int) -> lgb.Booster:
        parameters = self._parameters(seed)
        if later is None:
            return lgb.train(parameters, rows, self.n_estimators)
        told: dict[str, Any] = {}
        callbacks = [lgb.record_evaluation(told)]
        if self.early_stopping is not None:
            callbacks.append(lgb.early_stopping(self.early_stopping, verbose=False))
        booster = lgb.train(
            {**parameters, "metric": PRECISION}, rows, self.n_estimators, valid_sets=[later], callbacks=callbacks
        )
        self.precision_ = np.array(told["valid_0"][PRECISION])
        return booster

    def __sklearn_tags__(self) -> Tags:
        """Unknown values are welcome; two classes only."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def drawn_again(rows: lgb.Dataset, weights: Weights) -> lgb.Dataset:
    """Those of the rows whose new weight is above 0, in the same bins."""
    kept = np.flatnonzero(weights)
    return rows.subset(kept.tolist(), rows.params).construct().set_weight(weights[kept])


def _multiplied(booster: lgb.Booster, factor: float) -> lgb.Booster:
    """The same booster with every margin and contribution times the factor."""
    header, *trees = re.split(r"^(?=Tree=\d+\n)", booster.model_to_string(), flags=re.MULTILINE)
    header = re.sub(r"^tree_sizes=.*\n", "", header, flags=re.MULTILINE)
    return lgb.Booster(model_str=header + "".join(_changed(tree, lambda value: value * factor) for tree in trees))


def averaged(boosters: Sequence[lgb.Booster]) -> lgb.Booster:
    """One booster whose margin and contributions are the means of those of several boosters of the same columns.

    It holds the trees of all of them, with each leaf's value divided by their number, in LightGBM's own text.
    """
    texts = [booster.model_to_string(num_iteration=booster.best_iteration or -1) for booster in boosters]
    if len(texts) == 1:
        return lgb.Booster(model_str=texts[0])
    trees = [tree for text in texts for tree in re.findall(r"^Tree=\d+\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE)]
    # Without their sizes, LightGBM finds the trees by their titles.
    header = re.sub(r"^tree_sizes=.*\n", "", texts[0].split("Tree=0\n")[0], flags=re.MULTILINE)
    numbered = [f"Tree={n}\n{_changed(tree, lambda value: value / len(texts))}\n\n" for n, tree in enumerate(trees)]
    return lgb.Booster(model_str=f"{header}{''.join(numbered)}end of trees\n")


def moved(booster: lgb.Booster, offset: float) -> lgb.Booster:
    """The same booster with `offset` added to every margin, in the values of its first tree; contributions stay."""
    header, first, *others = re.split(r"^(?=Tree=[01]\n)", booster.model_to_string(), maxsplit=2, flags=re.MULTILINE)
    header = re.sub(r"^tree_sizes=.*\n", "", header, flags=re.MULTILINE)
    return lgb.Booster(model_str=header + _changed(first, lambda value: value + offset) + "".join(others))


def _changed(tree: str, change: Callable[[float], float]) -> str:
    def line(found: re.Match[str]) -> str:
        return found[1] + " ".join(repr(change(float(value))) for value in found[2].split())

    return re.sub(r"^((?:leaf|internal)_value=)(.*)$", line, tree, flags=re.MULTILINE)


def boosted_trees(
    inputs: Sequence[Input], seed: int, hyperparameters: Hyperparameters = DEFAULTS, **others: Any
) -> BoostedTrees:
    """The champion's kind of model; others: further parameters of `BoostedTrees`."""
    return BoostedTrees(inputs, seed=seed, **asdict(hyperparameters), **others)


def fitted_on(estimator: BoostedTrees, rows: Sample, later: Sample | None = None) -> BoostedTrees:
    """The estimator fitted on the rows, measured on the later ones."""
    fitted: BoostedTrees = clone(estimator)
    return fitted.fit(rows.x, rows.y, rows.weights, later, rows.course)


def best_n_estimators(estimator: BoostedTrees, origins: Sequence[tuple[Sample, Sample]]) -> int:
    """The number of trees with the largest average precision on later rows, `estimator.n_estimators` at most.

    origins: the rows to fit on, and later ones, an embargo after them; each origin counts alike.
    """
    trial = clone(estimator).set_params(early_stopping=None, bags=1, pairs=False)
    curves = [fitted_on(trial, earlier, later).precision_ for earlier, later in origins]
    most = min(len(curve) for curve in curves)
    worth = np.mean([curve[:most] / curve.max() for curve in curves], axis=0)
    reach = SMOOTHING // 2
    smooth = np.convolve(np.pad(worth, reach, "edge"), np.full(SMOOTHING, 1 / SMOOTHING), "valid")
    return int(smooth.argmax()) + 1
