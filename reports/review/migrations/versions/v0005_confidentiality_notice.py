"""Which version of the confidentiality notice each account accepted last, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From how long the log is kept."""
    op.add_column("users", sa.Column("notice", sa.String(16), nullable=True))
    op.add_column("users", sa.Column("notice_at", sa.DateTime(), nullable=True))


def downgrade() -> None:
    """Never: what someone accepted is not thrown away by a command."""
    raise NotImplementedError("Accepted notices are not removed by a migration.")
