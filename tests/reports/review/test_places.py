"""What is computed once for all places tells each territory what the condition on its firms would."""

from itertools import combinations

import pyarrow as pa
import pytest

from models.alerts import NO_ALERT
from reports.review.access import Right, Role
from reports.review.aggregates import by_month
from reports.review.data import Reader
from reports.review.listing import inside_lists
from reports.review.news import new_alerts, risen
from reports.review.sql import Sql, every, parquet, part_of, select
from tests.reports.review.conftest import rewrite

PLACES = ("35", "69", "75")
TERRITORIES = [None, *(frozenset(found) for size in (1, 2, 3) for found in combinations(PLACES, size))]


def changed(name, change):
    def of(table):
        values = [
            change(siren, value) for siren, value in zip(*(table[c].to_pylist() for c in ("siren", name)), strict=True)
        ]
        return table.set_column(table.column_names.index(name), name, pa.array(values, table.schema.field(name).type))

    return of


@pytest.fixture
def data(copied):
    """Since January a firm moved from Paris to Lyon, one from Lyon to nowhere, and all are riskier and newly on alert."""
    before = copied / "lists" / "2024-01" / "target_list.parquet"
    places = {"552100554": "69", "690000001": None}
    rewrite(copied / "lists" / "2024-02" / "target_list.parquet", changed("departement", lambda s, v: places.get(s, v)))
    rewrite(before, changed("probability", lambda _, __: 0.0))
    rewrite(before, changed("alert", lambda _, __: NO_ALERT))
    return copied


@pytest.mark.parametrize("key", ["2024-01", "2024-02"])
@pytest.mark.parametrize("departements", TERRITORIES, ids=lambda places: "+".join(sorted(places or ("all",))))
def test_a_territory_is_told_of_its_firms_alone(data, departements, key):
    reader, right = Reader(data), Right(Role.AGENT, departements, frozenset())
    published = reader.published(key)
    newest = reader.published(None).path
    here = inside_lists(reader, (published.path,), newest, right)
    in_business = every([here, Sql("listed.state = 'in_bonis'")])
    firms = part_of(parquet(published.path), "listed")
    (counted,) = reader.query(*select(["count(*) AS n"], firms, in_business))
    assert (
        sum(found.firms for month, found in by_month(reader, published, right).items() if month == published.period)
        == counted["n"]
    )
    on_alert = reader.query(*select(["listed.siren"], firms, every([here, Sql("listed.alert <> ?", (NO_ALERT,))])))
    told, count = new_alerts(reader, published, right)
    assert count == len(on_alert)
    assert {*told} <= {row["siren"] for row in on_alert}
    assert len(told) == min(count, 5)
    worse = [row["siren"] for row in reader.query(*select(["listed.siren"], firms, in_business))]
    found = risen(reader, published, right)
    assert {one.siren for one in found} <= {*worse}
    assert len(found) == (min(len(worse), 5) if key == "2024-02" else 0)
    assert [one.now - one.before for one in found] == sorted((one.now - one.before for one in found), reverse=True)
