"""The index of a workspace's delayed and dead jobs; what a schedule's next time was reckoned by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0005"
down_revision = "core_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    resting = sa.text("state = 'delayed' OR state = 'dead'")
    op.create_index(
        "ix_jobs_resting",
        "jobs",
        ["workspace_id", "state", "id", "queue"],
        sqlite_where=resting,
        postgresql_where=resting,
    )
    op.add_column("schedules", sa.Column("timing", sa.String(length=255), nullable=True))
