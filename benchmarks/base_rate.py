"""At which failure rate to set risks, and whether their intervals hold, over many months that were not learnt from.

`python benchmarks/base_rate.py --data DIR` trains a model every six months of a feature table's history and scores the
twelve months after each of them, as they would have been. For every rule it prints how far the mean risk of a month was
from the share of firms that failed: root mean square and worst, in log; then, of ten groups of firms by risk, how often
the interval of the risk held the share that failed.
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import logit

from features.errors import InputError
from features.folder import DataFolder, FeatureTable
from features.insolvency import IN_BONIS
from features.periods import add_months, period_range
from models.calibration.base_rate import base_rate
from models.calibration.interval import RiskInterval
from models.calibration.redrawing import interval_of
from models.calibration.reliability import ReliabilityPoint, reliability
from models.calibration.shapes import Calibration, Shifted, shifted
from models.estimators.boosted_trees import boosted_trees
from models.estimators.fitted import FittedModel, fit_model
from models.protocol import DEFAULTS, LABEL_LAG_MONTHS
from models.rows import dataset
from models.rows.inputs import Labels, Margins
from models.rows.outcomes import fails_within
from models.rows.split import Split, out_of_time

TREES, EVERY, USED_FOR, LOOK_BACK, FEWEST_TRAINED = 120, 3, 12, 12, 12
Rates = dict[date, float]


@dataclass(frozen=True)
class Origin:
    """A model as it would have been trained at `as_of`. counts: labelled rows by month; known: see `_known_rates`."""

    as_of: date
    split: Split
    model: FittedModel
    interval: RiskInterval
    counts: pd.DataFrame
    known: Rates
    horizon: int

    def own_rate(self) -> float:
        """Log-odds of the failure rate in the months of the calibration."""
        return self._mean(len(self.split.validation))

    def _mean(self, months: int) -> float:
        until = self.counts[self.counts["period"] <= self.split.validation[-1]].tail(months)
        return float(logit(until["failures"].sum() / until["rows"].sum()))

    def mean_of(self, months: int) -> float:
        """The offset to the mean rate of so many months that end with the calibration."""
        return self._mean(months) - self.own_rate()

    def look_back(self, period: date) -> float:
        """The offset between the rates known over a year, at the period and in the middle of the labels' months."""
        then = self.known.get(add_months(self.split.validation[-1], LOOK_BACK), np.nan)
        moved = float(logit(self.known[period]) - logit(then))
        return moved if np.isfinite(moved) else 0.0


def beyond_chance(origin: Origin, period: date) -> float:
    """The look-back where it is more than chance, else nothing."""
    failures = origin.counts["rows"].iloc[-1] * origin.known[period]
    return origin.look_back(period) if abs(origin.look_back(period)) > 1.96 / np.sqrt(failures) else 0.0


RULES: dict[str, Callable[[Origin, date], float]] = {
    "the calibration's own months": lambda _origin, _period: 0.0,
    "look back a year": lambda origin, period: origin.look_back(period),
    "look back a year, beyond chance": beyond_chance,
    "half of the look back": lambda origin, period: origin.look_back(period) / 2,
    "mean of 36 months": lambda origin, _period: origin.mean_of(36),
    "mean of 60 months": lambda origin, _period: origin.mean_of(60),
    "mean of 120 months": lambda origin, _period: origin.mean_of(120),
    "half way to the mean of 60": lambda origin, _period: origin.mean_of(60) / 2,
    "mean of 60, a third of the trend": lambda origin, period: origin.mean_of(60) + origin.look_back(period) / 3,
}


