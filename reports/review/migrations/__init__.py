"""Alembic's versions of the tables; applied when the application opens its database."""
