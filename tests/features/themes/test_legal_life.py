from datetime import date, timedelta
from functools import cache

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import features_of
from features.themes import legal_life
from tests.tables import column, months, prepared, table

HEADER = "siren | kind | closed_on | published_on | notice | about | is_confidential"


def notices(*lines):
    """A notice is known on the day of its publication; it is about itself where the line does not say otherwise."""
    rows = table("\n".join([HEADER, *lines]), siren="string", is_confidential="string", about="string", notice="string")
    return rows.mutate(
        known_at=rows.published_on,
        about=rows.about.fill_null(rows.notice),
        is_confidential=rows.is_confidential.cast("boolean"),
    )


def values(grid, records):
    """The theme's features."""
    known = legal_life.known_values(grid, records)
    return known.mutate(**{f.name: f.compute(known) for f in features_of(legal_life)})


def ordered(grid, records):
    found = values(grid, records).order_by("siren", "period")
    return found.select("siren", "period", *(f.name for f in features_of(legal_life)))


def rows_of(grid, records):
    return ordered(grid, records).to_pyarrow().to_pylist()


DEPOSITS = notices(
    "1 | deposit | 2021-12-31 | 2022-06-20 | C1 | | false",
    "1 | deposit | 2022-12-31 | 2023-11-15 | C2 | | true",
)


def test_the_months_since_the_last_deposit_count_from_its_publication():
    found = values(months("1", "2022-06-01", 4), DEPOSITS)
    assert column(found, "months_since_deposit") == [None, 1, 2, 3]


def test_the_delay_is_from_the_closing_to_the_publication_of_the_newest_accounts():
    found = values(months("1", "2023-10-01", 3), DEPOSITS)
    assert column(found, "deposit_delay") == [6, 6, 11]
    assert column(found, "deposit_confidential") == [False, False, True]


def test_the_next_deposit_is_overdue_from_the_first_whole_month_after_its_term_on():
    # After accounts of December 2021, those of December 2022 are due by the end of July 2023; they come in November.
    found = values(months("1", "2023-07-01", 7), DEPOSITS)
    assert column(found, "deposit_overdue") == [0, 0, 1, 2, 3, 0, 0]


def test_accounts_are_missing_from_the_end_of_their_term_until_their_deposit():
    found = values(months("1", "2023-07-01", 7), DEPOSITS)
    assert column(found, "deposits_missing_36m") == [0, 1, 1, 1, 1, 0, 0]


def test_accounts_that_are_never_deposited_add_up_within_36_months():
    found = values(months("1", "2024-07-01", 30), DEPOSITS)
    # Those of 2023, 2024 and 2025 are due by the end of July 2024, 2025 and 2026.
    assert column(found, "deposits_missing_36m") == [0] + [1] * 12 + [2] * 12 + [3] * 5


def test_a_missing_deposit_is_forgotten_after_36_months():
    found = values(months("1", "2026-07-01", 3), notices(
        "1 | deposit | 2021-12-31 | 2022-06-20 | C1 | | false",
        "1 | deposit | 2023-12-31 | 2024-06-20 | C2 | | false",
        "1 | deposit | 2024-12-31 | 2025-06-20 | C3 | | false",
        "1 | deposit | 2025-12-31 | 2026-06-20 | C4 | | false",
    ))  # fmt: skip
    assert column(found, "deposits_missing_36m") == [1, 0, 0]


def test_nothing_is_known_of_the_deposits_of_a_firm_that_never_made_one():
    found = values(months("2", "2023-07-01", 2), DEPOSITS)
    for name in ("months_since_deposit", "deposit_overdue", "deposits_missing_36m", "deposit_confidential"):
        assert column(found, name) == [None, None]


def test_a_deposit_without_a_closing_date_and_one_of_a_group_are_no_yearly_accounts():
    found = values(months("1", "2022-03-01", 1), notices(
        "1 | deposit | | 2022-01-20 | C1 | | false",
        "1 | consolidated_deposit | 2021-12-31 | 2022-02-20 | C2 | | false",
    ))  # fmt: skip
    assert column(found, "months_since_deposit") == [2]
    assert column(found, "deposit_overdue") == [None]


