"""Counterfactuals: the smallest part of an action that would take a firm's probability below the alert threshold.

They say what the model would give a firm with other figures, not what would become of the firm. Features that an action
taken today can't change (lags, maxima over past months, most ranks) keep their values, so that the probability given
is not too low.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.themes.short_time_work import FULL_TIME_HOURS
from models.alerts import Thresholds
from models.calibration.thresholds import least
from models.explanation.contributions import booster_of, margins
from models.registry.model import RiskModel
from models.rows import dataset
from models.rows.inputs import Matrix
from models.scoring.records import Counterfactual

Values = NDArray[np.float64]
Columns = Mapping[str, Values]
MEAN_MONTHS = 12
# The share of an action is found by so many bisections: to 1/64.
HALVINGS = 6


@dataclass(frozen=True)
class Action:
    """applies: which firms can take it. carry_out: the columns that change, with a share (0-1) of the action taken."""

    name: str
    applies: Callable[[Columns], NDArray[np.bool_]]
    carry_out: Callable[[Columns, Values], dict[str, Values]]


def pay_debt(now: Columns, share: Values) -> dict[str, Values]:
    """Social debt paid today, employees' and employer's shares alike, and the columns that change with it today."""
    changed = _reduced(now, ("debt", "debt_employee", "debt_per_employee"), share)
    for name in ("debt_in_months", "debt_employee_in_months"):
        changed |= _reduced(now, (name,), share)
    is_clear = (share >= 1) & (now["debt"] > 0)
    changed["debt_employee_share"] = np.where(is_clear, np.nan, now["debt_employee_share"])
    changed["months_in_debt_12m"] = now["months_in_debt_12m"] - is_clear
    # A firm without debt has the lowest rank.
    known = is_clear & ~np.isnan(now["debt_in_months_rank_in_division"])
    changed["debt_in_months_rank_in_division"] = np.where(known, 0.0, now["debt_in_months_rank_in_division"])
    was_last_month = is_clear & (now["debt_in_months_lag_1m"] > 0)
    changed["months_since_debt"] = np.where(was_last_month, 1.0, now["months_since_debt"])
    return changed


def grant_plan(now: Columns, share: Values) -> dict[str, Values]:
    """A payment plan over the whole debt, granted today; a share of one below 1 is none."""
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
    """Suppliers paid less late: the mean delay and the shares paid late fall by the same share."""
    late = share * (now["paydex"] > 0)
    return _reduced(now, ("paydex",), late) | _reduced(now, ("late_30_days_share", "late_90_days_share"), share)


def end_short_time(now: Columns, share: Values) -> dict[str, Values]:
    """Fewer hours of short-time work in the last known month; taken in full, no hour and no authorisation in force."""
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
    """The quantities reduced by a share of themselves, with their changes over months, and their 12-month means.

    A mean covers at most MEAN_MONTHS months, so that today's value counts for at least one part in MEAN_MONTHS.
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


def counterfactuals(
    model: RiskModel,
    rows: pd.DataFrame,
    cut: Thresholds,
    actions: Sequence[Action] = ACTIONS,
) -> dict[str, list[Counterfactual]]:
    """By SIREN, every single action that takes the firm off the list, with the smallest share that does.

    Off the list means below the threshold of a moderate alert. Where no single action is enough, the first of `actions`
    that are enough together, in their order; an empty list where all together are not.
    rows: of the feature table, of firms on alert. cut: the thresholds of the list.
    """
    found: dict[str, list[Counterfactual]] = {str(siren): [] for siren in rows["siren"]}
    quantities = [column.name for column in model.inputs if column.unit != "category"]
    known = {name: rows[name].to_numpy(np.float64, na_value=np.nan) for name in quantities}
    x, sirens = dataset.matrix(rows, model.inputs), rows["siren"].to_numpy(str)
    goals = least(cut, rows)
    for action in actions:
        _search(model, x, sirens, known, (action,), goals, found)
    for count in range(2, len(actions) + 1):
        left = np.array([not found[siren] for siren in sirens], bool)
        part = {name: values[left] for name, values in known.items()}
        _search(model, x[left], sirens[left], part, actions[:count], goals[left], found)
    return found


def _search(
    model: RiskModel,
    x: Matrix,
    sirens: NDArray[np.str_],
    known: Columns,
    actions: Sequence[Action],
    goals: Values,
    found: dict[str, list[Counterfactual]],
) -> None:
    """Find by bisection the share of the last action that is enough after the others in full, for each firm.

    goals: the probability from which each firm is on alert.
    """
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
        return now, model.calibration.probability(margins(booster_of(model.text), after)), opened

    if not len(firms):
        return
    firms = firms[done(firms, np.ones(len(firms)))[1] < goals[firms]]
    if not len(firms):
        return
    low, high = np.zeros(len(firms)), np.ones(len(firms))
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        suffices = done(firms, middle)[1] < goals[firms]
        low, high = np.where(suffices, low, middle), np.where(suffices, middle, high)
    now, probability, opened = done(firms, high)
    for n, firm in enumerate(firms):
        changes = {
            name: (float(known[name][firm]), float(values[n]))
            for name, values in now.items()
            if not np.array_equal(known[name][firm], values[n], equal_nan=True)
        }
        names = tuple(action.name for action, is_open in zip(actions, opened, strict=True) if is_open[n])
        siren = str(sirens[firm])
        found[siren].append(Counterfactual(siren, names, float(high[n]), changes, float(probability[n])))
