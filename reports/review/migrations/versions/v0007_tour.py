"""How many steps of the tour each account has seen."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Whoever has an account already sees the tour once."""
    op.add_column("users", sa.Column("tour", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Nothing is lost with it."""
    op.drop_column("users", "tour")
