"""How much a calibration depends on the firms that it was fitted on: the same fit on firms drawn again."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from features.errors import InputError
from models.calibration.fitting import FITS
from models.calibration.interval import RiskInterval
from models.calibration.shapes import SMALLEST, Calibration, Shape, Shifted
from models.rows.dataset import labels_of
from models.rows.inputs import Labels, Margins

DRAWS = 200
# Margins are put into so many groups of equal size, so that a draw is fitted on few numbers.
GROUPS = 400
# At how many margins the deviation is kept, from the smallest to the largest.
KNOTS = 21


def interval_of(fitted: Calibration, margins: Margins, rows: pd.DataFrame, drift: float, seed: int) -> RiskInterval:
    """The deviations of a calibration over firms drawn with replacement, each with all its months (Efron, 1979).

    margins, rows (siren, label): those that it was fitted on. drift: of the failure rate.
    The levels of an isotonic one may be 0 or 1, which have no log-odds: none counts as smaller than one failure among
    all rows, or larger than all but one.
    Raises InputError where most draws can't be calibrated on.
    """
    kind = (fitted.calibration if isinstance(fitted, Shifted) else fitted).kind
    knots = np.unique(np.quantile(margins, np.linspace(0, 1, KNOTS)))
    least = 1 / len(rows) if kind == "isotonic" else SMALLEST
    drawn = [
        logit(shape.probability(knots).clip(least, 1 - least))
        for shape in _redrawn(kind, margins, labels_of(rows), rows["siren"], seed)
    ]
    if len(drawn) < DRAWS // 2:
        raise InputError("The validation periods hold too few failures to tell how sure a risk is.")
    deviations = np.std(drawn, axis=0, ddof=1)
    return RiskInterval(tuple(knots.tolist()), tuple(deviations.tolist()), drift)


def _redrawn(kind: str, margins: Margins, labels: Labels, firms: pd.Series, seed: int) -> Iterator[Shape]:
    """The same kind of calibration on each draw, but where a draw can't be calibrated on."""
    codes, known = pd.factorize(firms)
    cells, own_margins, own_labels = _cells(margins, labels)
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        often = np.bincount(rng.integers(len(known), size=len(known)), minlength=len(known))
        counts = np.bincount(cells, often[codes], len(own_margins)).astype(np.float64)
        is_drawn = counts > 0
        try:
            yield FITS[kind](own_margins[is_drawn], own_labels[is_drawn], counts[is_drawn])
        except InputError:
            continue


def _cells(margins: Margins, labels: Labels) -> tuple[NDArray[np.int64], Margins, Labels]:
    """The number of each row's cell, a group of margins with one label; the mean margin and the label of each cell."""
    edges = np.unique(np.quantile(margins, np.linspace(0, 1, GROUPS + 1)[1:-1]))
    numbers, cells = np.unique(2 * np.searchsorted(edges, margins) + labels, return_inverse=True)
    return cells, np.bincount(cells, margins) / np.bincount(cells), (numbers % 2).astype(np.int8)
