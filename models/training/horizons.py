"""Shorter horizons than the model's own: each calibrated on months of its own, and judged on the newest ones."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from features.errors import InputError
from features.folder import FeatureTable
from models.calibration.curve import ShorterHorizon
from models.calibration.fitting import fit_platt_of_both
from models.calibration.shapes import Calibration
from models.evaluation.groups import FEWEST
from models.evaluation.records import JudgedHorizon
from models.protocol import LABEL_LAG_MONTHS, SHORTER_HORIZONS, Protocol
from models.rows import dataset
from models.rows.inputs import Margins
from models.rows.outcomes import fails_within
from models.rows.reading import share_for


@dataclass(frozen=True)
class Curve:
    """The shorter horizons, and how each did on the newest months whose outcomes are known at it."""

    horizons: tuple[ShorterHorizon, ...]
    judged: tuple[JudgedHorizon, ...]


def shorter_horizons(
    table: FeatureTable,
    as_of: date,
    protocol: Protocol,
    validation: Sequence[date],
    margins: Callable[[pd.DataFrame], Margins],
) -> Curve:
    """Calibrate the margins of a model for each of `SHORTER_HORIZONS` below the horizon of the table.

    margins: gives those of rows of the feature table. validation: the months of the model's own calibration: as many
    firms are read of each month as there. No opening later than `as_of`, or known later, is looked at.
    """
    horizons = [months for months in SHORTER_HORIZONS if months < table.record.horizon]
    windows = {months: _windows(table, as_of, months, protocol) for months in horizons}
    share = share_for(table, validation, protocol.max_evaluation_rows)
    needed = sorted({period for both in windows.values() for part in both for period in part})
    scored = pd.concat([_scored(table, period, share, margins) for period in needed], ignore_index=True)
    openings = dataset.read_openings(table)
    found = [_calibrated(scored, openings, months, *windows[months]) for months in horizons]
    return Curve(tuple(one for one, _ in found), tuple(judged for _, judged in found if judged))


def _windows(table: FeatureTable, as_of: date, months: int, protocol: Protocol) -> tuple[list[date], list[date]]:
    """The months to calibrate that horizon on, and the newest ones to judge it on, as many as at the model's own."""
    over = dataset.labelled_periods(table, as_of, LABEL_LAG_MONTHS, months)
    judged = over[-protocol.test_months :]
    return over[: -protocol.test_months][-protocol.validation_months :], judged


def _scored(
    table: FeatureTable, period: date, share: float, margins: Callable[[pd.DataFrame], Margins]
) -> pd.DataFrame:
    """(siren, period, margin) of the firms in no procedure."""
    rows = dataset.read_rows(table, [period], share=share)
    rows = rows[~rows["in_procedure"].astype(bool)]
    return rows[["siren", "period"]].assign(margin=margins(rows))


def _calibrated(
    scored: pd.DataFrame, openings: pd.DataFrame, months: int, window: Sequence[date], judged: Sequence[date]
) -> tuple[ShorterHorizon, JudgedHorizon | None]:
    own, newest = (_labelled(scored, openings, months, part) for part in (window, judged))
    failed = own.loc[own["label"] == 1, "siren"]
    calibration = _fitted(own) if failed.nunique() >= FEWEST else None
    found = ShorterHorizon(months, window[0], window[-1], len(own), len(failed), calibration)
    if calibration is None:
        return found, None
    expected = float(calibration.probability(newest["margin"].to_numpy()).mean())
    observed = int(newest["label"].sum())
    return found, JudgedHorizon(months, judged[0], judged[-1], len(newest), observed, expected)


def _labelled(scored: pd.DataFrame, openings: pd.DataFrame, months: int, window: Sequence[date]) -> pd.DataFrame:
    own = scored[scored["period"].isin(pd.to_datetime(list(window)))].reset_index(drop=True)
    return own.assign(label=fails_within(own, openings, months))


def _fitted(rows: pd.DataFrame) -> Calibration | None:
    """Platt's: a freer shape has a level end that few failures decide, and would hold all horizons below it."""
    try:
        return fit_platt_of_both(rows["margin"].to_numpy(), rows["label"].to_numpy())
    except InputError:
        return None
