from features.themes import short_time_work
from tests.tables import column, months, table

GRID = months("1", "2024-03-01", 4, headcount=20.0)


def granted(rows: str):
    head = "siren | request | starts_on | ends_on | hours | reason | known_at\n"
    return table(head + rows, request="string", reason="string")


def used(rows: str):
    return table("siren | request | month | hours | known_at\n" + rows, request="string")


def test_granted_hours_are_spread_over_the_days_of_the_request():
    # 60 days from 16 January: 16 in January, 29 in February, 15 in March; each known 2 months after its month.
    hours = short_time_work.hours_granted(GRID, granted("1 | r | 2024-01-16 | 2024-03-15 | 600 | 1 | 2024-01-20"))
    assert column(hours, "granted") == [0, 160, 290, 150]


def test_a_late_decision_counts_only_once_taken():
    hours = short_time_work.hours_granted(GRID, granted("1 | r | 2024-01-01 | 2024-01-31 | 310 | 1 | 2024-05-20"))
    assert column(hours, "granted") == [0, 0, 0, 310]


def test_a_request_is_in_force_between_its_dates_once_decided():
    force = short_time_work.requests_in_force(GRID, granted("1 | r | 2024-03-15 | 2024-05-10 | 600 | 1 | 2024-03-20"))
    assert column(force, "in_force") == [0, 1, 1, 0]


def test_hours_of_a_lockdown_request_are_no_distress_but_only_once_its_reason_is_known():
    requests = granted("""
        1 | r | 2024-01-01 | 2024-01-31 | 310 | 6 | 2024-01-10
        1 | s | 2024-01-01 | 2024-01-31 | 310 | 6 | 2024-09-10
    """)
    hours = used("""
        1 | r | 2024-01-01 | 100 | 2024-04-01
        1 | s | 2024-01-01 | 7   | 2024-04-01
        1 | t | 2024-01-01 | 30  | 2024-04-01
    """)
    values = short_time_work.known_values(GRID, hours, requests)
    assert column(values, "hours") == [0, 37, 0, 0]
    assert column(values.mutate(v=short_time_work.short_time_fte.compute(values)), "v") == [
        0,
        round(37 / 151.67, 6),
        0,
        0,
    ]


def test_the_files_have_a_line_per_request_so_equal_lines_of_two_requests_add_up_and_a_line_told_twice_counts_once():
    hours = used("""
        1 | r | 2024-01-01 | 100 | 2024-04-01
        1 | s | 2024-01-01 | 100 | 2024-04-01
        1 | s | 2024-01-01 | 100 | 2024-04-01
    """)
    requests = granted("""
        1 | r | 2024-03-15 | 2024-05-10 | 570 | 1 | 2024-03-20
        1 | s | 2024-03-15 | 2024-05-10 | 570 | 1 | 2024-03-20
        1 | s | 2024-03-15 | 2024-05-10 | 570 | 1 | 2024-03-20
    """)
    values = short_time_work.known_values(GRID, hours, requests)
    assert column(values, "hours") == [0, 200, 0, 0]
    assert column(values, "in_force") == [0, 2, 2, 0]
