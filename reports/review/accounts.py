"""Accounts and sessions: passwords are kept as Argon2 hashes, and sessions end."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy.orm import Session as Transaction

from features.errors import InputError
from reports.review.access import Right, right_of
from reports.review.database import Session, User, now

SHORTEST_PASSWORD = 12
_hasher = PasswordHasher()
# Checked where the account is unknown, so that the answer takes as long as for a wrong password.
_NOBODY = _hasher.hash(secrets.token_urlsafe())


@dataclass(frozen=True)
class Account:
    """Who is signed in; csrf: what every change must carry; digest: of the session, empty behind a trusted proxy."""

    user_id: int
    name: str
    right: Right
    csrf: str = ""
    digest: str = ""


def add_user(
    engine: sa.Engine,
    name: str,
    role: str,
    territories: Sequence[str],
    kinds: Sequence[str],
    password: str | None,
) -> None:
    """Create an account, or give the existing one this right; without a password it signs in elsewhere.

    Raises InputError on an impossible right or a short password.
    """
    right_of(role, territories, kinds)
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise InputError(f"A password has {SHORTEST_PASSWORD} characters or more.")
    hashed = None if password is None else _hasher.hash(password)
    with Transaction(engine) as db, db.begin():
        user = db.scalar(sa.select(User).where(User.name == name.lower())) or User(name=name.lower())
        user.password_hash, user.role, user.is_active = hashed, role, True
        user.territories, user.kinds = list(territories), list(kinds)
        db.add(user)
        db.flush()
        db.execute(sa.delete(Session).where(Session.user_id == user.id))


def close_account(engine: sa.Engine, name: str) -> None:
    """Close an account: its sessions end, and it can no longer sign in.

    Raises InputError where there is none of that name.
    """
    with Transaction(engine) as db, db.begin():
        user = db.scalar(sa.select(User).where(User.name == name.lower()))
        if user is None:
            raise InputError(f'There is no account "{name}".')
        user.is_active = False
        db.execute(sa.delete(Session).where(Session.user_id == user.id))


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether a password is the one of its hash; it takes as long, and as much memory, where there is none."""
    try:
        _hasher.verify(password_hash or _NOBODY, password)
    except VerificationError:
        return False
    return password_hash is not None


def account_named(engine: sa.Engine, name: str) -> Account | None:
    """The account that a provider or a proxy vouches for."""
    with Transaction(engine) as db:
        user = db.scalar(sa.select(User).where(User.name == name.lower(), User.is_active))
        return _account(user) if user else None


def _account(user: User, csrf: str = "", digest: str = "") -> Account:
    return Account(user.id, user.name, right_of(user.role, user.territories, user.kinds), csrf, digest)


def open_session(engine: sa.Engine, user_id: int, hours: int) -> str:
    """Open a session and return its token; sessions that are over are deleted."""
    token = secrets.token_urlsafe(32)
    with Transaction(engine) as db, db.begin():
        db.execute(sa.delete(Session).where(Session.expires_at < now()))
        expires = now() + timedelta(hours=hours)
        db.add(Session(digest=_digest(token), user_id=user_id, csrf=secrets.token_urlsafe(32), expires_at=expires))
    return token


def session_of(engine: sa.Engine, token: str) -> Account | None:
    """The account of a token; None where the token is unknown or over, or the account closed."""
    digest = _digest(token)
    query = (
        sa.select(User, Session.csrf)
        .join(Session, Session.user_id == User.id)
        .where(Session.digest == digest, Session.expires_at > now(), User.is_active)
    )
    with Transaction(engine) as db:
        found = db.execute(query).one_or_none()
        return found and _account(found[0], found[1], digest)


def close_session(engine: sa.Engine, account: Account) -> None:
    """Sign out."""
    with Transaction(engine) as db, db.begin():
        db.execute(sa.delete(Session).where(Session.digest == account.digest))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def with_token(engine: sa.Engine, account: Account) -> Account:
    """An account that a proxy signs in, with the token that its forms must carry: one token per account."""
    digest = f"proxy-{account.user_id}"
    with Transaction(engine, expire_on_commit=False) as db, db.begin():
        session = db.get(Session, digest)
        if session is None or session.expires_at < now():
            session = Session(digest=digest, user_id=account.user_id, csrf=secrets.token_urlsafe(32), expires_at=now())
            session.expires_at = now() + timedelta(hours=24)
            db.merge(session)
        return Account(account.user_id, account.name, account.right, session.csrf, digest)
