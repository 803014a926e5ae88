"""Leases of long-running units."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.db.types import UTCDateTime

revision = "core_0006"
down_revision = "core_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runner_leases",
        sa.Column("name", sa.String(length=127), nullable=False),
        sa.Column("unit", sa.String(length=127), nullable=False),
        sa.Column("owner", sa.String(length=63), nullable=False),
        sa.Column("lease_until", UTCDateTime(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", "unit", name=op.f("pk_runner_leases")),
    )
