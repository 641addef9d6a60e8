"""Who is signed in, and the accounts that there are: read, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.access import Right, right_of
from reports.review.database import User, is_open, now

# How long an accepted confidentiality notice holds.
YEAR: Final = timedelta(days=365)


@dataclass(frozen=True)
class Account:
    """Who is signed in; csrf: what every change must carry; digest: of the session.

    notice, notice_at: the version of the confidentiality notice that was accepted last, and when. tour: how many steps
    of the tour were seen.
    """

    user_id: int
    name: str
    right: Right
    csrf: str = ""
    digest: str = ""
    notice: str | None = None
    notice_at: datetime | None = None
    tour: int = 0
    administration: str = ""

    def has_accepted(self, notice: str) -> bool:
        """Whether this version of the notice was accepted within a year; there may be none to accept."""
        if not notice:
            return True
        return self.notice == notice and self.notice_at is not None and self.notice_at > now() - YEAR


def account_of(user: User, csrf: str = "", digest: str = "") -> Account:
    """The account of a row."""
    right = right_of(user.role, user.territories, user.kinds)
    told = (user.notice, user.notice_at, user.tour, user.administration)
    return Account(user.id, user.name, right, csrf, digest, *told)


def all_accounts(engine: sa.Engine) -> Sequence[User]:
    """All accounts, by name."""
    with Transaction(engine, expire_on_commit=False) as db:
        return db.scalars(sa.select(User).order_by(User.name)).all()


def account_named(engine: sa.Engine, name: str) -> Account | None:
    """The account that a provider or a proxy vouches for."""
    with Transaction(engine) as db:
        user = db.scalar(sa.select(User).where(User.name == name.lower(), is_open(now())))
        return account_of(user) if user else None


def user_of(engine: sa.Engine, account: Account) -> User:
    """The row of who is signed in."""
    with Transaction(engine, expire_on_commit=False) as db:
        return db.get_one(User, account.user_id)


def has_password(engine: sa.Engine, account: Account) -> bool:
    """Whether an account signs in with a password of ours."""
    return user_of(engine, account).password_hash is not None


def told_right(user: User) -> str:
    """The right in the words in which it is given."""
    kinds = ", ".join(user.kinds) or "no kind of data"
    until = f"; until {user.expires_on}" if user.expires_on else ""
    of = f"; {user.administration}" if user.administration else ""
    return f"{user.role}; {', '.join(user.territories)}; {kinds}{until}{of}"
