"""The index of jobs that were handed to a broker, for counting them and for the overdue ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    handed = sa.text("state = 'handed'")
    op.create_index(
        "ix_jobs_handed",
        "jobs",
        ["queue", "lease_until", "id"],
        sqlite_where=handed,
        postgresql_where=handed,
    )
