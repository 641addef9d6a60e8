"""Guesses of passwords are slowed down: the more wrong ones, the longer the wait, and never for good.

An attempt is written down before its password is checked, one attempt at a time, so that attempts made at once are all
counted. Who signed in from an address before is not slowed down by what strangers try elsewhere, nor by the wrong names
of others behind the same address.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.database import FailedSignIn, KnownAddress, User, is_open, now

# Older attempts are not counted.
WINDOW: Final = timedelta(days=1)
FIRST_WAIT: Final = timedelta(seconds=15)


@dataclass(frozen=True)
class Patience:
    """How many wrong passwords are free, and the longest wait after: each further one doubles it."""

    free: int
    longest: timedelta

    def wait(self, wrong: int) -> timedelta:
        """How long after the last of so many wrong passwords the next one may be tried."""
        if wrong < self.free:
            return timedelta(0)
        # Twenty doublings are longer than any wait.
        doubled: int = 2 ** min(wrong - self.free, 20)
        return min(FIRST_WAIT * doubled, self.longest)


# For one account from one address; for one account from anywhere; for all accounts from one address.
HERE, ANYWHERE, ADDRESS = (
    Patience(5, timedelta(minutes=15)),
    Patience(20, timedelta(minutes=15)),
    Patience(30, timedelta(seconds=15)),
)


class TooManyAttemptsError(Exception):
    """Wait before trying again."""


@dataclass(frozen=True)
class Attempt:
    """An attempt that may be made. user_id, password_hash: None where there is no such account, or no password."""

    name: str
    address: str
    user_id: int | None
    password_hash: str | None


def begin(engine: sa.Engine, name: str, address: str) -> Attempt:
    """Write an attempt down as a wrong one, until `succeed` says otherwise.

    Raises TooManyAttemptsError where it comes too soon after wrong ones; then nothing is written.
    """
    name = name.lower()[:200]
    with Transaction(engine) as db, db.begin():
        if engine.dialect.name == "postgresql":
            db.execute(sa.text("SELECT pg_advisory_xact_lock(20240202)"))
        # In SQLite, whoever writes first has the database for themselves until the end of the transaction.
        db.execute(sa.delete(FailedSignIn).where(FailedSignIn.at < now() - WINDOW))
        # Its time is that of its turn: one who waited for it did not come before the one whose turn it was.
        mine = FailedSignIn(account=name, address=address, at=now())
        db.add(mine)
        db.flush()
        if _waits(db, mine):
            raise TooManyAttemptsError
        user = db.scalar(sa.select(User).where(User.name == name, is_open(mine.at)))
        return Attempt(name, address, user.id if user else None, user.password_hash if user else None)


def succeed(engine: sa.Engine, attempt: Attempt) -> None:
    """The password was right: wrong ones are forgotten, and the address is known from now on."""
    with Transaction(engine) as db, db.begin():
        db.execute(sa.delete(FailedSignIn).where(FailedSignIn.account == attempt.name))
        db.merge(KnownAddress(account=attempt.name, address=attempt.address, at=now()))


def _waits(db: Transaction, mine: FailedSignIn) -> bool:
    by_account, by_address = FailedSignIn.account == mine.account, FailedSignIn.address == mine.address
    counted = [(HERE, sa.and_(by_account, by_address))]
    if db.get(KnownAddress, (mine.account, mine.address)) is None:
        counted += [(ANYWHERE, by_account), (ADDRESS, by_address)]
    return any(_comes_too_soon(db, mine, patience, same) for patience, same in counted)


def _comes_too_soon(db: Transaction, mine: FailedSignIn, patience: Patience, same: sa.ColumnElement[bool]) -> bool:
    before = (same, FailedSignIn.id != mine.id, FailedSignIn.at > mine.at - WINDOW)
    query = sa.select(sa.func.count(), sa.func.max(FailedSignIn.at)).where(*before)
    wrong, last = db.execute(query).one()
    return last is not None and mine.at < last + patience.wait(wrong)
