"""What a model reads and gives, as arrays: the columns of its matrix, and the types that every room shares."""

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
    """A column of the model's matrix; categories: the codes it knows, in the order of their numbers, else empty."""

    name: str
    theme: str
    unit: str
    direction: int
    root: str
    categories: tuple[str, ...] = ()
