"""The model floor on real firms: Polish companies of the "5year" set, beside the published figures.

Data: UCI Machine Learning Repository, CC BY 4.0. Figures: Zieba, Tomczak and Tomczak, Expert Systems with Applications
58 (2016), 10-fold cross-validation.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.io import arff
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from features.errors import InputError
from models.dataset import Input, Labels, Matrix
from models.estimators import fit_boosted_trees
from models.explanation import explain

PUBLISHED_AUC = {"logistic regression": 0.632, "random forest": 0.898, "XGB": 0.951, "EXGB": 0.955}
FOLDS = 10
TREES = 600
# A row a firm, and few failures.
LEAVES = 31
ROWS_A_LEAF = 10
RISKIEST = 5
REASONS = 3
# The ratios, as the data set's own page names them.
RATIOS = """
net profit / total assets
total liabilities / total assets
working capital / total assets
current assets / short-term liabilities
(cash + securities + receivables - short-term liabilities) / (operating expenses - depreciation) x 365
retained earnings / total assets
EBIT / total assets
book value of equity / total liabilities
sales / total assets
equity / total assets
(gross profit + extraordinary items + financial expenses) / total assets
gross profit / short-term liabilities
(gross profit + depreciation) / sales
(gross profit + interest) / total assets
(total liabilities x 365) / (gross profit + depreciation)
(gross profit + depreciation) / total liabilities
total assets / total liabilities
gross profit / total assets
gross profit / sales
(inventory x 365) / sales
sales / sales of the year before
profit on operating activities / total assets
net profit / sales
gross profit in 3 years / total assets
(equity - share capital) / total assets
(net profit + depreciation) / total liabilities
profit on operating activities / financial expenses
working capital / fixed assets
logarithm of total assets
(total liabilities - cash) / sales
(gross profit + interest) / sales
(current liabilities x 365) / cost of products sold
operating expenses / short-term liabilities
operating expenses / total liabilities
profit on sales / total assets
total sales / total assets
(current assets - inventories) / long-term liabilities
constant capital / total assets
profit on sales / sales
(current assets - inventory - receivables) / short-term liabilities
total liabilities / ((profit on operating activities + depreciation) x 12 / 365)
profit on operating activities / sales
rotation of receivables + inventory turnover in days
(receivables x 365) / sales
net profit / inventory
(current assets - inventory) / short-term liabilities
(inventory x 365) / cost of products sold
EBITDA / total assets
EBITDA / sales
current assets / total liabilities
short-term liabilities / total assets
(short-term liabilities x 365) / cost of products sold
equity / fixed assets
constant capital / fixed assets
working capital
(sales - cost of products sold) / sales
(current assets - inventory - short-term liabilities) / (sales - gross profit - depreciation)
total costs / total sales
long-term liabilities / equity
sales / inventory
sales / receivables
(short-term liabilities x 365) / sales
sales / short-term liabilities
sales / fixed assets
""".strip().splitlines()


@dataclass(frozen=True)
class HeldOutFirm:
    """A firm that the model of its fold had not seen; reasons: ratio, value, contribution in log-odds."""

    row: int
    margin: float
    is_bankrupt: bool
    reasons: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class PolishResult:
    """Of each fold the AUC and the average precision, and the firms riskiest while held out."""

    rows: int
    failures: int
    duplicates: int
    auc: tuple[float, ...]
    average_precision: tuple[float, ...]
    riskiest: tuple[HeldOutFirm, ...]


def read_polish(path: Path) -> tuple[Matrix, Labels]:
    """Ratios and labels (1: bankrupt within a year) of an ARFF file of the set.

    Raises InputError where the file is not there or not one of the set.
    """
    try:
        content, _ = arff.loadarff(path)
    except (OSError, ValueError, StopIteration, NotImplementedError, arff.ArffError) as error:
        raise InputError(f"{path} can't be read as an ARFF file ({error}). Give the 5year.arff of the set.") from None
    table = pd.DataFrame(content)
    names = [f"Attr{n}" for n in range(1, len(RATIOS) + 1)]
    if not {*names, "class"} <= set(table.columns):
        raise InputError(f"{path} lacks the columns Attr1 to Attr64 and class: it is no file of the Polish set.")
    return table[names].to_numpy(np.float32), (table["class"] == b"1").to_numpy().astype(np.int8)


def duplicate_groups(x: Matrix) -> NDArray[np.int64]:
    """A number a row, the same for rows that are equal in every ratio."""
    digests = [hashlib.sha256(row.tobytes()).digest() for row in x]
    return np.unique(np.array([int.from_bytes(digest[:8], "big") for digest in digests]), return_inverse=True)[1]


def bench_polish(path: Path, seed: int, progress: Callable[[str], None]) -> PolishResult:
    """Ten-fold cross-validation with equal rows in one fold."""
    x, y = read_polish(path)
    groups = duplicate_groups(x)
    inputs = [
        Input(name, "financial_health", "ratio", 0, name) for name in (f"Attr{n + 1}" for n in range(len(RATIOS)))
    ]
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    auc, precision = [], []
    held_out: list[HeldOutFirm] = []
    for number, (train, test) in enumerate(folds.split(x, y, groups), 1):
        progress(f"fold {number} of {FOLDS}")
        explained = explain(fit_boosted_trees(x[train], y[train], inputs, TREES, seed, LEAVES, ROWS_A_LEAF), x[test])
        auc.append(float(roc_auc_score(y[test], explained.margin)))
        precision.append(float(average_precision_score(y[test], explained.margin)))
        held_out += [
            _firm(x, y, int(test[place]), explained.margin[place], explained.contributions[place])
            for place in np.argsort(-explained.margin)[:RISKIEST]
        ]
    held_out.sort(key=lambda firm: -firm.margin)
    duplicates = len(y) - len(np.unique(groups))
    return PolishResult(len(y), int(y.sum()), duplicates, tuple(auc), tuple(precision), tuple(held_out[:RISKIEST]))


def _firm(x: Matrix, y: Labels, row: int, margin: float, contributions: NDArray[np.float64]) -> HeldOutFirm:
    largest = np.argsort(-contributions)[:REASONS]
    reasons = tuple((RATIOS[n], float(x[row, n]), float(contributions[n])) for n in largest)
    return HeldOutFirm(row + 1, float(margin), bool(y[row]), reasons)
