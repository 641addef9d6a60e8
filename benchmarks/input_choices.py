"""What a choice of inputs, or of directions, is worth on later training months: for whoever adds, drops or frees some.

`python benchmarks/input_choices.py --data DIR 'without:^social_debt/.*_lag_' 'free:^social_debt/'` trains on the
earlier months of two inner origins: with all inputs, without those whose theme/name matches, with no direction for
them. It prints the average precision on the later months, the mean over origins and seeds, the gain with its interval
over firms drawn again, and the CPU seconds of a fit. No test month is used. `heaviest:40` keeps the 40 inputs with the
largest gain in the trees of the first origin and seed.
"""

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.folder import DataFolder
from features.periods import parse_period
from flows.settings import load
from models.estimators.boosted_trees import boosted_trees, fitted_on
from models.evaluation.uncertainty import interval
from models.rows import dataset
from models.rows.inputs import Input
from models.training.origins import Origin, inner_origins, precisions
from models.training.training import context_of

REFERENCE = "all inputs"
# Average precision: as it is, then of each draw of firms.
Precision = NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """A choice: how many inputs it has, and what it was worth; seconds: of CPU, of one fit."""

    name: str
    inputs: int
    precision: Precision
    seconds: float


def chosen(choice: str, inputs: Sequence[Input], origins: Sequence[Origin], trees: int) -> tuple[Input, ...]:
    """The inputs of a choice as it is written on the command line."""
    kind, _, what = choice.partition(":")
    if kind == "heaviest":
        fitted = fitted_on(boosted_trees(inputs, 0).set_params(n_estimators=trees), origins[0].earlier)
        order = np.argsort(-fitted.booster_.feature_importance("gain"), kind="stable")[: int(what)]
        return tuple(inputs[place] for place in sorted(order))
    matches = [re.search(what, f"{column.theme}/{column.name}") is not None for column in inputs]
    if kind == "without":
        return tuple(column for column, is_out in zip(inputs, matches, strict=True) if not is_out)
    return tuple(replace(column, direction=0) if free else column for column, free in zip(inputs, matches, strict=True))


def measured(
    name: str, kept: Sequence[Input], inputs: Sequence[Input], origins: Sequence[Origin], seeds: int, trees: int
) -> Measured:
    """What those of the inputs are worth."""
    places = [[column.name for column in inputs].index(column.name) for column in kept]
    found, seconds = [], []
    for seed in range(seeds):
        margins = []
        for origin in origins:
            start = time.process_time()
            estimator = boosted_trees(kept, seed).set_params(n_estimators=trees)
            fitted = fitted_on(estimator, replace(origin.earlier, x=origin.earlier.x[:, places]))
            seconds.append(time.process_time() - start)
            margins.append(fitted.decision_function(origin.later.x[:, places]))
        found.append(precisions(margins, origins, seed=0))
    return Measured(name, len(kept), np.mean(found, axis=0), float(np.mean(seconds)))


def as_markdown(found: Sequence[Measured]) -> Iterator[str]:
    """A table: each choice beside all inputs, the first one."""
    yield "| | inputs | average precision | gain | CPU seconds a fit |"
    yield "|---|---|---|---|---|"
    for one in found:
        gain = one.precision - found[0].precision
        low, high = interval(gain[1:])
        told = "" if one is found[0] else f"{gain[0]:+.4f} [{low:+.4f}, {high:+.4f}]"
        yield f"| {one.name} | {one.inputs} | {one.precision[0]:.4f} | {told} | {one.seconds:.1f} |"


def main() -> None:
    """Print the table of the choices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("choices", nargs="+", metavar="CHOICE", help="without:REGEX, free:REGEX or heaviest:COUNT.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--as-of", type=parse_period, help="Month of the training; that of the last period by default.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=150)
    options = parser.parse_args()
    table = DataFolder(options.data).snapshot().built
    as_of: date = options.as_of or table.record.end
    context = context_of(table, as_of, load(data=options.data).protocol)
    rows = context.read(context.split)
    inputs = dataset.inputs_from(rows.train)
    origins = inner_origins(rows.train, rows.weights, inputs, context.horizon)
    later = pd.concat([origin.firms for origin in origins])
    print(f"{len(origins)} origins as of {as_of:%Y-%m}: {len(later):,} later rows of {later.nunique():,} firms")
    choices = {REFERENCE: inputs, **{name: chosen(name, inputs, origins, options.trees) for name in options.choices}}
    found = [measured(name, kept, inputs, origins, options.seeds, options.trees) for name, kept in choices.items()]
    print("\n".join(as_markdown(found)))


if __name__ == "__main__":
    main()
