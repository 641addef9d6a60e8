"""Intervals of metrics by the bootstrap over firms, because the months of one firm are not independent."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.alerts import AlertPolicy
from models.calibration.shapes import SMALLEST
from models.calibration.thresholds import Alerts, alerting, flagged
from models.evaluation.metrics import TOP_SHARE
from models.evaluation.records import LIFT, TOP, Difference, Interval
from models.rows.inputs import Labels, Probabilities

# How often each row was drawn.
Drawn = NDArray[np.float64]
LEVEL = 0.95
LIFT_SHARE = 0.05
REPEATS = 200


class WeightedMetrics:
    """The headline metrics of `metrics.evaluate` for any weights of the rows; the rows are sorted only once.

    labels: of each row, or its true probability where that is known: `ranking` then gives what is expected.
    """

    def __init__(self, probability: Probabilities, labels: Labels | Probabilities) -> None:  # noqa: D107
        self._order = np.argsort(-probability, kind="stable")
        ordered = probability[self._order]
        self._failed = labels[self._order].astype(np.float64)
        self._squared = (ordered - self._failed) ** 2
        self._log_loss = -np.log(np.where(self._failed == 1, ordered, 1 - ordered).clip(SMALLEST))
        # Rows of equal probability are counted together.
        self._ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)

    def ranking(self, weights: Drawn) -> dict[str, float]:
        """AUC and average precision."""
        rows = weights[self._order]
        return self._ranking(np.cumsum(rows * self._failed), np.cumsum(rows))

    def headline(self, weights: Drawn, alerts: Alerts) -> dict[str, float]:
        """Ranking, Brier score, log-loss; precision and recall of both alerts and of the top 1 %, share on alert; LIFT.

        alerts: of each row, in the order that the rows were given in.
        """
        rows = weights[self._order]
        caught, drawn = np.cumsum(rows * self._failed), np.cumsum(rows)
        top, lifted = (_first(share, drawn) for share in (TOP_SHARE, LIFT_SHARE))
        metrics = self._ranking(caught, drawn)
        metrics["brier"] = float(rows @ self._squared / drawn[-1])
        metrics["log_loss"] = float(rows @ self._log_loss / drawn[-1])
        for name, is_flagged in flagged(alerts[self._order]).items():
            hits, count = float(rows @ (is_flagged * self._failed)), float(rows @ is_flagged)
            metrics |= _worth(name, hits, count, caught[-1])
            metrics[f"{name}_share"] = count / drawn[-1]
        metrics |= _worth(TOP, caught[top - 1], drawn[top - 1], caught[-1])
        metrics[LIFT] = float(caught[lifted - 1] / drawn[lifted - 1] * drawn[-1] / max(caught[-1], 1))
        return metrics

    def _ranking(self, caught: Drawn, drawn: Drawn) -> dict[str, float]:
        caught, drawn = caught[self._ends], drawn[self._ends]
        failures, survivors = caught[-1], drawn[-1] - caught[-1]
        if failures == 0 or survivors == 0:
            return {"auc": np.nan, "average_precision": np.nan}
        recall = np.append(0, caught) / failures
        precision = np.divide(caught, drawn, out=np.zeros_like(caught), where=drawn > 0)
        false_alarms = np.append(0, drawn - caught) / survivors
        return {
            "auc": float(np.trapezoid(recall, false_alarms)),
            "average_precision": float(np.diff(recall) @ precision),
        }


def _first(share: float, drawn: Drawn) -> int:
    """How many rows, the riskiest first, are that share of what was drawn."""
    return int(np.searchsorted(drawn, np.ceil(share * drawn[-1]))) + 1


def _worth(name: str, hits: float, count: float, failures: float) -> dict[str, float]:
    return {f"{name}_precision": float(hits / max(count, 1)), f"{name}_recall": float(hits / max(failures, 1))}


def bootstrap(
    probability: Probabilities,
    labels: Labels,
    rows: pd.DataFrame,
    policy: AlertPolicy,
    repeats: int = REPEATS,
    seed: int = 0,
) -> dict[str, Interval]:
    """Each headline metric with its 95 % interval over firms drawn again (percentile bootstrap).

    rows: (siren, period), and departement where the policy needs it; a firm is drawn with all its rows (Field, Welsh,
    JRSS B 2007). The policy is applied to each draw anew.
    The metrics: auc, average_precision, brier, log_loss, {high, moderate, top_1_percent}_{precision, recall},
    {high, moderate}_share and LIFT.
    """
    metrics, levels = WeightedMetrics(probability, labels), alerting(policy, rows)

    def headline(weights: Drawn) -> dict[str, float]:
        return metrics.headline(weights, levels(probability, weights))

    drawn = pd.DataFrame([headline(weights) for weights in redrawn(rows["siren"], repeats, seed)])
    value = headline(np.ones(len(labels)))
    return {name: Interval(value[name], *interval(drawn[name])) for name in value}


def paired_difference(
    challenger: Probabilities,
    champion: Probabilities,
    labels: Labels,
    firms: pd.Series,
    repeats: int = REPEATS,
    seed: int = 0,
) -> dict[str, Difference]:
    """The challenger's auc and average_precision on the same rows, minus the champion's.

    Both models are measured on each draw of firms, so that what makes a draw easy or hard for both cancels out.
    """
    models = [WeightedMetrics(probability, labels) for probability in (challenger, champion)]

    def difference(weights: Drawn) -> dict[str, float]:
        better, reference = (model.ranking(weights) for model in models)
        return {name: better[name] - reference[name] for name in better}

    drawn = pd.DataFrame([difference(weights) for weights in redrawn(firms, repeats, seed)])
    value = difference(np.ones(len(labels)))
    return {
        name: Difference(value[name], *interval(drawn[name]), share_worse=float((drawn[name].dropna() < 0).mean()))
        for name in value
    }


def redrawn(firms: pd.Series, repeats: int, seed: int) -> Iterator[Drawn]:
    """For each repeat, how often the firm of each row was drawn."""
    row_firm, names = pd.factorize(firms)
    rng = np.random.default_rng(seed)
    for _ in range(repeats):
        draws = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        yield draws[row_firm].astype(np.float64)


def interval(drawn: Drawn | pd.Series) -> tuple[float, float]:
    """The outer quantiles of the draws; a draw without any failure has no metric and is left out."""
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