def main() -> None:
    """Print the rules, then the intervals, of each feature table and of all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--every", type=int, default=6)
    errors, scored = [], []
    options = parser.parse_args()
    for data in options.data:
        table = DataFolder(data).snapshot().built
        for origin in _origins(table, options.every):
            for period, margins, failed in _later(table, origin):
                errors.append((data.name, *_errors(origin, period, margins, failed)))
                scored.append((margins, failed, origin))
            print(f"{data}: as of {origin.as_of:%Y-%m}", flush=True)
    _print_rules(pd.DataFrame(errors, columns=["data", "period", *RULES]))
    _print_intervals(scored)


def _origins(table: FeatureTable, every: int) -> Iterator[Origin]:
    known = _known_rates(table)
    last = add_months(table.record.observed_until, -table.record.horizon)
    for as_of in period_range(table.periods[0], min(last, table.periods[-1]))[::every]:
        periods = dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS)
        try:
            split = out_of_time(periods, table.record.horizon, 6, 6)
        except InputError:
            continue
        if len(split.train) < FEWEST_TRAINED:
            continue
        counts = dataset.label_counts(table, periods)
        yield _trained(table, as_of, split, counts, known)


def _trained(table: FeatureTable, as_of: date, split: Split, counts: pd.DataFrame, known: Rates) -> Origin:
    train, validation = (
        dataset.read_rows(table, part, only_labelled=True)
        for part in (sorted(split.train[::-1][::EVERY]), split.validation)
    )
    inputs = dataset.inputs_from(train)
    trees = boosted_trees(inputs, 0, replace(DEFAULTS, n_estimators=TREES))
    rate = base_rate(counts, split.validation, table.record.horizon)
    model = fit_model(trees, inputs, train, validation, offset=rate.offset)
    interval = interval_of(model.chosen.calibration, model.margins(validation), validation, rate.drift, 0)
    return Origin(as_of, split, model, interval, counts, known, table.record.horizon)


def _known_rates(table: FeatureTable) -> Rates:
    """By period, the share of the firms in bonis a year before that were known to fail since, at the horizon."""
    states = {
        period: pd.read_parquet(table.part(period), columns=["siren", "procedure_state"], partitioning=None)
        for period in table.periods
    }
    found = {}
    for period in table.periods[LOOK_BACK:]:
        year = [states[each] for each in period_range(add_months(period, -LOOK_BACK), period)]
        cohort = year[0].loc[year[0]["procedure_state"] == IN_BONIS, "siren"]
        failed = pd.concat([each.loc[each["procedure_state"] != IN_BONIS, "siren"] for each in year])
        found[period] = 1 - (1 - float(cohort.isin(failed).mean())) ** (table.record.horizon / LOOK_BACK)
    return found


def _later(table: FeatureTable, origin: Origin) -> Iterator[tuple[date, Margins, Labels]]:
    """The margins of each of the months in which the model would have been used, and which firms failed."""
    openings = dataset.read_openings(table)
    for period in period_range(origin.as_of, add_months(origin.as_of, USED_FOR - 1)):
        if period in table.periods and add_months(period, origin.horizon) <= table.record.observed_until:
            rows = dataset.read_rows(table, [period])
            rows = rows[~rows["in_procedure"].astype(bool)]
            yield period, origin.model.margins(rows), fails_within(rows, openings, origin.horizon)


def _errors(origin: Origin, period: date, margins: Margins, failed: Labels) -> tuple[date | float, ...]:
    shape = _shape(origin.model.chosen.calibration)
    risks = (shifted(shape, rule(origin, period)).probability(margins).mean() for rule in RULES.values())
    return period, *(float(np.log(risk / failed.mean())) for risk in risks)


def _shape(calibration: Calibration) -> Calibration:
    return calibration.calibration if isinstance(calibration, Shifted) else calibration


def _print_rules(errors: pd.DataFrame) -> None:
    print(f"\n{'set to':34s}" + "".join(f"{name:>24s}" for name in (*errors["data"].unique(), "all")))
    for rule in RULES:
        parts = [*(errors.loc[errors["data"] == name, rule] for name in errors["data"].unique()), errors[rule]]
        told = (f"{np.sqrt((part**2).mean()):.3f}, worst {part.abs().max():.2f}" for part in parts)
        print(f"{rule:34s}" + "".join(f"{one:>24s}" for one in told))
    print(f"{len(errors)} months that were scored, {errors['period'].min():%Y-%m} to {errors['period'].max():%Y-%m}")


def _print_intervals(scored: list[tuple[Margins, Labels, Origin]]) -> None:
    """How many groups of firms, ten of each model over all of its months, were held by the interval of their risk."""
    points: list[ReliabilityPoint] = []
    for origin in dict.fromkeys(id(one[-1]) for one in scored):
        own = [one for one in scored if id(one[-1]) == origin]
        margins, failed = (np.concatenate([one[place] for one in own]) for place in (0, 1))
        model, interval = own[0][-1].model, own[0][-1].interval
        risk = model.chosen.calibration.probability(margins)
        points += reliability(risk, failed, ends=interval.ends(margins, risk))
    share = np.mean([bool(point.is_held) for point in points])
    width = np.median([(point.risk_high or 0) / (point.risk_low or 1) for point in points])
    print(f"intervals: {share:.0%} of {len(points)} groups held; the upper end is {width:.1f} times the lower (median)")


if __name__ == "__main__":
    main()
