"""From rows to numbers."""

import numpy as np
import pandas as pd
import pytest

from models.rows.dataset import matrix
from models.rows.inputs import Input

STAGE = Input("ccsf_stage", "social_debt", "category", 0, "ccsf_stage", ("DEBUT", "FIN"))


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_a_category_is_its_place_among_those_known_at_training_and_another_is_unknown(dtype):
    rows = pd.DataFrame({"ccsf_stage": pd.Series(["FIN", "REFUS", None, "DEBUT"], dtype=dtype)})
    assert np.array_equal(matrix(rows, [STAGE])[:, 0], [1, np.nan, np.nan, 0], equal_nan=True)
