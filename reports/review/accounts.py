"""Accounts: who may sign in, and what they may see.

Each change of one is a line of the log, in the same transaction.
"""

import getpass
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from features.errors import InputError
from reports.review import passwords
from reports.review.access import right_of
from reports.review.database import AuditEntry, FailedSignIn, Session, User, now
from reports.review.identity import Account, account_named, told_right

# Letters and digits of any script, and what addresses, domains and identifiers of providers are written with.
_NAME: Final = re.compile(r"\w[\w.@+'|:/\\-]{0,199}")

LONGEST_ADMINISTRATION: Final = 200
# Who changes an account whose rights come from elsewhere, as the log names them.
PROVIDER: Final = "provider"


class Change(StrEnum):
    """What may be done to an account, as the log calls it."""

    ADDED = "account added"
    RIGHT = "right changed"
    CLOSED = "account closed"
    REOPENED = "account reopened"
    UNLOCKED = "account unlocked"
    PASSWORD = "password changed"  # noqa: S105 - an action
    RESET = "password reset"
    REVIEWED = "right reviewed"
    ACCEPTED = "notice accepted"
    ADMINISTRATION = "administration changed"


def checked_name(text: str) -> str:
    """The name as it is kept: in small letters.

    Raises InputError where it holds blanks, signs that can't be typed or told apart, or too much.
    """
    name = unicodedata.normalize("NFKC", text).lower()
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{text!r} can't be the name of an account. Give up to 200 letters, digits and signs of an e-mail address, "
            "without blanks."
        )
    return name


