"""What agents write: accounts, verdicts, follow-ups, and the log of who saw what. SQLite or PostgreSQL."""

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.orm import Session as Transaction

from reports.review.configuration import FOLDER

# Rows are added, never changed: triggers set by the migrations enforce it in the database. Of the log alone, what is
# old may leave, where a cut tells so.
APPEND_ONLY = (
    *("audit", "log_cuts", "verdicts", "wrong_data", "wrong_data_answers"),
    *("cases", "case_versions", "case_notes"),
)


class Moment(sa.TypeDecorator[datetime]):
    """An instant, kept as UTC: SQLite would forget the time zone."""

    impl = sa.DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:  # noqa: ARG002, D102
        return None if value is None else value.replace(tzinfo=UTC)


def now() -> datetime:
    """This instant."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The tables."""

    type_annotation_map: ClassVar[Any] = {datetime: Moment(), list[str]: sa.JSON(), dict[str, str]: sa.JSON()}


class User(Base):
    """An account and its right: territories x kinds of data x role; no password: it signs in elsewhere."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    role: Mapped[str] = mapped_column(sa.String(20))
    territories: Mapped[list[str]]
    kinds: Mapped[list[str]]
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    # The last day of its right, where it ends by itself.
    expires_on: Mapped[date | None]
    last_sign_in_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[str | None] = mapped_column(sa.String(200))
    # The version of the confidentiality notice that was accepted last.
    notice: Mapped[str | None] = mapped_column(sa.String(16))
    notice_at: Mapped[datetime | None]
    # How many steps of the tour it has seen.
    tour: Mapped[int] = mapped_column(default=0)
    # With whom notes may be shared; blank where nobody said.
    administration: Mapped[str] = mapped_column(sa.String(200), default="")

    @property
    def is_open(self) -> bool:
        """Whether the account may be used today."""
        return self.is_active and (self.expires_on is None or self.expires_on >= now().date())


def is_open(at: datetime) -> sa.ColumnElement[bool]:
    """The condition that accounts meet which are not closed, and whose right has not ended by then."""
    return sa.and_(User.is_active, sa.or_(User.expires_on.is_(None), User.expires_on >= at.date()))


class Session(Base):
    """A signed-in browser; only the digest of its token is kept."""

    __tablename__ = "sessions"
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    csrf: Mapped[str] = mapped_column(sa.String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime]


class FailedSignIn(Base):
    """An attempt to sign in that did not succeed, counted to slow down guessing."""

    __tablename__ = "failed_sign_ins"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    account: Mapped[str] = mapped_column(sa.String(200), index=True)
    address: Mapped[str] = mapped_column(sa.String(64), index=True)


class KnownAddress(Base):
    """An address from which an account signed in."""

    __tablename__ = "known_addresses"
    account: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    address: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)


class Verdict(Base):
    """Whether an alert was useful. One chain per firm, list and model: each entry follows the one that it corrects.

    Two agents who answer the same entry can't both follow it: the second is told, and nothing is lost.
    """

    __tablename__ = "verdicts"
    __table_args__ = (sa.UniqueConstraint("siren", "list_period", "model_id", "follows"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    siren: Mapped[str] = mapped_column(sa.String(9), index=True)
    list_period: Mapped[str] = mapped_column(sa.String(7))
    model_id: Mapped[str] = mapped_column(sa.String(64))
    is_useful: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.String(40))
    note: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(default=now)
    follows: Mapped[int] = mapped_column(default=0)


class Case(Base):
    """The follow-up of a firm, from the day on which it was opened. One chain per firm: a new one follows the last.

    list_period, model_id: of the list on which it was opened; blank for those of version 0.1, which did not say.
    """

    __tablename__ = "cases"
    __table_args__ = (sa.UniqueConstraint("siren", "follows"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    siren: Mapped[str] = mapped_column(sa.String(9), index=True)
    list_period: Mapped[str] = mapped_column(sa.String(7))
    model_id: Mapped[str] = mapped_column(sa.String(64))
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(default=now)
    follows: Mapped[int] = mapped_column(default=0)


class CaseVersion(Base):
    """All that is said of a follow-up at one time, but for its notes. One chain per case.

    Codes are those of `codes`. on: the day of which it tells. actions: code -> day, as YYYY-MM-DD.
    in_charge, participants: names of accounts. next_on, next_step: what is to be done next, and when.
    """

    __tablename__ = "case_versions"
    __table_args__ = (sa.UniqueConstraint("case_id", "follows"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"))
    state: Mapped[str] = mapped_column(sa.String(20))
    on: Mapped[date]
    priority: Mapped[str] = mapped_column(sa.String(20))
    in_charge: Mapped[str] = mapped_column(sa.String(200))
    participants: Mapped[list[str]]
    difficulties: Mapped[list[str]]
    actions: Mapped[dict[str, str]]
    contacts: Mapped[str] = mapped_column(sa.Text)
    next_on: Mapped[date | None]
    next_step: Mapped[str] = mapped_column(sa.String(200))
    summary: Mapped[str] = mapped_column(sa.Text)
    outcome: Mapped[str] = mapped_column(sa.String(20))
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(default=now)
    follows: Mapped[int] = mapped_column(default=0)


class CaseNote(Base):
    """A note on a follow-up, for those whom its visibility names. corrects: the note that it stands for from now on.

    administration: its author's when it was written; whoever moves on takes no note along.
    """

    __tablename__ = "case_notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("cases.id"))
    visibility: Mapped[str] = mapped_column(sa.String(20))
    administration: Mapped[str] = mapped_column(sa.String(200))
    note: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(default=now)
    corrects: Mapped[int | None] = mapped_column(unique=True)


class WrongData(Base):
    """A figure that an agent knows to be wrong, for the data team."""

    __tablename__ = "wrong_data"
    id: Mapped[int] = mapped_column(primary_key=True)
    siren: Mapped[str] = mapped_column(sa.String(9), index=True)
    list_period: Mapped[str] = mapped_column(sa.String(7))
    model_id: Mapped[str] = mapped_column(sa.String(64))
    field: Mapped[str] = mapped_column(sa.String(80))
    note: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(default=now)


class WrongDataAnswer(Base):
    """What became of a report of wrong data. One chain per report."""

    __tablename__ = "wrong_data_answers"
    __table_args__ = (sa.UniqueConstraint("report_id", "follows"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    report_id: Mapped[int] = mapped_column(sa.ForeignKey("wrong_data.id"))
    state: Mapped[str] = mapped_column(sa.String(20))
    note: Mapped[str] = mapped_column(sa.Text)
    by: Mapped[str] = mapped_column(sa.String(200))
    at: Mapped[datetime] = mapped_column(default=now)
    follows: Mapped[int] = mapped_column(default=0)


class AuditEntry(Base):
    """Who asked for what, when, and whether they got it."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    by: Mapped[str] = mapped_column(sa.String(200))
    address: Mapped[str] = mapped_column(sa.String(64))
    action: Mapped[str] = mapped_column(sa.String(40))
    path: Mapped[str] = mapped_column(sa.Text)
    outcome: Mapped[str] = mapped_column(sa.String(20))


