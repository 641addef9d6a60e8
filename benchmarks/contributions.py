"""Exact contributions by shap, LightGBM and our tables, timed in one run: `python benchmarks/contributions.py`."""

import argparse
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import shap

from features.folder import DataFolder
from models.explanation.contributions import booster_of, explainer
from models.registry import registry
from models.rows import dataset
from models.rows.inputs import Matrix

ROWS = 100_000
MEGABYTE = 1e6
Timed = tuple[float, Any]


def timed(work: Callable[[], Any]) -> Timed:
    """The seconds that the work took, and its result."""
    start = time.perf_counter()
    made = work()
    return time.perf_counter() - start, made


def random_model(rows: int, features: int, trees: int, leaves: int) -> tuple[lgb.Booster, Matrix]:
    """A booster on random quantities, a tenth of them missing, and these rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, features)).astype(np.float32)
    x[rng.random(x.shape) < 0.1] = np.nan
    known = np.nan_to_num(x)
    odds = known[:, : features // 2].sum(axis=1) / 4 + known[:, 0] * known[:, 1]
    y = rng.random(rows) < 1 / (1 + np.exp(2 - odds))
    settings = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "seed": 0, "feature_fraction": 0.5}
    return lgb.train(settings, lgb.Dataset(x, y), trees), x


def registered_model(data: Path, rows: int) -> tuple[lgb.Booster, Matrix]:
    """The champion of a data folder, and its newest rows."""
    model = registry.champion(data / "models")
    found: list[Matrix] = []
    table = DataFolder(data).snapshot().built
    for period in reversed(table.periods):
        if sum(map(len, found)) < rows:
            found.append(dataset.matrix(dataset.read_rows(table, [period]), model.inputs))
    return booster_of(model.text), np.concatenate(found)[:rows]


def main() -> None:
    """Print one line per method: seconds for 100,000 rows, how many times as fast as shap, the largest difference."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--trees", type=int, default=300)
    parser.add_argument("--leaves", type=int, default=31)
    parser.add_argument("--features", type=int, default=80)
    parser.add_argument("--data", type=Path, help="Measure the model in use in this data folder instead.")
    options = parser.parse_args()
    if options.data:
        booster, x = registered_model(options.data, options.rows)
    else:
        booster, x = random_model(options.rows, options.features, options.trees, options.leaves)
    print(f"{booster.num_trees()} trees, {x.shape[1]} features, {len(x):,} rows, {os.cpu_count()} cores")
    # shap warns that LightGBM's classifiers give a list: a booster does not.
    warnings.simplefilter("ignore")
    shap_seconds, reference = timed(lambda: shap.TreeExplainer(booster).shap_values(x))
    lightgbm_seconds, theirs = timed(lambda: booster.predict(x, pred_contrib=True))
    tables_seconds, ours = timed(lambda: explainer(booster).tables)
    first_seconds, _ = timed(lambda: ours.of(x[:1]))
    later_seconds, values = timed(lambda: ours.of(x))
    margin_seconds, _ = timed(lambda: booster.predict(x, raw_score=True))
    print(f"once per model: tables {tables_seconds:.2f} s ({ours.tables.nbytes / MEGABYTE:.0f} MB)")
    print(f"once per process: first row {first_seconds:.2f} s")
    print(f"(the margins alone, which every explanation is checked against: {margin_seconds * ROWS / len(x):.1f} s)")
    for name, seconds, found in (
        ("shap.TreeExplainer", shap_seconds, reference),
        ("LightGBM pred_contrib", lightgbm_seconds, theirs[:, :-1]),
        ("look-up", later_seconds, values),
    ):
        print(
            f"{name}: {seconds * ROWS / len(x):.1f} s for {ROWS:,} rows, {shap_seconds / seconds:.1f} times as fast as "
            f"shap, largest difference {np.abs(found - reference).max():.1e}"
        )


if __name__ == "__main__":
    main()
