"""Runs the versions on the connection that `migrate` gives."""

from alembic import context

from reports.review.database import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
