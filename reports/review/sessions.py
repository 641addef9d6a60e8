"""Sessions: a browser that is signed in, until it signs out, rests too long, or has been in long enough."""

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as Transaction

from reports.review.database import Session, User, is_open, now
from reports.review.identity import Account, account_of

# Of one that a proxy signs in: how long the token of its forms holds.
PROXY_HOURS = 24
# How exactly a session's last use is known: not every page writes it down.
EXACTNESS = timedelta(minutes=1)


def open_session(engine: sa.Engine, user_id: int, hours: int) -> str:
    """Open a session and return its token; sessions that are over are deleted."""
    token = secrets.token_urlsafe(32)
    with Transaction(engine) as db, db.begin():
        _open(db, _digest(token), user_id, hours)
    return token


def _open(db: Transaction, digest: str, user_id: int, hours: int) -> str:
    """Write a session down; returns the token that its forms must carry."""
    at, csrf = now(), secrets.token_urlsafe(32)
    db.execute(sa.delete(Session).where(Session.expires_at < at))
    expires = at + timedelta(hours=hours)
    db.add(Session(digest=digest, user_id=user_id, csrf=csrf, expires_at=expires, used_at=at))
    db.execute(sa.update(User).where(User.id == user_id).values(last_sign_in_at=at))
    return csrf


def session_of(engine: sa.Engine, token: str, idle: timedelta) -> Account | None:
    """The account of a token; None where it is unknown or over, rested longer than `idle`, or the account is closed."""
    digest, at = _digest(token), now()
    query = (
        sa.select(User, Session.csrf, Session.used_at)
        .join(Session, Session.user_id == User.id)
        .where(Session.digest == digest, Session.expires_at > at, Session.used_at > at - idle, is_open(at))
    )
    with Transaction(engine) as db:
        found = db.execute(query).one_or_none()
        if found is None:
            return None
        account = account_of(found[0], found[1], digest)
    if found[2] < at - EXACTNESS:
        with engine.begin() as connection:
            connection.execute(sa.update(Session).where(Session.digest == digest).values(used_at=at))
    return account


def close_session(engine: sa.Engine, account: Account) -> None:
    """Sign out."""
    with Transaction(engine) as db, db.begin():
        db.execute(sa.delete(Session).where(Session.digest == account.digest))


def close_sessions(engine: sa.Engine, account: Account, but: str = "") -> None:
    """Sign out everywhere, but of the session of that digest."""
    with Transaction(engine) as db, db.begin():
        db.execute(sa.delete(Session).where(Session.user_id == account.user_id, Session.digest != but))


def count(engine: sa.Engine, account: Account) -> int:
    """In how many browsers the account is signed in."""
    query = sa.select(sa.func.count()).where(Session.user_id == account.user_id, Session.expires_at > now())
    with engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def with_token(engine: sa.Engine, account: Account) -> Account:
    """An account that a proxy signs in, with the token that its forms must carry: one token per account."""
    digest = f"proxy-{account.user_id}"
    csrf = _token_of(engine, digest)
    if csrf is None:
        # Several requests may be the first: the one that writes the token gives it to the others.
        try:
            with Transaction(engine) as db, db.begin():
                csrf = _open(db, digest, account.user_id, PROXY_HOURS)
        except IntegrityError:
            csrf = _token_of(engine, digest)
    return replace(account, csrf=csrf or "", digest=digest)


def _token_of(engine: sa.Engine, digest: str) -> str | None:
    query = sa.select(Session.csrf).where(Session.digest == digest, Session.expires_at > now())
    with engine.connect() as connection:
        return connection.scalar(query)