def operator() -> str:
    """Who types a command on this machine, as the log names them."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"


def add_user(
    engine: sa.Engine,
    name: str,
    role: str,
    territories: Sequence[str],
    kinds: Sequence[str],
    password: str | None,
    expires_on: date | None = None,
    common: Path | None = None,
    by: str = "",
) -> None:
    """Create an account; without a password it signs in elsewhere.

    expires_on: the last day of its right. common: see `passwords.hashed`. by: who creates it.
    Raises InputError on a name that is taken or can't be one, an impossible right, or a password that is refused.
    """
    name = checked_name(name)
    right_of(role, territories, kinds)
    check_expiry(expires_on)
    password_hash = None if password is None else passwords.hashed(password, name, common)
    user = User(name=name, password_hash=password_hash)
    with Transaction(engine) as db, db.begin():
        if db.scalar(sa.select(User).where(User.name == name)) is not None:
            raise InputError(
                f'There is an account "{name}" already. See weaksignals users list; to change what it may see: '
                "weaksignals users rights."
            )
        _give(user, role, territories, kinds, expires_on)
        db.add(user)
        _log(db, by, Change.ADDED, user)


def change_right(
    engine: sa.Engine,
    name: str,
    role: str,
    territories: Sequence[str],
    kinds: Sequence[str],
    expires_on: date | None = None,
    by: str = "",
) -> None:
    """Give an account this right in place of the one that it has; its sessions end.

    Raises InputError on an impossible right, or where there is no such account.
    """
    right_of(role, territories, kinds)
    check_expiry(expires_on)
    with _changed(engine, name, Change.RIGHT, by) as (db, user):
        _give(user, role, territories, kinds, expires_on)
        _end_sessions(db, user)


def close_account(engine: sa.Engine, name: str, by: str = "") -> None:
    """Close an account: its sessions end, and it can no longer sign in.

    Raises InputError where there is none of that name.
    """
    with _changed(engine, name, Change.CLOSED, by) as (db, user):
        user.is_active = False
        _end_sessions(db, user)


def reopen_account(engine: sa.Engine, name: str, by: str = "") -> None:
    """Open an account again, with the right that it had, for as long as nobody says otherwise.

    Raises InputError where there is none of that name.
    """
    with _changed(engine, name, Change.REOPENED, by) as (_, user):
        user.is_active, user.expires_on = True, None


def unlock_account(engine: sa.Engine, name: str, by: str = "") -> None:
    """Forget the wrong passwords: the next one may be tried at once.

    Raises InputError where there is none of that name.
    """
    with _changed(engine, name, Change.UNLOCKED, by) as (db, user):
        db.execute(sa.delete(FailedSignIn).where(FailedSignIn.account == user.name))


def set_password(
    engine: sa.Engine, name: str, password: str | None, common: Path | None = None, by: str = "", kept: str = ""
) -> None:
    """Give an account another password, or none: then it signs in elsewhere. Its sessions end, but the one of `kept`.

    Raises InputError where the password is refused, or there is none of that name.
    """
    password_hash = None if password is None else passwords.hashed(password, name, common)
    action = Change.PASSWORD if kept else Change.RESET
    with _changed(engine, name, action, by) as (db, user):
        user.password_hash = password_hash
        _end_sessions(db, user, kept)


def confirm_right(engine: sa.Engine, name: str, expires_on: date | None, by: str) -> None:
    """Write down that an administrator found the right still needed, until that day if any.

    Raises InputError where the day is past, or there is none of that name.
    """
    check_expiry(expires_on)
    with _changed(engine, name, Change.REVIEWED, by) as (_, user):
        user.expires_on, user.reviewed_at, user.reviewed_by = expires_on, now(), by


def change_administration(engine: sa.Engine, name: str, administration: str, by: str = "") -> None:
    """Say of which administration an account is, with whom it shares notes; blank for none.

    Raises InputError where the name is too long, or there is no such account.
    """
    told = " ".join(administration.split())
    if len(told) > LONGEST_ADMINISTRATION or not told.isprintable():
        raise InputError(f"An administration's name has up to {LONGEST_ADMINISTRATION} characters, on one line.")
    with _changed(engine, name, Change.ADMINISTRATION, by) as (_, user):
        user.administration = told


def accept_notice(engine: sa.Engine, account: Account, notice: str, address: str) -> None:
    """Write down that an account accepted this version of the confidentiality notice."""
    with Transaction(engine) as db, db.begin():
        user = db.get_one(User, account.user_id)
        user.notice, user.notice_at = notice, now()
        told = f"version {notice}"
        db.add(AuditEntry(by=user.name, address=address, action=str(Change.ACCEPTED), path=told, outcome="done"))


def provided(
    engine: sa.Engine,
    name: str,
    role: str,
    territories: Sequence[str],
    kinds: Sequence[str],
    administration: str = "",
) -> Account | None:
    """The account of a name with the right that the provider gives it: made where there is none, None where closed.

    administration: blank where the provider says none; it then stays what it was.
    Raises InputError where the name can't be one.
    """
    name, right = checked_name(name), (role, list(territories), list(kinds))
    with Transaction(engine) as db:
        user = db.scalar(sa.select(User).where(User.name == name))
    if user is None:
        add_user(engine, name, *right, None, by=PROVIDER)
    elif user.is_open and (user.role, user.territories, user.kinds) != right:
        change_right(engine, name, *right, user.expires_on, by=PROVIDER)
    account = account_named(engine, name)
    if account and administration not in ("", account.administration):
        change_administration(engine, name, administration, by=PROVIDER)
        account = account_named(engine, name)
    return account


def check_expiry(expires_on: date | None) -> None:
    """Raise InputError where a right would end before today."""
    if expires_on is not None and expires_on < now().date():
        raise InputError("A right can't end before today. Give a later day, or close the account.")


def _give(user: User, role: str, territories: Sequence[str], kinds: Sequence[str], expires_on: date | None) -> None:
    user.role, user.territories, user.kinds = role, list(territories), list(kinds)
    user.is_active, user.expires_on = True, expires_on


@contextmanager
def _changed(engine: sa.Engine, name: str, action: Change, by: str) -> Iterator[tuple[Transaction, User]]:
    """An account to change, and the line of the log, in one transaction.

    Raises InputError where there is none of that name.
    """
    with Transaction(engine) as db, db.begin():
        user = db.scalar(sa.select(User).where(User.name == name.lower()))
        if user is None:
            raise InputError(f'There is no account "{name}". See: weaksignals users list.')
        yield db, user
        _log(db, by, action, user)


def _end_sessions(db: Transaction, user: User, but: str = "") -> None:
    db.execute(sa.delete(Session).where(Session.user_id == user.id, Session.digest != but))


def _log(db: Transaction, by: str, action: Change, user: User) -> None:
    """Who changed what, and what the account may see from now on."""
    told = f"{user.name}: {told_right(user)}"
    db.add(AuditEntry(by=by or operator(), address="", action=str(action), path=told, outcome="done"))
