"""Whether the password of an attempt to sign in was checked already."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Attempts of earlier versions were checked long ago."""
    op.add_column("failed_sign_ins", sa.Column("is_checked", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Nothing is lost with it."""
    op.drop_column("failed_sign_ins", "is_checked")
