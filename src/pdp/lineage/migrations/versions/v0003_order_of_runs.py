"""A run has its number in the order of being taken in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; of runs that were recorded before, the start decides, and they come before all others."""
    op.add_column("run", sa.Column("seq", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_run_seq", "run", ["seq"])
