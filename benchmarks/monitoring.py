"""How long drift takes on as many firms as France has: `python benchmarks/monitoring.py [FIRMS]`."""

import sys
import time

import numpy as np
import pandas as pd

from features.assemble import CATALOG
from models.monitoring.drift import drift, reference
from models.rows.inputs import Input


def main(firms: int) -> None:
    """Print the seconds that a reference and a comparison take, on random features."""
    inputs = [Input(feature.name, feature.theme, "EUR", 0, feature.root) for feature in CATALOG]
    x = np.random.default_rng(0).normal(size=(firms, len(inputs))).astype(np.float32)
    x[x > 1] = np.nan
    periods = pd.Series(pd.to_datetime(["2024-01-01"] * firms))
    start = time.perf_counter()
    learnt = reference(x, periods, inputs, x[:, 0].astype(np.float64))
    middle = time.perf_counter()
    drift(learnt, x, 1, inputs)
    print(f"{firms:,} firms x {len(inputs)} features: reference {middle - start:.1f} s, ", end="")
    print(f"drift {time.perf_counter() - middle:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 350_000)
