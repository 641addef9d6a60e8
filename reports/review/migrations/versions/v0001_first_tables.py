"""The first tables, and triggers on what is only ever added to."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit", "verdicts", "follow_ups", "wrong_data")


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, length: int | None = None, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=null)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(), nullable=False)


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "users",
        _key(),
        _text("name", 200),
        _text("password_hash", 200, null=True),
        _text("role", 20),
        sa.Column("territories", sa.JSON(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        _text("csrf", 64),
        _moment("expires_at"),
    )
    op.create_table("failed_sign_ins", _key(), _moment("at"), _text("account", 200), _text("address", 64))
    op.create_table(
        "verdicts",
        _key(),
        _text("siren", 9),
        _text("list_period", 7),
        _text("model_id", 64),
        sa.Column("is_useful", sa.Boolean(), nullable=False),
        _text("reason", 40),
        _text("note"),
        _text("by", 200),
        _moment("at"),
        sa.Column("follows", sa.Integer, nullable=False),
        sa.UniqueConstraint("siren", "list_period", "model_id", "follows"),
    )
    op.create_table(
        "follow_ups",
        _key(),
        _text("siren", 9),
        _text("state", 20),
        sa.Column("on", sa.Date(), nullable=False),
        _text("note"),
        _text("by", 200),
        _moment("at"),
        sa.Column("follows", sa.Integer, nullable=False),
        sa.UniqueConstraint("siren", "follows"),
    )
    op.create_table(
        "wrong_data",
        _key(),
        _text("siren", 9),
        _text("list_period", 7),
        _text("model_id", 64),
        _text("field", 80),
        _text("note"),
        _text("by", 200),
        _moment("at"),
    )
    op.create_table(
        "audit",
        _key(),
        _moment("at"),
        _text("by", 200),
        _text("address", 64),
        _text("action", 40),
        _text("path"),
        _text("outcome", 20),
    )
    for table, column in (
        ("audit", "at"),
        ("verdicts", "siren"),
        ("follow_ups", "siren"),
        ("wrong_data", "siren"),
        ("failed_sign_ins", "at"),
        ("failed_sign_ins", "account"),
        ("failed_sign_ins", "address"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
    _forbid_changes()


def _forbid_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
        for table in APPEND_ONLY:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in APPEND_ONLY:
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    """Never: what agents wrote is not thrown away by a command."""
    raise NotImplementedError("The first tables are not removed by a migration.")
