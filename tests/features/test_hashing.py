from collections import Counter

import ibis

from features.hashing import HASHES, firm_hash
from tests.tables import column, table


def test_a_hash_is_the_sirens_number_times_knuths_constant_below_two_to_the_32():
    rows = table("""
        siren     | period
        000000001 | 2024-01-01
        000000002 | 2024-01-01
        552100554 | 2024-01-01
    """)
    assert column(rows.mutate(v=firm_hash(rows.siren)), "v") == [
        2654435761,
        2 * 2654435761 % 2**32,
        552100554 * 2654435761 % 2**32,
    ]


def test_firms_are_spread_evenly_even_where_their_numbers_follow_one_another():
    rows = ibis.range(100_000_000, 100_010_000).unnest().name("number").as_table()
    rows = rows.select(siren=rows.number.cast("string"))
    tenths = Counter(int(h * 10 // HASHES) for h in rows.mutate(v=firm_hash(rows.siren)).execute()["v"])
    assert sorted(tenths) == list(range(10))
    assert all(950 <= count <= 1050 for count in tenths.values())
