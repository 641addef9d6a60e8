"""What a list owes to the offset of its calibration alone: the same firms at the offset of the list before."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.alerts import NO_ALERT, AlertPolicy
from models.calibration.shapes import Calibration, Shifted
from models.calibration.thresholds import alerts, thresholds
from models.rows.inputs import Margins


@dataclass(frozen=True)
class Recalibrated:
    """The firms of a list at its own calibration (now) and at that of the list before (then).

    now, then: the offsets in log-odds, each for the failure rate known at the time. risk_ratio: their mean risk now
    over that at the former calibration. on_alert_then: how many would be on alert at the former calibration.
    """

    now: float
    then: float
    risk_ratio: float
    on_alert_then: int


def recalibrated(
    margins: Margins, rows: pd.DataFrame, policy: AlertPolicy, now: Calibration, then: Calibration
) -> Recalibrated:
    """What changes between two calibrations of one model.

    margins, rows: of the firms that may be on alert, one at least; rows with their departement.
    """
    risk, former = now.probability(margins), then.probability(margins)
    on_alert = int((alerts(thresholds(policy, rows, former), rows, former) != NO_ALERT).sum())
    return Recalibrated(_offset(now), _offset(then), float(np.mean(risk) / np.mean(former)), on_alert)


def _offset(calibration: Calibration) -> float:
    return calibration.offset if isinstance(calibration, Shifted) else 0.0
