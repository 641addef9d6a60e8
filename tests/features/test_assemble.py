from features.assemble import numbered, written_out
from tests.tables import column, table


def test_a_siren_that_begins_with_zeros_is_a_number_and_then_nine_digits_again():
    rows = table("""
        siren     | period
        000401224 | 2024-01-01
        552100554 | 2024-01-01
    """)
    assert column(numbered(rows), "siren") == [401_224, 552_100_554]
    assert column(written_out(numbered(rows)), "siren") == ["000401224", "552100554"]


def test_a_table_that_is_not_of_firms_is_left_as_it_is():
    places = table("""
        place | since_on
        1 RUE | 2024-01-01
    """)
    assert numbered(places).equals(places)
