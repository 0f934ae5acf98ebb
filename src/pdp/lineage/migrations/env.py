"""Alembic's entry: uses the connection that pdp.lineage.migrations.upgrade hands over."""

from __future__ import annotations

from alembic import context

from pdp.lineage.model import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite can't alter columns in place
    transactional_ddl=True,
)
context.run_migrations()
