"""Firms on alert are read from memory, all others from files: what pages tell of them is the same."""

import pytest

from models.alerts import NO_ALERT
from reports.language import Language
from reports.review import firm_rows
from reports.review.access import Kind, Right, Role
from reports.review.data import Reader
from reports.review.firm import explain, read_firm
from reports.review.listing import read_firms
from reports.review.past import risk_history
from tests.reports.review.conftest import FIRMS

RIGHTS = {
    "everything": Right(Role.TEAM_LEAD, None, frozenset(Kind)),
    "a territory": Right(Role.AGENT, frozenset({"75"}), frozenset(Kind)),
    "no scores": Right(Role.AGENT, frozenset({"75", "35"}), frozenset({Kind.SOCIAL_DEBT})),
}


class Watched(Reader):
    """A reader that keeps what it was asked."""

    def __init__(self, data):
        super().__init__(data)
        self.asked = []

    def query(self, sql, parameters=()):
        self.asked.append(sql)
        return super().query(sql, parameters)


def told(reader, right):
    """All that pages tell of each firm of the newest list, as text: a figure that is no number equals itself."""
    published = reader.published(None)
    found = {}
    for siren in FIRMS["siren"]:
        firm = read_firm(reader, published, siren, right)
        if firm:
            explained = explain(reader, published, firm, right, Language("fr"))
            found[siren] = (firm, explained, risk_history(reader, published, siren))
    return repr(found), repr(read_firms(reader, published, list(FIRMS["siren"]), right))


@pytest.mark.parametrize("right", RIGHTS.values(), ids=RIGHTS)
def test_a_firm_is_told_alike_from_memory_and_from_files(data_template, right):
    from_files, from_memory = Reader(data_template), Reader(data_template)
    firm_rows.prepare(from_memory, from_memory.published(None), ())
    assert told(from_memory, right) == told(from_files, right)


def test_of_firms_on_alert_and_those_asked_for_no_file_is_read_again(data_template):
    reader, right = Watched(data_template), RIGHTS["everything"]
    published = reader.published(None)
    levels = {row["siren"]: row["alert"] for row in read_firms(reader, published, list(FIRMS["siren"]), right)}
    asked, left = [siren for siren, level in levels.items() if level == NO_ALERT][:2]
    firm_rows.prepare(reader, published, [asked])
    on_alert = [siren for siren, level in levels.items() if level != NO_ALERT]
    assert len(on_alert) > 1
    for siren, is_kept in [*((siren, True) for siren in (*on_alert, asked)), (left, False)]:
        reader.asked.clear()
        explain(reader, published, read_firm(reader, published, siren, right), right, Language("fr"))
        risk_history(reader, published, siren)
        assert any("read_parquet" in sql for sql in reader.asked) != is_kept


def test_of_an_older_list_nothing_is_kept(data_template):
    reader = Watched(data_template)
    firm_rows.prepare(reader, reader.published("2024-01"), ())
    assert not [sql for sql in reader.asked if "CREATE TABLE" in sql]
