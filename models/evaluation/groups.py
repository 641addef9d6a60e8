"""The groups of firms on which a model is evaluated separately."""

import numpy as np
import pandas as pd

CATEGORIES = ("naf_section", "size_class", "region")
# The age in years from which a firm is in each band.
AGE_BANDS = {"under 3": 0, "3-10": 3, "10+": 10}
UNKNOWN = "unknown"
# With fewer failures, or fewer survivors, metrics of ranking are mostly noise.
FEWEST = 10


def age_band(age: pd.Series) -> pd.Series:
    """`under 3`, `3-10` or `10+` years, or `unknown`."""
    ends = [*AGE_BANDS.values(), np.inf]
    return pd.cut(age, ends, right=False, labels=list(AGE_BANDS)).astype("object").fillna(UNKNOWN)
