"""How long the log is kept: a line leaves it only where a cut tells so, and never one of the last six months."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

REFUSED = "audit is append-only, but for what log_cuts tells"
RECENT = "lines of the last six months stay in the log"


def upgrade() -> None:
    """From ends of rights."""
    op.create_table(
        "log_cuts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("by", sa.String(200), nullable=False),
        sa.Column("up_to", sa.DateTime(), nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _in_postgresql()
    else:
        _in_sqlite()


def _in_postgresql() -> None:
    op.execute("DROP TRIGGER audit_append_only ON audit")
    for table, changes in (("audit", "UPDATE OR TRUNCATE"), ("log_cuts", "UPDATE OR DELETE OR TRUNCATE")):
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE {changes} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(
        "CREATE FUNCTION refuse_uncut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NOT EXISTS (SELECT 1 FROM log_cuts WHERE up_to > OLD.at) "
        "THEN RAISE EXCEPTION 'audit is append-only, but for what log_cuts tells'; END IF; RETURN OLD; END $$"
    )
    op.execute(
        "CREATE FUNCTION refuse_recent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.up_to > (now() AT TIME ZONE 'UTC') - INTERVAL '6 months' "
        f"THEN RAISE EXCEPTION '{RECENT}'; END IF; RETURN NEW; END $$"
    )
    op.execute("CREATE TRIGGER audit_cut BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_uncut()")
    op.execute("CREATE TRIGGER log_cuts_old BEFORE INSERT ON log_cuts FOR EACH ROW EXECUTE FUNCTION refuse_recent()")


def _in_sqlite() -> None:
    op.execute("DROP TRIGGER audit_no_delete")
    uncut = "WHEN NOT EXISTS (SELECT 1 FROM log_cuts WHERE up_to > OLD.at)"
    _refuse("audit_no_delete", "DELETE ON audit", uncut, REFUSED)
    _refuse("log_cuts_old", "INSERT ON log_cuts", "WHEN NEW.up_to > datetime('now', '-6 months')", RECENT)
    kept = "WHEN EXISTS (SELECT 1 FROM log_cuts WHERE id = NEW.id)"
    for change, when in (("UPDATE", ""), ("DELETE", ""), ("INSERT", kept)):
        name = "replace" if when else change.lower()
        _refuse(f"log_cuts_no_{name}", f"{change} ON log_cuts", when, "log_cuts is append-only")


def _refuse(name: str, change: str, when: str, why: str) -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {change} {when} BEGIN SELECT RAISE(ABORT, '{why}'); END")


def downgrade() -> None:
    """Never: what was removed from the log is not forgotten by a command."""
    raise NotImplementedError("Cuts of the log are not removed by a migration.")
