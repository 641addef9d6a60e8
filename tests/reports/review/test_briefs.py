"""Follow-ups in brief, as a worker keeps them: they tell what the database holds, however it came there."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session as Transaction

from reports.review.cases.briefs import Brief, briefs, follow_states, outcomes
from reports.review.cases.records import Content, save
from reports.review.data import Reader
from reports.review.database import Case, CaseVersion, open_database

DAY = date(2024, 3, 1)


@pytest.fixture
def address(tmp_path):
    return f"sqlite:///{tmp_path / 'r.db'}"


@pytest.fixture
def engine(address):
    engine = open_database(address)
    yield engine
    engine.dispose()


@pytest.fixture
def published(data_template):
    return Reader(data_template).published(None)


def version(number, case, state="visited", follows=0):
    told = {"difficulties": [], "actions": {}, "contacts": "", "next_step": "", "summary": "", "outcome": ""}
    people = {"participants": ["lyon"], "in_charge": "", "by": "paris"}
    return CaseVersion(
        id=number, case_id=case, state=state, on=DAY, priority="normal", follows=follows, **told, **people
    )


def test_what_another_worker_wrote_since_is_told(address, engine, published):
    other = open_database(address)
    assert briefs(engine) == []
    save(other, "552100554", published, "paris", 0, Content("to_contact", DAY))
    save(other, "100000017", published, "lyon", 0, Content("to_contact", DAY, in_charge="france"))
    assert [(one.siren, one.state, one.people) for one in briefs(engine)] == [
        ("552100554", "to_contact", {"paris"}),
        ("100000017", "to_contact", {"france"}),
    ]
    save(other, "552100554", published, "lyon", 1, Content("closed", DAY, outcome="recovered", next_on=DAY))
    assert outcomes(engine) == {"552100554": ("closed", "recovered"), "100000017": ("to_contact", "")}
    assert briefs(engine)[0].next_on == DAY
    other.dispose()


def test_a_version_that_a_slow_transaction_wrote_under_an_earlier_number_is_told_too(engine):
    with Transaction(engine) as db, db.begin():
        for number in (1, 2):
            db.add(Case(id=number, siren=f"{number:09}", list_period="", model_id="", by="paris"))
        db.add(version(9, 2))
    assert follow_states(engine) == {"000000002": "visited"}
    with Transaction(engine) as db, db.begin():
        db.add(version(4, 1, "contacted"))
    assert follow_states(engine) == {"000000001": "contacted", "000000002": "visited"}
    with Transaction(engine) as db, db.begin():
        db.add(version(7, 2, "contacted", follows=1))
    assert follow_states(engine)["000000002"] == "visited"
    assert {one.people for one in briefs(engine)} == {frozenset({"paris", "lyon"})}


def test_a_date_of_today_is_soon_and_one_of_yesterday_late():
    def told(day):
        one = Brief(1, 1, "552100554", "visited", "", "normal", day, frozenset())
        return one.is_late(DAY), one.is_soon(DAY)

    assert told(None) == (False, False)
    assert told(DAY) == (False, True)
    assert told(DAY - timedelta(days=1)) == (True, False)
    assert told(DAY + timedelta(days=8)) == (False, False)
