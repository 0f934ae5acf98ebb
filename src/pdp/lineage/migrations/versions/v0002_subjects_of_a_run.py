"""A run knows the subjects it was configured for; a poll knows what was still being written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the two columns; what was recorded before says nothing of either."""
    op.add_column("run", sa.Column("subjects", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("source_poll", sa.Column("postponed", sa.JSON(), nullable=False, server_default="[]"))
