"""How stable reasons are when the model learns from firms drawn again."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def bootstrap_firms(siren: pd.Series, seed: int) -> NDArray[np.float32]:
    """How often the firm of each row was drawn: as many firms as there are, with replacement."""
    firm, names = pd.factorize(siren)
    draws = np.random.default_rng(seed).integers(len(names), size=len(names))
    return np.bincount(draws, minlength=len(names))[firm].astype(np.float32)