class LogCut(Base):
    """That the lines of the log before an instant were removed: the database removes none without it."""

    __tablename__ = "log_cuts"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    by: Mapped[str] = mapped_column(sa.String(200))
    up_to: Mapped[datetime]


def open_database(url: str) -> sa.Engine:
    """Connect to the database, and upgrade its tables to the present version."""
    address = sa.make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        _keep_private(Path(address.database))
    # Connections that a restart of the server has cut are found before they are used, and made anew.
    engine = sa.create_engine(address, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _tune_sqlite)
    migrate(engine)
    return engine


def page_of(siren: str) -> str:
    """The address of a firm's page."""
    return f"/firms/{siren}"


def asks_for(siren: str) -> sa.ColumnElement[bool]:
    """Of the lines of the log, those on a page or a file of that firm."""
    return sa.or_(*(AuditEntry.path.like(f"{page_of(siren)}{after}") for after in ("", "?%", "/%")))


def asked_of(engine: sa.Engine, siren: str) -> list[AuditEntry]:
    """Who asked for a page or a file of that firm, and whether they got it, the newest first."""
    query = sa.select(AuditEntry).where(asks_for(siren)).order_by(AuditEntry.id.desc())
    with Transaction(engine) as db:
        return list(db.scalars(query))


def _keep_private(file: Path) -> None:
    """The file is for nobody else's eyes, and what SQLite puts beside it; so is its folder, where it is ours."""
    is_ours = file.parent.name == FOLDER or not file.parent.exists()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(0o600)
    with suppress(PermissionError):
        file.chmod(0o600)
        if is_ours:
            file.parent.chmod(0o700)


def _tune_sqlite(connection: Any, _: Any) -> None:
    """Readers don't wait for the writer; a writer waits for another, 10 s at most."""
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "busy_timeout=10000"):
        connection.execute(f"PRAGMA {pragma}")


def migrate(engine: sa.Engine) -> None:
    """Apply the migrations that the database lacks, one process at a time."""
    config = Config()
    config.set_main_option("script_location", "reports.review:migrations")
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(20240201)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
