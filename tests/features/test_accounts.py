from features.accounts import dated
from features.grid import newest_known
from tests.tables import column, months, table

RATIOS = """
    siren | closed_on  | known_at   | turnover
    1     | 2021-12-31 | 2022-07-31 | 100
    1     | 2022-12-31 | 2023-07-31 | 200
    2     | 2022-12-31 | 2023-07-31 | 300
"""
NOTICES = """
    siren | kind                 | closed_on  | published_on | known_at   | notice | is_confidential
    1     | deposit              | 2022-12-31 | 2023-05-10   | 2023-05-10 | C1     | false
    1     | deposit              | 2022-12-31 | 2023-09-01   | 2023-09-01 | C2     | false
    1     | deposit              |            | 2022-01-05   | 2022-01-05 | C3     | false
    1     | consolidated_deposit | 2021-12-31 | 2022-03-01   | 2022-03-01 | C4     | false
    2     | deposit              | 2021-12-31 | 2022-05-01   | 2022-05-01 | C5     | false
    2     | seat                 |            | 2023-01-01   | 2023-01-01 | B6     |
"""


def known(*deposits):
    lines = NOTICES.strip().splitlines()
    notices = table("\n".join([lines[0], *lines[1:], *deposits]), is_confidential="string")
    rows = dated(table(RATIOS, siren="string"), notices.cast({"is_confidential": "boolean"}))
    found = rows.order_by("siren", "closed_on").to_pyarrow().to_pylist()
    return [(row["siren"], str(row["closed_on"]), str(row["known_at"])) for row in found]


def test_accounts_are_known_on_the_day_of_their_deposit_notice_else_seven_months_after_closing():
    assert known() == [
        ("1", "2021-12-31", "2022-07-31"),  # only the group's were deposited
        ("1", "2022-12-31", "2023-05-10"),  # by the first of two notices
        ("2", "2022-12-31", "2023-07-31"),  # the notice is of another closing
    ]


def test_accounts_that_were_deposited_late_are_not_known_before():
    late = "2 | deposit | 2022-12-31 | 2024-03-04 | 2024-03-04 | C7 | false"
    assert known(late)[2] == ("2", "2022-12-31", "2024-03-04")
    rows = dated(table(RATIOS, siren="string"), table(NOTICES + late, is_confidential="string"))
    grid = months("2", "2024-02-01", 4)
    assert [str(day) if day else None for day in column(newest_known(grid, rows, "closed_on"), "closed_on")] == [
        None,
        None,
        "2022-12-31",
        "2022-12-31",
    ]


def test_without_any_notice_the_legal_term_stands():
    nothing = table("siren | kind | closed_on | published_on | known_at | notice | is_confidential")
    rows = dated(table(RATIOS, siren="string"), nothing).order_by("siren", "closed_on")
    assert [str(day) for day in rows.to_pyarrow()["known_at"].to_pylist()] == ["2022-07-31", "2023-07-31", "2023-07-31"]
