"""The weekly reminder of a person's follow-ups, as a mail: only what they may see on the day on which it is made.

It holds no note and no contact, and names no firm whose head objects to it, as files don't.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review import audit
from reports.review.access import Right
from reports.review.cases.briefs import OPEN, briefs, of_people, selected
from reports.review.cases.listing import Followed, in_full, name_outside, visible
from reports.review.cases.people import open_accounts
from reports.review.cases.wording import told
from reports.review.data import Reader
from reports.review.database import AuditEntry, User
from reports.review.identity import account_of
from reports.review.words import Words

ACTION: Final = "digest of follow-ups"
SENT: Final = "sent"
PARTS: Final = ("Dates that are past", "In the next seven days", "Changed by others since last week")
WEEK: Final = timedelta(days=7)
# A mail of the same week is not sent again; days and hours of sending may vary.
AGAIN: Final = timedelta(days=6)


@dataclass(frozen=True)
class Digest:
    """A mail to write. to: the account, whose name is an e-mail address."""

    to: str
    subject: str
    text: str


def is_address(name: str) -> bool:
    """Whether an account's name is an e-mail address to write to."""
    local, at, domain = name.rpartition("@")
    return bool(local and at and "." in domain) and not set(name) & set(" ,;:<>\"|/\\()'") and name.isascii()


def digests(
    reader: Reader, engine: sa.Engine, notice: str, words: Words, address: str, at: datetime
) -> Iterator[Digest]:
    """The mails to send now.

    notice: the version of the confidentiality notice that must be accepted, blank where there is none; who has not
    accepted it receives nothing. Nor does who has nothing to be reminded of, or was written to this week.
    """
    is_simulated = reader.published(None).is_simulated
    written_to, under_way = _written_to(engine, at), selected(briefs(engine), OPEN)
    for user in open_accounts(engine):
        account = account_of(user)
        if not is_address(user.name) or user.name in written_to or not account.has_accepted(notice):
            continue
        found = in_full(engine, visible(reader, of_people(under_way, frozenset({user.name})), account.right))
        text = digest_text(found, user, account.right, words, address, at, is_simulated)
        if text:
            yield Digest(user.name, words.say("Your follow-ups this week"), text)


def digest_text(
    found: Sequence[Followed], user: User, right: Right, words: Words, address: str, at: datetime, is_simulated: bool
) -> str:
    """The text of a mail, blank where there is nothing to tell."""
    today = at.date()
    told_of = (
        [one for one in found if one.follow_up.is_late(today)],
        [one for one in found if one.follow_up.is_soon(today)],
        [one for one in found if _is_news(one, user.name, at)],
    )
    parts = dict(zip(PARTS, told_of, strict=True))
    if not any(parts.values()):
        return ""
    lines = [words.say("SIMULATED DATA: no firm in this list is real."), ""] if is_simulated else []
    for title, ones in parts.items():
        if ones:
            lines += [words.say(title), *(line for one in ones for line in _lines(one, right, words, address)), ""]
    return "\n".join([*lines, words.say("Confidential: for the agents in charge of these firms only."), ""])


def _is_news(one: Followed, name: str, at: datetime) -> bool:
    return one.follow_up.last.by != name and one.follow_up.last.at > at - WEEK


def _lines(one: Followed, right: Right, words: Words, address: str) -> Iterator[str]:
    last = one.follow_up.last
    state, day = told("state", last.state, words), words.day(last.next_on) if last.next_on else ""
    next_step = ": ".join(part for part in (day, last.next_step) if part)
    yield "- " + "; ".join(
        part for part in (f"{name_outside(one.firm, right, words)} ({one.firm['siren']})", state, next_step) if part
    )
    if address:
        yield f"  {address.rstrip('/')}{one.address}"


def _written_to(engine: sa.Engine, at: datetime) -> frozenset[str]:
    of_week = (AuditEntry.action == ACTION, AuditEntry.outcome == SENT, AuditEntry.at > at - AGAIN)
    with Transaction(engine) as db:
        return frozenset(db.scalars(sa.select(AuditEntry.by).where(*of_week)))


def remember(engine: sa.Engine, to: str) -> None:
    """Write down that someone was written to, as pages that they open are."""
    audit.write(engine, AuditEntry(by=to, address="", action=ACTION, path="/follow-ups", outcome=SENT))