CHANGES = notices(
    "1 | managers | | 2022-01-15 | B1 | | ",
    "1 | managers | | 2022-03-10 | B2 | | ",
    "1 | managers | | 2022-04-10 | B3 | B2 | ",
    "1 | seat | | 2022-03-10 | B2 | | ",
    "1 | form | | 2022-03-10 | B4 | | ",
    "1 | other | | 2022-03-10 | B5 | | ",
    "2 | sale | | 2022-03-10 | A6 | | ",
)


def test_changes_count_for_12_and_24_months_and_a_correction_tells_of_no_other_change():
    found = values(months("1", "2022-01-01", 28), CHANGES)
    counts = [0, 1, 1] + [2] * 10
    assert column(found, "managers_changed_12m") == counts + [1, 1] + [0] * 13
    assert column(found, "managers_changed_24m") == counts + [2] * 12 + [1, 1, 0]
    assert column(found, "months_since_managers_changed")[:5] == [None, 1, 2, 1, 2]
    assert column(found, "seat_moved_12m")[2:4] == [0, 1]
    assert column(found, "purpose_changed_12m")[2:4] == [0, 1]


def test_a_change_is_that_of_the_firm_that_the_notice_tells_of():
    found = values(months("1", "2022-04-01", 1).union(months("2", "2022-04-01", 1)), CHANGES)
    assert column(found, "business_sold_12m") == [0, 1]
    assert column(found, "managers_changed_12m") == [2, 0]


def test_what_was_told_before_the_first_month_of_a_calendar_counts_in_it():
    late, early = (
        rows_of(months("1", start, count), CHANGES) for start, count in (("2023-02-01", 3), ("2022-01-01", 16))
    )
    assert late == early[-3:]


KINDS = ["deposit", "managers", "seat", "removal", "conciliation", "sale"]
DAYS = st.dates(date(2020, 1, 1), date(2023, 12, 31))
RECORDS = st.lists(st.tuples(st.sampled_from("12"), st.sampled_from(KINDS), DAYS, st.integers(60, 500)), max_size=12)
GRID = months("1", "2022-01-01", 20).union(months("2", "2022-01-01", 20))


SCHEMA = pa.schema(
    {
        "siren": pa.string(), "kind": pa.string(), "closed_on": pa.date32(), "published_on": pa.date32(),
        "notice": pa.string(), "about": pa.string(), "is_confidential": pa.bool_(), "known_at": pa.date32(),
    }
)  # fmt: skip


def drawn(records):
    frame = pd.DataFrame(
        [
            {
                "siren": siren,
                "kind": kind,
                "closed_on": published - timedelta(delay) if kind == "deposit" else None,
                "published_on": published,
                "notice": f"N{n}",
                "about": f"N{n}",
                "is_confidential": n % 2 == 0 if kind == "deposit" else None,
            }
            for n, (siren, kind, published, delay) in enumerate(records)
        ],
        columns=SCHEMA.names[:-1],
    )
    return pa.Table.from_pandas(frame.assign(known_at=frame["published_on"]), SCHEMA, preserve_index=False)


@cache
def query():
    return prepared(ordered, GRID.to_pyarrow(), drawn([]))


def read(rows):
    """What the theme says of records, firm by firm and month by month."""
    return query()(GRID.to_pyarrow(), rows).to_pylist()


@settings(max_examples=10, deadline=None)
@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_the_notices_is_irrelevant(records, rng):
    order = list(range(len(records)))
    rng.shuffle(order)
    rows = drawn(records)
    assert read(rows) == read(rows.take(pa.array(order, pa.int64())))


@settings(max_examples=10, deadline=None)
@given(RECORDS, st.integers(0, 19))
def test_no_value_depends_on_a_notice_that_was_published_later(records, months_on):
    period = date(2022 + months_on // 12, months_on % 12 + 1, 1)
    rows = drawn(records)
    whole, known = read(rows), read(rows.filter(pc.field("known_at") <= period))
    assert [row for row in whole if row["period"] == period] == [row for row in known if row["period"] == period]


def test_another_firm_changes_nothing():
    alone = [row for row in rows_of(GRID, CHANGES.filter(CHANGES.siren == "1")) if row["siren"] == "1"]
    assert alone == [row for row in rows_of(GRID, CHANGES) if row["siren"] == "1"]
