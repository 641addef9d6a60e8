"""Which rows to train on, and how much a failure weighs, measured out of time on a feature table.

`python benchmarks/training_choices.py --data DIR` prints one line per choice: the model with the default
hyper-parameters on labels of 0 and 1, measured before any calibration on the test periods; where failures weigh more in
training, its log-odds are shifted back.
"""

import argparse
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

from features.folder import DataFolder
from models.calibration.shapes import with_offset
from models.estimators.boosted_trees import boosted_trees
from models.protocol import DEFAULTS, LABEL_LAG_MONTHS, Sampling
from models.rows import dataset
from models.rows.sampling import sampled
from models.rows.split import out_of_time

METRICS = (roc_auc_score, average_precision_score, brier_score_loss)
ALL = Sampling()


@dataclass(frozen=True)
class Choice:
    """A choice of training rows and weights; balanced: the failures weigh as much as all other rows together."""

    name: str
    sampling: Sampling = ALL
    balanced: bool = False
    monotone: bool = True
    min_child_samples: int = DEFAULTS.min_child_samples


CHOICES = (
    Choice("every month, all negatives, no balance, monotone"),
    Choice("one month in 3", Sampling(every_months=3)),
    Choice("one month in 6", Sampling(every_months=6)),
    # Does it help that there are fewer months, or that leaves hold more of the rows?
    Choice(
        "one month in 3, leaves of a third", Sampling(every_months=3), min_child_samples=DEFAULTS.min_child_samples // 3
    ),
    Choice("every month, leaves three times as large", min_child_samples=3 * DEFAULTS.min_child_samples),
    Choice("negatives kept 30 %", Sampling(negative_share=0.3)),
    Choice("negatives kept 10 %", Sampling(negative_share=0.1)),
    Choice("failures weigh as much as the others", balanced=True),
    Choice("not monotone", monotone=False),
)


def main() -> None:
    """Print one line per choice: means over the seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    table = DataFolder(options.data).snapshot().built
    periods = dataset.labelled_periods(table, date.today(), LABEL_LAG_MONTHS)  # noqa: DTZ011  # a month matters
    split = out_of_time(periods, table.record.horizon, 6, 6)
    rows, test = (dataset.read_rows(table, part, only_labelled=True) for part in (split.train, split.test))
    inputs = dataset.inputs_from(rows)
    test_x, test_y = dataset.matrix(test, inputs), dataset.labels_of(test)
    print(f"{len(rows):,} training rows, {len(test):,} test rows, {test_y.sum():,} failures, {options.seeds} seeds")
    print(f"{'choice':50s} {'rows':>9s} {'AUC':>15s} {'precision':>15s} {'Brier':>8s} {'mean p':>7s} {'seconds':>7s}")
    for choice in CHOICES:
        fewer, weights = sampled(rows, choice.sampling)
        x, y = dataset.matrix(fewer, inputs), dataset.labels_of(fewer)
        failure_weight = float(weights[y == 0].sum() / weights[y == 1].sum()) if choice.balanced else 1.0
        weights = np.where(y == 1, failure_weight * weights, weights)
        measured = []
        for seed in range(options.seeds):
            start = time.perf_counter()
            sizes = replace(
                DEFAULTS, min_child_samples=choice.min_child_samples, reg_lambda=choice.min_child_samples / 10
            )
            model = boosted_trees(inputs, seed, sizes, monotone=choice.monotone)
            model.fit(x, y, weights)
            seconds = time.perf_counter() - start
            probability = with_offset(model.predict_proba(test_x)[:, 1], -np.log(failure_weight))
            metrics = [metric(test_y, probability) for metric in METRICS]
            measured.append([*metrics, probability.mean(), seconds])
        (auc, precision, brier, mean, seconds), spread = np.mean(measured, axis=0), np.std(measured, axis=0)
        print(
            f"{choice.name:50s} {len(y):9,} {auc:.4f} ± {spread[0]:.4f} {precision:.4f} ± {spread[1]:.4f} "
            f"{brier:.5f} {mean:7.4f} {seconds:7.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
