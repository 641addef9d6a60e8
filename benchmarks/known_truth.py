"""How much of what can be known a model finds, on a simulated economy whose true risks are known.

`python benchmarks/known_truth.py --firms 6000 --seed 1` makes the economy and its feature table as the pipeline does,
trains as of a month, and prints, for the lists of the year that follows, the average precision that is expected under
the true risks: of the truth itself, of our model as it is used, as it was evaluated, by its trees of log-odds alone, on
labels of 0 and 1 and taught the truth, and of others trained on the same rows as either. Taught the truth, the same
trees learn the true risk of each of their rows, by the state of its firm: no labels of these rows could teach them
more. It does so twice. By the state of a firm, its distress until then: the best that anyone could tell before. By its
future, what its distress will be. No record tells either, so that both truths are out of reach. Intervals are those of
firms drawn again. With `--folder DIR` the table is kept there, and not made again.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from benchmarks.expected_risks import expected_risks, realised_risks
from features.folder import FeatureTable
from features.periods import add_months, parse_period, period_range
from flows import stages
from flows.settings import Settings, load
from models.estimators.boosted_trees import drawn_again
from models.estimators.challengers import CHALLENGERS, fit, margins_of
from models.estimators.fitted import FittedModel
from models.evaluation.uncertainty import REPEATS, WeightedMetrics, interval, redrawn
from models.explanation.contributions import margins
from models.rows import dataset
from models.rows.dataset import labels_of, matrix
from models.rows.inputs import Margins, Probabilities
from models.training.final import FinalTrees, final_trees
from models.training.training import context_of, tested_model
from simulation.world import World, world

TRUTH, OURS = "truth", "our model in use"
OTHERS = ("random_forest", "logistic_regression")
AVERAGE_PRECISION = "average_precision"


def measured(scores: Mapping[str, Margins], truth: Probabilities, firms: pd.Series, seed: int) -> pd.DataFrame:
    """The average precision expected of each score: one row as it is, then one per draw of firms."""
    metrics = {name: WeightedMetrics(score, truth) for name, score in scores.items()}
    draws = [np.ones(len(truth)), *redrawn(firms, REPEATS, seed)]
    return pd.DataFrame(
        [{name: each.ranking(weights)[AVERAGE_PRECISION] for name, each in metrics.items()} for weights in draws]
    )


def as_markdown(found: pd.DataFrame) -> Iterator[str]:
    """A table: each score's average precision, its share of the truth's, and how far ours is from it."""
    yield "| | average precision expected | share of the truth | ours minus it |"
    yield "|---|---|---|---|"
    for name in found:
        share, gap = found[name] / found[TRUTH], found[OURS] - found[name]
        yield f"| {name} | {_told(found[name], '.4f')} | {_told(share, '.1%')} | {_told(gap, '+.4f')} |"


def _told(values: pd.Series, style: str) -> str:
    low, high = interval(values[1:])
    return f"{values[0]:{style}} [{low:{style}}, {high:{style}}]"


def built(folder: Path, firms: int, end: date, seed: int) -> tuple[Settings, FeatureTable]:
    """The feature table of an economy, made where it is not there."""
    settings = load(data=folder / f"{firms}-{end:%Y-%m}-{seed}")
    if not settings.folder.features.exists():
        stages.simulate(settings.batches, firms, end, seed, print)
        stages.ingest(settings, settings.batches, print)
        stages.build(settings, None, None, print)
    return settings, settings.folder.snapshot().built


def main() -> None:
    """Print what the lists of a year are worth beside the truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--firms", type=int, default=6000)
    parser.add_argument("--end", type=parse_period, default=date(2026, 1, 1), help="Month of the simulated delivery.")
    parser.add_argument("--seed", type=int, default=1, help="Of the economy.")
    parser.add_argument("--months", type=int, default=12, help="Lists, from the month of the training on.")
    parser.add_argument("--folder", type=Path, help="Where to work; a temporary folder if not given.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        settings, table = built(options.folder or Path(temporary), options.firms, options.end, options.seed)
        report(settings, table, options.firms, options.end, options.seed, options.months)


def report(settings: Settings, table: FeatureTable, firms: int, end: date, seed: int, months: int) -> None:
    """Train as of so many months that the last list's horizon ends with the simulation, and print the table."""
    horizon = table.record.horizon
    last = add_months(end, -horizon)
    as_of = add_months(last, 1 - months)
    context = context_of(table, as_of, settings.protocol)
    rows, tested = tested_model(context, settings.protocol, print)
    final = final_trees(tested, context, settings.protocol, print)
    lists = dataset.read_rows(table, period_range(as_of, last), has_label=True)
    lists = lists[~lists["in_procedure"].astype(bool)]
    economy = world(firms, end, seed)
    realised, expected = realised_risks(economy, lists, horizon), expected_risks(economy, lists, horizon)
    is_at_risk = ~np.isnan(realised)
    lists, realised, expected = lists[is_at_risk], realised[is_at_risk], expected[is_at_risk]
    x = matrix(lists, tested.inputs)
    scores = {OURS: margins(final.booster, x), "our model as evaluated": tested.margins(lists)}
    # The first of the pair of boosters has the first trees.
    of_odds = final.booster.predict(x, raw_score=True, num_iteration=tested.estimator.n_estimators)
    scores["its trees of log-odds alone"] = np.asarray(of_odds, np.float64)
    scores["our model on labels of 0 and 1"] = margins(tested.estimator.boosted(final.binned), x)
    scores["our model taught the truth"] = margins(_taught(tested, final, economy, horizon), x)
    for train, weights, when in ((rows.train, rows.weights, "as evaluated"), (final.rows, final.weights, "refitted")):
        for name in OTHERS:
            print(f"{name}, {when}")
            other = CHALLENGERS[name](tested.inputs, settings.seed)
            fit(other, matrix(train, tested.inputs), labels_of(train), weights)
            scores[f"{name.replace('_', ' ')}, {when}"] = margins_of(other, x)
    print(f"{firms:,} firms, economy {seed}: trained as of {as_of:%Y-%m}, {len(rows.train):,} rows, then")
    print(f"{len(final.rows):,}; {tested.estimator.n_estimators} trees; lists of {as_of:%Y-%m} to {last:%Y-%m},")
    print(f"{len(lists):,} rows; true risk {realised.mean():.2%} on average, observed {lists['label'].mean():.2%}")
    for truth, of_what in ((expected, "state"), (realised, "future")):
        print(f"\nBy risks that know the {of_what} of each firm:\n")
        print("\n".join(as_markdown(measured({TRUTH: truth, **scores}, truth, lists["siren"], seed))))


def _taught(tested: FittedModel, final: FinalTrees, economy: World, horizon: int) -> lgb.Booster:
    """The trees in use, had they learnt the true risk of each of their rows."""
    risks = expected_risks(economy, final.rows, horizon)
    # Of a firm that had a procedure before, no risk of a first one is known.
    is_told = ~np.isnan(risks)
    rows = drawn_again(final.binned, final.weights * is_told).set_label(risks[is_told])
    taught: lgb.Booster = tested.estimator.boosted(rows)
    return taught


if __name__ == "__main__":
    main()
