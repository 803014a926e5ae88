"""The core's metered resources and how a workspace's use of each is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from ..models import Mailbox, User
from .attachments import storage_used
from .conversations import conversations_this_month

if TYPE_CHECKING:
    from ..desk import Desk


def mailboxes(desk: Desk) -> int:
    """Return how many mailboxes there are."""
    return desk.session.execute(
        select(func.count(Mailbox.id)).where(Mailbox.deleted_at.is_(None))
    ).scalar_one()


def agents(desk: Desk) -> int:
    """Return how many members there are, active or not."""
    return desk.session.execute(
        select(func.count(User.id)).where(User.deleted_at.is_(None))
    ).scalar_one()


def includeme(config: Any) -> None:
    """Declare them to the application."""
    config.add_support_resource("mailboxes", mailboxes)
    config.add_support_resource("agents", agents)
    config.add_support_resource("storage_mb", storage_used)
    config.add_support_resource("conversations_per_month", conversations_this_month)
