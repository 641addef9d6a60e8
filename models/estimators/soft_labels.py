"""Labels that know how a firm went on: a failure soon is seen, what comes after it is told by the firm's later state.

Whether a firm fails within 18 months is mostly chance: a label tells little of its risk. What its records said half a
year later tells more. So a row's label is 1 where the firm fails within STEP_MONTHS, else the risk that a model gives
to its state then, over the months left. That model has learnt in the same way, down to one of STEP_MONTHS, whose
labels are seen. This is learning by temporal differences (Sutton, Machine Learning 3, 1988).
`benchmarks/known_truth.py` tells what it is worth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.protocol import STEP_MONTHS
from models.rows.inputs import Probabilities

NONE: Final = -1


@dataclass(frozen=True)
class Course:
    """How the firms of some rows went on.

    lasted: whole months, of those of the horizon, until a procedure of the row's firm opened; all of them where none
    did. later: the place of the same firm's row STEP_MONTHS later, NONE where the rows hold none.
    """

    lasted: NDArray[np.int64]
    later: NDArray[np.int64]

    def kept(self, places: NDArray[np.int64]) -> Self:
        """Of the rows at these places only."""
        moved = np.full(len(self.later) + 1, NONE)
        moved[places] = np.arange(len(places))
        # The last place, which is that of NONE, stays NONE.
        return type(self)(self.lasted[places], moved[self.later[places]])


def course_of(rows: pd.DataFrame) -> Course:
    """The course of labelled rows, one for each firm and month, as `models.rows.dataset.read_rows` gives them."""
    months = rows["period"].to_numpy("datetime64[M]").astype(np.int64)
    firms, _ = pd.factorize(rows["siren"])
    # Fewer months than this have passed since 1970.
    keys = firms * 10_000 + months
    return Course(rows["lasted"].to_numpy(np.int64), pd.Index(keys).get_indexer(keys + STEP_MONTHS).astype(np.int64))


def soft_labels(
    labels: Probabilities, course: Course, learn: Callable[[Probabilities], Probabilities]
) -> Probabilities:
    """The label, 0 to 1, of each row whose horizon is over.

    labels: whether it fails within the horizon, 0 or 1. learn: from labels of all rows, the risk that a model gives to
    each of them. A row whose firm has none STEP_MONTHS later, as it is out of business, or of scope, or the horizon of
    that month is not over, keeps its own label.
    """
    horizon = int(course.lasted.max())

    def within(months: int) -> Probabilities:
        return np.where(course.lasted <= months, labels, 0.0)

    is_told = (within(STEP_MONTHS) == 0) & (course.later != NONE)
    reach = horizon % STEP_MONTHS or STEP_MONTHS
    found = within(reach)
    while reach < horizon:
        risk, reach = learn(found), reach + STEP_MONTHS
        found = np.where(is_told, risk[course.later], within(reach))
    return found
