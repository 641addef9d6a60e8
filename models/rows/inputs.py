"""What a model reads and returns: the columns of its matrix, and the types of arrays that all rooms use."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Labels = NDArray[np.int8]
Weights = NDArray[np.float32]
Margins = NDArray[np.float64]
Probabilities = NDArray[np.float64]


@dataclass(frozen=True)
class Input:
    """A column of the model's matrix, as the catalogue of features describes it.

    direction: +1 or -1, the risk can only rise, or only fall, with the value; 0: no constraint.
    root: the feature that it derives from, or its own name. categories: the known codes of a category, whose places are
    the numbers in the matrix; empty for a quantity.
    """

    name: str
    theme: str
    unit: str
    direction: int
    root: str
    categories: tuple[str, ...] = ()
