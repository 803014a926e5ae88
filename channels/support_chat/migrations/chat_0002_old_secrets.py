"""The secret before the last rotation, which proves visitors for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from support_core.plugin_api import UTCDateTime

revision = "chat_0002"
down_revision = "chat_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("chat_widgets", sa.Column("old_hmac_secret", sa.Text(), nullable=True))
    op.add_column("chat_widgets", sa.Column("old_hmac_secret_until", UTCDateTime, nullable=True))


def downgrade() -> None:
    op.drop_column("chat_widgets", "old_hmac_secret_until")
    op.drop_column("chat_widgets", "old_hmac_secret")
