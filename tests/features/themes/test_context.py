from datetime import date

import ibis
import pandas as pd
import pytest

from features.periods import add_months, period_range
from features.themes import context
from features.themes.context import exposure, failure_rates, features_of_group, rates_of
from tests.tables import months, table

START = date(2022, 1, 1)


def counts(count, *groups):
    """The same number of firms at risk, and of failures, at each of `count` periods."""
    rows = [
        {"period": period, "naf_division": division, "size_class": size, "departement": departement,
         "at_risk": at_risk, "failed": failed}
        for period in period_range(START, add_months(START, count - 1))
        for division, size, departement, at_risk, failed in groups
    ]  # fmt: skip
    schema = {"period": "date", "at_risk": "int64", "failed": "int64"}
    return ibis.memtable(pd.DataFrame(rows)).cast(schema)


def rates(table):
    rows = failure_rates(table).order_by("kind", "code", "period").to_pyarrow().to_pylist()
    return {(row["kind"], row["code"], row["period"]): (row["rate"], row["rate_before"]) for row in rows}


def test_a_firm_counts_at_risk_for_the_month_and_as_failed_at_the_period_that_ends_it():
    grid = months("1", "2024-01-01", 5).union(months("2", "2024-01-01", 5))
    grid = grid.mutate(
        naf_division=ibis.literal("25"), size_class=ibis.literal("10-19"), departement=ibis.literal("75")
    )
    states = grid.select(
        "siren",
        "period",
        state=((grid.siren == "2") & (grid.period >= ibis.date("2024-03-01"))).ifelse("redressement", "in_bonis"),
    )
    scoped = grid.select("siren", "period").filter(lambda t: t.period >= ibis.date("2024-02-01"))
    found = exposure(grid, scoped, states).order_by("period").to_pyarrow().to_pylist()
    assert [(str(row["period"]), row["at_risk"], row["failed"]) for row in found] == [
        ("2024-03-01", 2, 1),  # both were in scope and in no procedure on 1 February
        ("2024-04-01", 1, 0),
        ("2024-05-01", 1, 0),
        ("2024-06-01", 1, 0),
    ]


def test_a_rate_is_of_twelve_whole_months_and_mixed_with_that_of_the_larger_group():
    # 1,000 firms, of which 100 in division 25; 4 and 1 failures a month.
    found = rates(counts(13, ("10", "10-19", "75", 900, 3), ("25", "20-49", "75", 100, 1)))
    last = date(2022, 12, 1)
    assert min(period for _, _, period in found) == last
    everyone = 48 / 1000
    # Both divisions are in section C, which holds all firms: its own rate is that of all.
    assert found["division", "25", last][0] == pytest.approx((12 + 100 * everyone) / 200)
    assert found["division", "10", last][0] == pytest.approx((36 + 100 * everyone) / 1000)
    assert found["size", "20-49", last][0] == pytest.approx((12 + 100 * everyone) / 200)
    assert found["departement", "75", last][0] == pytest.approx(everyone)


def test_a_small_group_has_the_rate_of_the_larger_one_that_holds_it():
    # Division 01 is in section A, 25 in section C; a single firm is at risk in 02, which is in section A too.
    found = rates(counts(12, ("25", "a", "75", 9000, 9), ("01", "a", "75", 900, 9), ("02", "a", "75", 1, 0)))
    last, everyone = date(2022, 12, 1), 216 / 9901
    section = (108 + 100 * everyone) / 1001
    assert found["division", "02", last][0] == pytest.approx(100 * section / 101)
    assert found["division", "02", last][0] > 3 * everyone


def test_the_rate_before_is_that_of_twelve_months_earlier():
    found = rates(counts(24, ("25", "a", "75", 1000, 4)))
    assert found["division", "25", date(2023, 12, 1)] == pytest.approx((0.048, 0.048))
    assert found["division", "25", date(2023, 11, 1)] == (pytest.approx(0.048), None)


def test_too_few_firms_tell_nothing():
    assert {rate for rate, _ in rates(counts(14, ("25", "a", "75", 99, 1))).values()} == {None}


def test_each_row_has_the_rates_of_its_own_groups_and_none_where_a_group_is_not_known():
    rows = table(
        """
        siren | period     | naf_division | size_class | departement
        1     | 2023-12-01 | 25           | a          | 75
        2     | 2023-12-01 | 10           | a          |
        3     | 2022-06-01 | 25           | a          | 75
    """,
        departement="string",
    )
    told = failure_rates(counts(24, ("25", "a", "75", 600, 1), ("10", "a", "13", 600, 7)))
    found = rates_of(rows, told)
    found = found.mutate(**{f.name: f.compute(found) for group in context.GROUPS for f in features_of_group(group)})
    one, two, three = found.order_by("siren").to_pyarrow().to_pylist()
    assert one["division_failure_rate"] < two["division_failure_rate"]
    assert one["division_failure_rate_change_12m"] == pytest.approx(0)
    assert one["size_failure_rate"] == two["size_failure_rate"]
    assert (two["departement_failure_rate"], three["division_failure_rate"]) == (None, None)
    assert len(found.columns) == 2 + 12
