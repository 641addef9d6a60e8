"""Between which ends the mean risk of firms scored alike lies, in log-odds around the risk that they are given."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from models.calibration.reliability import LEVEL
from models.calibration.shapes import with_offset
from models.rows.inputs import Margins, Probabilities


@dataclass(frozen=True)
class RiskInterval:
    """How uncertain a calibration is: standard deviations in log-odds.

    margins, deviations: of the calibration fitted on other firms, at each of these margins; straight lines between.
    drift: of the failure rate itself, from the months of the calibration to those in which it is used.
    """

    margins: tuple[float, ...]
    deviations: tuple[float, ...]
    drift: float

    def ends(self, margins: Margins, probability: Probabilities) -> tuple[Probabilities, Probabilities]:
        """The ends of the 95 % interval of the mean risk of firms with such a margin, of which they are the middle.

        probability: the calibrated one of each margin. The two parts are taken as independent and normal.
        """
        deviation = np.hypot(np.interp(margins, self.margins, self.deviations), self.drift)
        half = NormalDist().inv_cdf((1 + LEVEL) / 2) * deviation
        return with_offset(probability, -half), with_offset(probability, half)
