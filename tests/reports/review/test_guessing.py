"""Guesses of passwords: counted one at a time, slowed down, and never at the cost of who signs in from where they do."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from reports.review import guessing
from reports.review.accounts import add_user, close_account
from reports.review.database import FailedSignIn, KnownAddress, User, now, open_database
from reports.review.guessing import ADDRESS, ANYWHERE, HERE, TooManyAttemptsError
from reports.review.passwords import is_right
from tests.reports.review.conftest import PASSWORD


@pytest.fixture
def engine(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'r.db'}")
    for name in ("paris", "lyon"):
        add_user(engine, name, "agent", ["75"], [], PASSWORD)
    yield engine
    engine.dispose()


def is_let_in(engine, name, address):
    try:
        guessing.begin(engine, name, address)
    except TooManyAttemptsError:
        return False
    return True


def later(engine, wait):
    """Let time pass: all that was tried is so much older."""
    with engine.begin() as connection:
        for number, at in connection.execute(sa.select(FailedSignIn.id, FailedSignIn.at)).all():
            connection.execute(sa.update(FailedSignIn).where(FailedSignIn.id == number).values(at=at - wait))


def test_of_guesses_made_at_once_no_more_are_checked_than_of_guesses_made_in_turn(engine):
    with ThreadPoolExecutor(24) as pool:
        outcomes = Counter(pool.map(lambda _: is_let_in(engine, "paris", "1.1.1.1"), range(24)))
    assert outcomes == {True: HERE.free, False: 24 - HERE.free}


def test_each_further_wrong_password_doubles_the_wait_up_to_a_quarter_of_an_hour():
    waits = [HERE.wait(wrong).total_seconds() for wrong in (0, 4, 5, 6, 7, 11, 12, 500)]
    assert waits == [0, 0, 15, 30, 60, 900, 900, 900]


def test_who_waited_may_try_again_and_an_attempt_that_came_too_soon_does_not_lengthen_the_wait(engine):
    for _ in range(HERE.free):
        assert is_let_in(engine, "paris", "1.1.1.1")
    assert [is_let_in(engine, "paris", "1.1.1.1") for _ in range(3)] == [False] * 3
    later(engine, timedelta(seconds=16))
    assert is_let_in(engine, "paris", "1.1.1.1")
    later(engine, timedelta(seconds=16))
    assert not is_let_in(engine, "paris", "1.1.1.1")


def test_signing_in_forgets_the_wrong_passwords(engine):
    for _ in range(HERE.free - 1):
        guessing.begin(engine, "paris", "1.1.1.1")
    guessing.succeed(engine, guessing.begin(engine, "paris", "1.1.1.1"))
    assert all(is_let_in(engine, "paris", "1.1.1.1") for _ in range(HERE.free))


def test_guesses_from_many_addresses_are_slowed_down_but_not_who_signed_in_from_theirs_before(engine):
    guessing.succeed(engine, guessing.begin(engine, "paris", "10.0.0.1"))
    outcomes = Counter(is_let_in(engine, "paris", f"2.2.2.{n}") for n in range(40))
    assert outcomes == {True: ANYWHERE.free, False: 40 - ANYWHERE.free}
    assert is_let_in(engine, "paris", "10.0.0.1")


def test_thirty_wrong_names_behind_one_address_shut_nobody_out(engine):
    guessing.succeed(engine, guessing.begin(engine, "paris", "10.0.0.1"))
    for n in range(ADDRESS.free):
        assert is_let_in(engine, f"unknown {n}", "10.0.0.1")
    assert not is_let_in(engine, "lyon", "10.0.0.1")
    assert is_let_in(engine, "paris", "10.0.0.1")
    later(engine, ADDRESS.longest)
    assert is_let_in(engine, "lyon", "10.0.0.1")


def test_an_attempt_holds_the_account_and_what_its_password_is_checked_by(engine):
    found = guessing.begin(engine, "PARIS", "1.1.1.1")
    with engine.connect() as connection:
        (number,) = connection.scalars(sa.select(User.id).where(User.name == "paris"))
    assert (found.name, found.user_id) == ("paris", number)
    assert is_right(found.password_hash, PASSWORD)
    assert not is_right(found.password_hash, PASSWORD + "x")
    close_account(engine, "paris")
    assert guessing.begin(engine, "paris", "1.1.1.1").user_id is None


def test_an_address_is_known_from_the_moment_at_which_someone_signed_in(engine):
    before = now()
    guessing.succeed(engine, guessing.begin(engine, "paris", "1.1.1.1"))
    with engine.connect() as connection:
        (at,) = connection.scalars(sa.select(KnownAddress.at))
    assert before <= at <= now()


def test_an_unknown_name_is_counted_as_a_known_one(engine):
    for _ in range(HERE.free):
        assert guessing.begin(engine, "nobody", "1.1.1.1").user_id is None
    assert not is_let_in(engine, "NOBODY", "1.1.1.1")
