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
# That a line is there already: by its number, or by what makes two lines the same.
IS_THERE: Final[dict[str, str]] = {
    "audit": "SELECT 1 FROM audit WHERE id = NEW.id",
    "verdicts": (
        "SELECT 1 FROM verdicts WHERE id = NEW.id OR (siren = NEW.siren AND list_period = NEW.list_period "
        "AND model_id = NEW.model_id AND follows = NEW.follows)"
    ),
    "follow_ups": "SELECT 1 FROM follow_ups WHERE id = NEW.id OR (siren = NEW.siren AND follows = NEW.follows)",
    "wrong_data": "SELECT 1 FROM wrong_data WHERE id = NEW.id",
    ANSWERS: (
        "SELECT 1 FROM wrong_data_answers WHERE id = NEW.id OR (report_id = NEW.report_id AND follows = NEW.follows)"
    ),
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
    for table, found in IS_THERE.items():
        _forbid(table, "INSERT", f"WHEN EXISTS ({found}) ")


def _forbid(table: str, change: str, when: str = "") -> None:
    op.execute(
        f"CREATE TRIGGER {table}_no_{'replace' if when else change.lower()} BEFORE {change} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def downgrade() -> None:
    """Never: what agents wrote is not thrown away by a command."""
    raise NotImplementedError("Answers are not removed by a migration.")
