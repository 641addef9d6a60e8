"""When rights end and were reviewed, when accounts signed in last, and when a session was last used.

Everyone signs in again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From answers and addresses."""
    op.add_column("users", sa.Column("expires_on", sa.Date(), nullable=True))
    op.add_column("users", sa.Column("last_sign_in_at", sa.DateTime(), nullable=True))
    op.add_column("users", sa.Column("reviewed_at", sa.DateTime(), nullable=True))
    op.add_column("users", sa.Column("reviewed_by", sa.String(200), nullable=True))
    op.drop_table("sessions")
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("csrf", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=False),
    )


def downgrade() -> None:
    """Never: who reviewed which right is not thrown away by a command."""
    raise NotImplementedError("Reviews of rights are not removed by a migration.")
