"""How long visitors are kept who never wrote: of them there is nothing to answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select

from support_core.plugin_api import Schedule, job

from .models import ChatContact, ChatConversation, ChatWidget
from .settings import VISITOR_DAYS

if TYPE_CHECKING:
    from datetime import datetime

    from support_core.plugin_api import JobContext

#: Rows of one transaction.
AT_ONCE = 1000


@job(queue="maintenance")
def let_go(context: JobContext) -> None:
    """Let go of visitors who have not come back, and what their pages told of them.

    Who wrote is kept with the conversation, and goes with its customer.
    """
    days: int = context.application.settings[VISITOR_DAYS]
    before = context.application.clock() - timedelta(days=days)
    with context.application.desk(None) as desk:
        workspaces = desk.session.execute(
            select(ChatWidget.workspace_id).distinct(),
            execution_options={"unscoped": "visitors of every workspace"},
        ).scalars()
        ids = workspaces.all()
    for workspace_id in ids:
        while _let_go_of_some(context, workspace_id, before) == AT_ONCE:
            pass


def _let_go_of_some(context: JobContext, workspace_id: int, before: datetime) -> int:
    """Remove at most :data:`AT_ONCE` visitors of a workspace; returns how many were found."""
    with context.desk(workspace_id=workspace_id) as desk:
        wrote = exists().where(
            ChatConversation.workspace_id == ChatContact.workspace_id,
            ChatConversation.contact_id == ChatContact.id,
        )
        found = (
            desk.session.execute(
                select(ChatContact.id)
                .where(ChatContact.last_seen_at < before, ~wrote)
                .order_by(ChatContact.last_seen_at)
                .limit(AT_ONCE)
            )
            .scalars()
            .all()
        )
        # Who writes at this moment has just been seen: their row is locked, and looked at again.
        desk.session.execute(
            delete(ChatContact).where(ChatContact.id.in_(found), ChatContact.last_seen_at < before),
            execution_options={"synchronize_session": False},
        )
        return len(found)


SCHEDULES = (Schedule("chat.let_go", let_go, every=3600),)
