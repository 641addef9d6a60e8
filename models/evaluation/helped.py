"""Alerts of firms that were helped, apart from those of the others: that a helped firm survives is no false alarm."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.alerts import HIGH, MODERATE, AlertPolicy
from models.calibration.thresholds import alerting, flagged
from models.evaluation.lead_time import lead_times
from models.evaluation.records import FirstAlerts, HelpedFigures, HelpedLevel, Interval, LeadTime
from models.evaluation.uncertainty import REPEATS, interval, redrawn
from models.rows.inputs import Labels, Probabilities

WORTH: Final = ("precision", "recall")
# (level, one of WORTH) -> its value for each draw of firms.
Drawn = dict[tuple[str, str], float]


def helped_apart(
    rows: pd.DataFrame,
    probability: Probabilities,
    labels: Labels,
    is_helped: NDArray[np.bool_],
    policy: AlertPolicy,
    lead_times_of: Sequence[LeadTime | None],
    seed: int,
    repeats: int = REPEATS,
) -> tuple[HelpedFigures, ...]:
    """The figures of the helped and of the others, with intervals over firms; none where nobody was helped.

    rows: (siren, period), and departement where the policy needs it. The alerts are those of all the firms together,
    given anew to each draw. lead_times_of: of the helped and of the others, see `lead_times_apart`.
    """
    if not is_helped.any():
        return ()
    levels, parts = alerting(policy, rows), (is_helped, ~is_helped)
    drawn: tuple[list[Drawn], list[Drawn]] = ([], [])
    for weights in (np.ones(len(rows)), *redrawn(rows["siren"], repeats, seed)):
        on_alert = flagged(levels(probability, weights))
        for found, part in zip(drawn, parts, strict=True):
            found.append(dict(_worth(on_alert, labels, weights * part)))
    on_alert = flagged(levels(probability, np.ones(len(rows))))
    return tuple(
        HelpedFigures(
            part is is_helped,
            int(part.sum()),
            int(rows.loc[part, "siren"].nunique()),
            int(labels[part].sum()),
            *(_level(level, int((on_alert[level] & part).sum()), found, lead) for level in (HIGH, MODERATE)),
        )
        for part, found, lead in zip(parts, drawn, lead_times_of, strict=True)
    )


def lead_times_apart(
    scored: pd.DataFrame, is_helped: NDArray[np.bool_], openings: pd.DataFrame
) -> tuple[LeadTime | None, ...]:
    """The lead times of firms that were helped after one of these scores, and of the others; None without any.

    scored: as `lead_times` takes it.
    """
    helped = scored["siren"].isin(scored.loc[is_helped, "siren"])
    return tuple(lead_times(part, openings) if len(part) else None for part in (scored[helped], scored[~helped]))


def _worth(
    on_alert: dict[str, NDArray[np.bool_]], labels: Labels, weights: NDArray[np.float64]
) -> Iterator[tuple[tuple[str, str], float]]:
    failures = float(weights @ labels)
    for level, is_flagged in on_alert.items():
        hits, count = float(weights @ (is_flagged * labels)), float(weights @ is_flagged)
        yield (level, "precision"), hits / count if count else np.nan
        yield (level, "recall"), hits / failures if failures else np.nan


def _level(level: str, alerts: int, drawn: list[Drawn], lead: LeadTime | None) -> HelpedLevel:
    precision, recall = (_measured([one[level, name] for one in drawn]) for name in WORTH)
    return HelpedLevel(alerts, precision, recall, _median(lead.all_firms.at(level)) if lead else None)


def _median(first: FirstAlerts) -> Interval | None:
    return Interval(first.quartiles[1], *first.median_ends) if first.quartiles and first.median_ends else None


def _measured(values: list[float]) -> Interval | None:
    return None if np.isnan(values[0]) else Interval(values[0], *interval(np.array(values[1:])))
