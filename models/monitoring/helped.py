"""Firms on alert that were helped, apart from the others: that a helped firm survives is not a false alarm.

Agents choose whom to help, by what they see. The difference between the two groups is not the effect of help.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.periods import add_months, months_between
from models.alerts import ALERTS, NO_ALERT
from models.monitoring.realised import PastList, followed
from models.rows.outcomes import is_helped


@dataclass(frozen=True)
class Apart:
    """What became so far of the firms at an alert level, of those that were helped or of the others."""

    level: str
    is_helped: bool
    firms: int
    failures: int


def apart(
    lists: Sequence[PastList], help_days: pd.DataFrame, openings: pd.DataFrame, observed_until: date, horizon: int
) -> tuple[Apart, ...]:
    """By alert level, the firms that were helped and the others: how many, and how many failed within the horizon.

    lists: any order. Each firm counts once, on the first of them on which it was on alert, if a month of that was
    observed. help_days: siren, helped_on; one row per help. openings: siren, opened_on. Help counts that came on the
    list's day or later, within the horizon and before any procedure opened: later help could not have averted it.
    """
    old_enough = sorted((one for one in lists if months_between(one.period, observed_until) >= 1), key=_period)
    parts = [_on_alert(one, help_days, openings, observed_until, horizon) for one in old_enough]
    if not parts:
        return ()
    firms = pd.concat(parts).drop_duplicates("siren")
    found = {
        key: Apart(str(key[0]), bool(key[1]), len(failed), int(failed.sum()))
        for key, failed in firms.groupby(["alert", "is_helped"])["failed"]
    }
    keys = ((level, is_helped) for level in ALERTS for is_helped in (True, False))
    return tuple(found[key] for key in keys if key in found)


def _period(past: PastList) -> date:
    return past.period


def _on_alert(
    past: PastList, help_days: pd.DataFrame, openings: pd.DataFrame, observed_until: date, horizon: int
) -> pd.DataFrame:
    """The firms on alert: siren, alert, failed, is_helped."""
    until = min(observed_until, add_months(past.period, horizon))
    firms = followed(past.firms[past.firms["alert"] != NO_ALERT], openings, past.period, until)
    rows = firms[["siren"]].assign(period=pd.Timestamp(past.period))
    ends = np.full(len(rows), np.datetime64(until, "s"))
    firms = firms.assign(is_helped=is_helped(rows, help_days, openings, ends))
    return firms[["siren", "alert", "failed", "is_helped"]]
