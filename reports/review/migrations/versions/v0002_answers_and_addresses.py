"""Answers to reports of wrong data, and addresses from which accounts sign in.

In SQLite, INSERT OR REPLACE no longer overwrites what is only ever added to.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ANSWERS: Final = "wrong_data_answers"
# What makes two rows the same, beside their number.
UNIQUE: Final[dict[str, tuple[str, ...]]] = {
    "audit": (),
    "verdicts": ("siren", "list_period", "model_id", "follows"),
    "follow_ups": ("siren", "follows"),
    "wrong_data": (),
    ANSWERS: ("report_id", "follows"),
}


def upgrade() -> None:
    """From the first tables."""
    op.create_table(
        ANSWERS,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("report_id", sa.Integer, sa.ForeignKey("wrong_data.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("follows", sa.Integer, nullable=False),
        sa.UniqueConstraint("report_id", "follows"),
    )
    op.create_table(
        "known_addresses",
        sa.Column("account", sa.String(200), primary_key=True),
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {ANSWERS}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {ANSWERS} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        _forbid(ANSWERS, change)
    for table, names in UNIQUE.items():
        same = " AND ".join(f'"{name}" = NEW."{name}"' for name in names)
        is_there = "id = NEW.id" + (f" OR ({same})" if same else "")
        _forbid(table, "INSERT", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {is_there}) ")  # noqa: S608 - names above


def _forbid(table: str, change: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{'replace' if when else change.lower()} BEFORE {change} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def downgrade() -> None:
    """Never: what agents wrote is not thrown away by a command."""
    raise NotImplementedError("Answers are not removed by a migration.")
