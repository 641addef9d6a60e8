"""The log: who asked for what. It is only ever added to, and what is old leaves it by a rule that is itself logged.

Strangers can't fill it: of what they ask in an hour, so many lines are written and the others counted.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session as Transaction

from reports.review.database import AuditEntry, LogCut, now

ADMITTED: Final = "admitted"
SIGNED_IN: Final = "signed in"
# The log holds addresses whole: a longer one is not served. Of strangers, who are not served either, less is written.
LONGEST_ADDRESS: Final = 2000
LONGEST_OF_STRANGERS: Final = 200
RULE: Final = "retention rule"
SHORTENED: Final = "log shortened"
# How many of the last lines tell whether everyone comes from one address, and how many people make "everyone".
LAST: Final = 500
EVERYONE: Final = 3


@dataclass
class Quota:
    """How many lines strangers may write in a time; per process."""

    lines: int = 500
    span: timedelta = timedelta(hours=1)
    since: datetime | None = None
    written: int = 0
    left_out: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, at: datetime) -> tuple[bool, str]:
        """Whether a line may be written, and what is to be written of those that may not."""
        with self.lock:
            told = ""
            if self.since is None or at - self.since >= self.span:
                told = f"{self.left_out} more were not written" if self.left_out else ""
                self.since, self.written, self.left_out = at, 0, 0
            self.written += 1
            if self.written <= self.lines:
                return True, told
            self.left_out += 1
            return False, f"more than {self.lines}: the next ones are counted" if self.left_out == 1 else told


def write(engine: sa.Engine, entry: AuditEntry, quota: Quota | None = None) -> None:
    """Write a line; a stranger's, with their quota, only as far as that goes."""
    entries = [entry]
    if quota is not None:
        entry.path = entry.path[:LONGEST_OF_STRANGERS]
        may, told = quota.take(now())
        entries = [entry] if may else []
        if told:
            entries.append(AuditEntry(by="", address="", action=entry.action, path=told, outcome="left out"))
    if entries:
        with Transaction(engine) as db, db.begin():
            db.add_all(entries)


def shorten(engine: sa.Engine, months: int) -> int:
    """Remove the lines older than so many months, and write down that they were; returns how many.

    The database itself refuses to lose a line that no entry of `log_cuts` tells of, or one of the last six months.
    """
    limit = _months_before(now(), months)
    with Transaction(engine) as db:
        if engine.dialect.name == "postgresql":
            db.execute(sa.text("SELECT pg_advisory_xact_lock(20240203)"))
        if db.scalar(sa.select(AuditEntry.id).where(AuditEntry.at < limit).limit(1)) is None:
            return 0
        db.add(LogCut(up_to=limit, by=RULE))
        db.flush()
        gone = db.execute(sa.delete(AuditEntry).where(AuditEntry.at < limit)).rowcount  # type: ignore[attr-defined]
        if gone:
            told = f"{gone} lines before {limit:%Y-%m-%d} (kept: {months} months)"
            db.add(AuditEntry(by=RULE, address="", action=SHORTENED, path=told, outcome="done"))
            db.commit()
        return int(gone)


def _months_before(at: datetime, months: int) -> datetime:
    count = at.year * 12 + at.month - 1 - months
    return at.replace(year=count // 12, month=count % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def address_of_everyone(engine: sa.Engine) -> str | None:
    """The one address from which several people came of late: most likely a proxy that nobody declared."""
    of_people = AuditEntry.outcome.in_((ADMITTED, SIGNED_IN))
    last = sa.select(AuditEntry.by, AuditEntry.address).where(of_people).order_by(AuditEntry.id.desc()).limit(LAST)
    with engine.connect() as connection:
        rows = connection.execute(last).all()
    addresses, people = {address for _, address in rows}, {by for by, _ in rows}
    return addresses.pop() if len(addresses) == 1 and len(people) >= EVERYONE else None
