"""Follow-ups become cases: versions of all that is said of one, and notes. What agents had written moves there.

An account may have an administration, with whom notes are shared.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# That a line is there already: by its number, or by what makes two lines the same.
IS_THERE: Final[dict[str, str]] = {
    "cases": "SELECT 1 FROM cases WHERE id = NEW.id OR (siren = NEW.siren AND follows = NEW.follows)",
    "case_versions": (
        "SELECT 1 FROM case_versions WHERE id = NEW.id OR (case_id = NEW.case_id AND follows = NEW.follows)"
    ),
    "case_notes": "SELECT 1 FROM case_notes WHERE id = NEW.id OR corrects = NEW.corrects",
}
FORMER: Final = sa.table(
    "follow_ups",
    sa.column("id", sa.Integer),
    sa.column("siren", sa.String),
    sa.column("state", sa.String),
    sa.column("on", sa.Date),
    sa.column("note", sa.Text),
    sa.column("by", sa.String),
    sa.column("at", sa.DateTime),
    sa.column("follows", sa.Integer),
)

KEPT: Final = ("id", "state", "on", "follows")


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _written() -> tuple[sa.Column[str], sa.Column[Any]]:
    return _text("by", 200), sa.Column("at", sa.DateTime(), nullable=False)


def _case() -> sa.Column[int]:
    return sa.Column("case_id", sa.Integer, sa.ForeignKey("cases.id"), nullable=False)


def upgrade() -> None:
    """From accepted notices."""
    op.add_column("users", sa.Column("administration", sa.String(200), nullable=False, server_default=""))
    cases = op.create_table(
        "cases",
        _key(),
        _text("siren", 9),
        _text("list_period", 7),
        _text("model_id", 64),
        *_written(),
        sa.Column("follows", sa.Integer, nullable=False),
        sa.UniqueConstraint("siren", "follows"),
    )
    op.create_index("ix_cases_siren", "cases", ["siren"])
    versions = op.create_table(
        "case_versions",
        _key(),
        _case(),
        _text("state", 20),
        sa.Column("on", sa.Date(), nullable=False),
        _text("priority", 20),
        _text("in_charge", 200),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("participants", "difficulties", "actions")),
        _text("contacts"),
        sa.Column("next_on", sa.Date(), nullable=True),
        _text("next_step", 200),
        _text("summary"),
        _text("outcome", 20),
        *_written(),
        sa.Column("follows", sa.Integer, nullable=False),
        sa.UniqueConstraint("case_id", "follows"),
    )
    notes = op.create_table(
        "case_notes",
        _key(),
        _case(),
        _text("visibility", 20),
        _text("administration", 200),
        _text("note"),
        *_written(),
        sa.Column("corrects", sa.Integer, nullable=True, unique=True),
    )
    _move(cases, versions, notes)
    op.drop_table("follow_ups")
    _forbid_changes()


def _move(cases: sa.Table, versions: sa.Table, notes: sa.Table) -> None:
    """Each firm's chain of follow-ups becomes a case; each keeps its number, its author and its day."""
    rows = op.get_bind().execute(sa.select(FORMER).order_by(FORMER.c.id)).all()
    numbers = {siren: number for number, siren in enumerate(dict.fromkeys(row.siren for row in rows), 1)}
    first = {row.siren: row for row in reversed(rows)}
    opened: list[dict[str, Any]] = [
        {"id": number, "siren": siren, "list_period": "", "model_id": "", "follows": 0, **_by(first[siren])}
        for siren, number in numbers.items()
    ]
    unsaid: dict[str, Any] = dict.fromkeys(("in_charge", "contacts", "next_step", "summary", "outcome"), "")
    unsaid |= {"priority": "normal", "participants": [], "difficulties": [], "actions": {}, "next_on": None}
    said: list[dict[str, Any]] = [
        {**unsaid, "case_id": numbers[row.siren], **{name: getattr(row, name) for name in KEPT}, **_by(row)}
        for row in rows
    ]
    # Everyone who could see the firm could read them.
    noted: list[dict[str, Any]] = [
        {"case_id": numbers[row.siren], "visibility": "all", "administration": "", "note": row.note, **_by(row)}
        for row in rows
        if row.note
    ]
    for table, lines in ((cases, opened), (versions, said), (notes, noted)):
        op.bulk_insert(table, lines)
    if op.get_bind().dialect.name == "postgresql":
        _go_on_counting({"cases": opened, "case_versions": said})


def _by(row: Any) -> dict[str, Any]:
    return {"by": row.by, "at": row.at}


def _go_on_counting(given: dict[str, Sequence[dict[str, Any]]]) -> None:
    """Numbers that were given by us are none that the database counted."""
    for table, lines in given.items():
        if lines:
            last = max(line["id"] for line in lines)
            op.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")


def _forbid_changes() -> None:
    for table, found in IS_THERE.items():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for change, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", f"WHEN EXISTS ({found}) ")):
            op.execute(
                f"CREATE TRIGGER {table}_no_{'replace' if when else change.lower()} BEFORE {change} ON {table} {when}"
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    """Never: what agents wrote is not thrown away by a command."""
    raise NotImplementedError("Follow-ups are not made simpler by a migration.")
