"""What would change a firm's alert: the smallest part of an action that takes its risk below the threshold.

It tells of the model, not of the firm: what the model would say of a firm whose figures were so. Features that an
action can't touch in a month (lags, maxima of months past, ranks among others) stay: the risk after is not flattered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.themes.short_time_work import FULL_TIME_HOURS
from models.calibration.shapes import Calibration
from models.explanation.contributions import booster_of, margins
from models.registry.model import RiskModel
from models.rows import dataset
from models.rows.inputs import Matrix
from models.scoring.records import Remedy

Values = NDArray[np.float64]
Columns = Mapping[str, Values]
MEAN_MONTHS = 12
# Halvings of the share: to 1/64 of the action.
HALVINGS = 6


@dataclass(frozen=True)
class Action:
    """applies: the firms that it is open to. carry_out: the columns that change when a share of it (0-1) is done."""

    name: str
    applies: Callable[[Columns], NDArray[np.bool_]]
    carry_out: Callable[[Columns, Values], dict[str, Values]]


def pay_debt(now: Columns, share: Values) -> dict[str, Values]:
    """Social debt paid today, both shares alike, and what else that changes today."""
    changed = _reduced(now, ("debt", "debt_employee", "debt_per_employee"), share)
    for name in ("debt_in_months", "debt_employee_in_months"):
        changed |= _reduced(now, (name,), share)
    is_clear = (share >= 1) & (now["debt"] > 0)
    changed["debt_employee_share"] = np.where(is_clear, np.nan, now["debt_employee_share"])
    changed["months_in_debt_12m"] = now["months_in_debt_12m"] - is_clear
    # Nobody has less than no debt.
    known = is_clear & ~np.isnan(now["debt_in_months_rank_in_division"])
    changed["debt_in_months_rank_in_division"] = np.where(known, 0.0, now["debt_in_months_rank_in_division"])
    was_last_month = is_clear & (now["debt_in_months_lag_1m"] > 0)
    changed["months_since_debt"] = np.where(was_last_month, 1.0, now["months_since_debt"])
    return changed


def grant_plan(now: Columns, share: Values) -> dict[str, Values]:
    """A payment plan over the whole debt, granted today: it is granted or not."""
    granted = share >= 1
    return {
        "payment_plans_active": np.where(
            granted, np.fmax(now["payment_plans_active"], 1.0), now["payment_plans_active"]
        ),
        "payment_plan_left": np.where(
            granted, np.fmax(now["payment_plan_left"], now["debt"]), now["payment_plan_left"]
        ),
    }


def pay_suppliers(now: Columns, share: Values) -> dict[str, Values]:
    """Suppliers paid less late: the mean delay and the late shares fall alike."""
    late = share * (now["paydex"] > 0)
    return _reduced(now, ("paydex",), late) | _reduced(now, ("late_30_days_share", "late_90_days_share"), share)


def end_short_time(now: Columns, share: Values) -> dict[str, Values]:
    """Fewer hours of short-time work in the last known month; none and no grant in force when done in full."""
    hours = now["short_time_fte"] * FULL_TIME_HOURS
    changed = _reduced(now, ("short_time_fte", "short_time_share"), share)
    used, granted = np.fmax(now["short_time_hours_12m"] - share * hours, 0.0), now["short_time_granted_12m"]
    unused = np.fmax(1 - np.divide(used, granted, out=np.full_like(used, np.nan), where=granted > 0), 0.0)
    changed["short_time_hours_12m"] = used
    changed["short_time_unused_share"] = np.where(granted > 0, unused, np.nan)
    changed["short_time_months_12m"] = now["short_time_months_12m"] - ((share >= 1) & (hours > 0))
    changed["short_time_requests"] = np.where(share >= 1, now["short_time_requests"] * 0.0, now["short_time_requests"])
    return changed


def _reduced(now: Columns, names: Sequence[str], share: Values) -> dict[str, Values]:
    """Quantities less a share of themselves, with their changes over any months, and today's part of their means.

    A mean holds at most MEAN_MONTHS months: today's part is at least one in so many.
    """
    changed = {}
    for name in names:
        less = share * now[name]
        changed[name] = now[name] - less
        for derived in now:
            if derived.startswith(f"{name}_change_"):
                changed[derived] = now[derived] - less
            elif derived == f"{name}_mean_{MEAN_MONTHS}m":
                changed[derived] = now[derived] - less / MEAN_MONTHS
    return changed


ACTIONS = (
    Action("pay_debt", lambda now: now["debt"] > 0, pay_debt),
    Action("grant_plan", lambda now: (now["debt"] > 0) & (now["payment_plans_active"] == 0), grant_plan),
    Action("pay_suppliers", lambda now: (now["paydex"] > 0) | (now["late_30_days_share"] > 0), pay_suppliers),
    Action("end_short_time", lambda now: now["short_time_fte"] > 0, end_short_time),
)


def remedies(
    model: RiskModel, rows: pd.DataFrame, calibration: Calibration, actions: Sequence[Action] = ACTIONS
) -> dict[str, list[Remedy]]:
    """Of each firm, every single action that takes it off the list, the smallest share of it.

    Off the list: below the threshold of a moderate alert. rows: the feature table's, of the firms on alert;
    calibration: that of the list. Where no single action does, the first actions that do together,
    in the order given. An empty list: none found. Each remedy's probability is the model's own.
    """
    found: dict[str, list[Remedy]] = {str(siren): [] for siren in rows["siren"]}
    quantities = [column.name for column in model.inputs if column.unit != "category"]
    known = {name: rows[name].to_numpy(np.float64, na_value=np.nan) for name in quantities}
    x, sirens = dataset.matrix(rows, model.inputs), rows["siren"].to_numpy(str)
    for action in actions:
        _search(model, x, sirens, known, (action,), calibration, found)
    for count in range(2, len(actions) + 1):
        left = np.array([not found[siren] for siren in sirens], bool)
        part = {name: values[left] for name, values in known.items()}
        _search(model, x[left], sirens[left], part, actions[:count], calibration, found)
    return found


def _search(
    model: RiskModel,
    x: Matrix,
    sirens: NDArray[np.str_],
    known: Columns,
    actions: Sequence[Action],
    calibration: Calibration,
    found: dict[str, list[Remedy]],
) -> None:
    """Add what the last action, after the others in full, does for each firm: halve while it still suffices."""
    threshold = model.thresholds.moderate
    places = {column.name: n for n, column in enumerate(model.inputs)}
    firms = np.flatnonzero(actions[-1].applies(known))

    def done(firms: NDArray[np.int64], share: Values) -> tuple[Columns, Values, list[NDArray[np.bool_]]]:
        now, opened = {name: values[firms] for name, values in known.items()}, []
        for n, action in enumerate(actions):
            extent = share if n == len(actions) - 1 else np.ones(len(firms))
            changed, is_open = action.carry_out(now, extent), action.applies(now)
            opened.append(is_open)
            now |= {name: np.where(is_open, values, now[name]) for name, values in changed.items()}
        after = x[firms]
        for name, values in now.items():
            after[:, places[name]] = values
        return now, calibration.probability(margins(booster_of(model.text), after)), opened

    if not len(firms):
        return
    firms = firms[done(firms, np.ones(len(firms)))[1] < threshold]
    if not len(firms):
        return
    low, high = np.zeros(len(firms)), np.ones(len(firms))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        suffices = done(firms, middle)[1] < threshold
        low, high = np.where(suffices, low, middle), np.where(suffices, middle, high)
    now, probability, opened = done(firms, high)
    for n, firm in enumerate(firms):
        changes = {
            name: (float(known[name][firm]), float(values[n]))
            for name, values in now.items()
            if not np.array_equal(known[name][firm], values[n], equal_nan=True)
        }
        names = tuple(action.name for action, is_open in zip(actions, opened, strict=True) if is_open[n])
        found[str(sirens[firm])].append(
            Remedy(str(sirens[firm]), names, float(high[n]), changes, float(probability[n]))
        )
