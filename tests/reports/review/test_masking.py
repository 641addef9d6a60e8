"""Small groups are not told, nor can subtraction tell them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.nomenclatures import mapping
from reports.review import tiles
from reports.review.aggregates import Counts
from reports.review.masking import FEWEST, masked_parts
from reports.review.territory import DOMINANT, told

NUMBER = st.integers(0, 30)


@st.composite
def counts(draw):
    high, moderate, others = draw(NUMBER), draw(NUMBER), draw(NUMBER)
    sizes = draw(st.lists(st.integers(10, 500), min_size=high + moderate, max_size=high + moderate))
    return Counts(high + moderate + others, high, moderate, float(sum(sizes)), float(max(sizes, default=0)))


@pytest.mark.parametrize(
    ("parts", "hidden"),
    [
        ([50, 20, 7], []),
        ([50, 20, 3], [20, 3]),
        ([50, 20, 3, 4], [3, 4]),
        ([50, 20, 3, 1], [20, 3, 1]),
        ([50, 0, 7], []),
        ([50, 0, 2], [50, 0, 2]),
        ([4], [4]),
        ([0, 0], []),
        ([], []),
    ],
)
def test_a_small_part_is_hidden_and_so_is_the_next_smallest_where_it_would_be_found_by_subtraction(parts, hidden):
    assert [part for part, is_hidden in zip(parts, masked_parts(parts), strict=True) if is_hidden] == hidden


@given(st.lists(NUMBER, max_size=8))
def test_what_is_hidden_is_together_not_small_unless_all_is_hidden(parts):
    hidden = masked_parts(parts)
    assert all(part >= FEWEST or part == 0 for part, is_hidden in zip(parts, hidden, strict=True) if not is_hidden)
    kept_back = sum(part for part, is_hidden in zip(parts, hidden, strict=True) if is_hidden)
    assert not any(hidden) or all(hidden) or kept_back >= FEWEST


def hidden_of(groups, column):
    rows = told(groups)
    return [group for group, row in zip(groups, rows, strict=True) if row[column] is None]


@given(st.lists(counts(), min_size=1, max_size=8))
def test_no_figure_of_a_few_firms_is_told_or_found_by_subtraction(groups):
    whole = told([Counts.total(groups)], are_parts=False)[0]
    for group, row in zip(groups, told(groups), strict=True):
        firms, alerts, share, high, moderate, employees = row
        assert firms is None or firms >= FEWEST
        assert alerts is None or FEWEST <= alerts <= group.firms - FEWEST
        assert (share is None) == (alerts is None)
        assert (high is None) == (moderate is None)
        assert high is None or min(high, moderate) >= FEWEST
        assert employees is None or group.largest <= DOMINANT * group.employees
        # Who may not know the firms knows no more of them.
        assert firms is not None or alerts is None
        assert alerts is not None or high is employees is None
    for column, is_safe in (
        (0, lambda rest: rest.firms >= FEWEST),
        (1, lambda rest: FEWEST <= rest.alerts <= rest.firms - FEWEST),
        (3, lambda rest: min(rest.high, rest.moderate) >= FEWEST),
        (5, lambda rest: rest.alerts >= FEWEST and rest.largest <= DOMINANT * rest.employees),
    ):
        hidden = hidden_of(groups, column)
        assert not hidden or whole[column] is None or is_safe(Counts.total(hidden)), column


def test_the_employees_of_a_single_large_firm_are_not_told():
    row = told([Counts(200, 20, 20, 5000.0, 4600.0), Counts(200, 20, 20, 3000.0, 300.0)])
    assert [cells[5] for cells in row] == [None, None]
    row = told([Counts(200, 20, 20, 5000.0, 2600.0), Counts(200, 20, 20, 3000.0, 300.0)])
    assert [cells[5] for cells in row] == [5000, 3000]


def test_each_departement_has_one_square_in_a_row_of_the_same_width():
    codes = [code for row in tiles.ROWS for code in row if code != tiles.EMPTY]
    assert sorted(codes) == sorted(mapping("departements", "departement", "departement_label"))
    assert {len(row) for row in tiles.ROWS} == {12}


def test_neighbours_on_the_map_are_neighbours_in_france():
    place = {code: (y, x) for y, row in enumerate(tiles.ROWS) for x, code in enumerate(row)}
    for one, other in (
        ("75", "92"),
        ("59", "62"),
        ("67", "68"),
        ("29", "22"),
        ("06", "04"),
        ("2A", "2B"),
        ("33", "40"),
    ):
        assert max(abs(a - b) for a, b in zip(place[one], place[other], strict=True)) == 1, (one, other)


def test_squares_are_shaded_by_fifths_and_few_or_equal_values_by_less():
    assert tiles.shades({f"{n:02}": n / 100 for n in range(1, 11)}) == {f"{n:02}": (n - 1) // 2 for n in range(1, 11)}
    assert tiles.shades({"35": 0.2}) == {"35": 0}
    assert tiles.shades({"35": 0.2, "29": 0.2}) == {"35": 0, "29": 0}
    assert tiles.shades({}) == {}
