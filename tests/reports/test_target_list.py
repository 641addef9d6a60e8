"""The order of a list, on firms that a reader can put in order."""

import numpy as np
import pandas as pd

from reports.target_list import in_order


def test_of_firms_as_much_at_risk_the_one_that_owes_most_comes_first_and_the_siren_decides_last():
    table = pd.DataFrame(
        [
            ("100", False, 0.5, 10.0),
            ("200", False, 0.5, 900.0),
            ("300", False, 0.5, np.nan),
            ("150", False, 0.5, 10.0),
            ("400", False, 0.6, 0.0),
            ("050", True, 2.0, 5000.0),
        ],
        columns=["siren", "last", "margin", "debt"],
    )
    expected = ["400", "200", "100", "150", "300", "050"]
    assert in_order(table)["siren"].tolist() == expected
    assert in_order(table[::-1])["siren"].tolist() == expected
