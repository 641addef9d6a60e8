"""Accounts that may see a firm, of all administrations: who may take its follow-up in charge."""

from collections import defaultdict

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.access import Right, Signatory, departements_of
from reports.review.columns import IDENTITY
from reports.review.data import Reader, Row
from reports.review.database import User, is_open, now
from reports.review.identity import Account
from reports.review.listing import last_lists, read_firms


def signatory(account: Account) -> Signatory:
    """An account as notes name it."""
    return Signatory(account.name, account.administration)


def open_accounts(engine: sa.Engine) -> list[User]:
    """The accounts that may sign in today, by name."""
    with Transaction(engine, expire_on_commit=False) as db:
        return list(db.scalars(sa.select(User).where(is_open(now())).order_by(User.name)))


def colleagues(engine: sa.Engine, account: Account) -> frozenset[str]:
    """The accounts of the same administration, this one among them; this one alone where it has none."""
    if not account.administration:
        return frozenset({account.name})
    return frozenset(user.name for user in open_accounts(engine) if user.administration == account.administration)


def who_may_see(engine: sa.Engine, reader: Reader, firm: Row, right: Right) -> dict[str, list[str]]:
    """The accounts whose territory holds the firm as the last list places it, by administration.

    firm: its row on the list that is looked at, by someone with this right.
    """
    departement = _departement(reader, firm, right)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for user in open_accounts(engine):
        territory = departements_of(user.territories)
        if territory is None or departement in territory:
            found[user.administration].append(user.name)
    return dict(sorted(found.items()))


def _departement(reader: Reader, firm: Row, right: Right) -> str:
    """Where the firm is now; on an older list it may be elsewhere."""
    for key, sirens in last_lists(reader, [firm["siren"]]).items():
        for row in read_firms(reader, reader.published(key), sirens, right, IDENTITY):
            return str(row["departement"])
    return str(firm["departement"])
