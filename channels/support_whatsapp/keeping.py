"""How long webhooks and their ledger are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from support_core.plugin_api import Schedule, job

from .checking import check_all
from .handling import handle
from .models import WhatsAppItem, WhatsAppPayload
from .settings import KEEP_DAYS

if TYPE_CHECKING:
    from support_core.plugin_api import JobContext

#: Rows that one run lets go of.
AT_ONCE = 2000

#: A webhook that waits for longer may have lost its job.
WAITED = timedelta(seconds=60)

#: Meta sends a webhook again for 7 days; its digest tells that it came before.
LEAST_DAYS = 8


@job(queue="maintenance")
def let_go(context: JobContext) -> None:
    """Let go of webhooks that have been kept long enough, and of what they told.

    What failed stays until it is replayed, with the webhook that it came by.
    """
    application = context.application
    days = max(LEAST_DAYS, application.settings[KEEP_DAYS])
    before = application.clock() - timedelta(days=days)
    unscoped = {"unscoped": "webhooks of every workspace", "synchronize_session": False}
    with application.desk(None) as desk:
        old = select(WhatsAppItem.id).where(
            WhatsAppItem.created_at < before, WhatsAppItem.state != "failed"
        )
        desk.session.execute(
            delete(WhatsAppItem).where(WhatsAppItem.id.in_(old.limit(AT_ONCE))),
            execution_options=unscoped,
        )
        done = select(WhatsAppPayload.id).where(
            WhatsAppPayload.received_at < before, WhatsAppPayload.state == "handled"
        )
        desk.session.execute(
            delete(WhatsAppPayload).where(WhatsAppPayload.id.in_(done.limit(AT_ONCE))),
            execution_options=unscoped,
        )


@job(queue="maintenance")
def sweep(context: JobContext) -> None:
    """Ask for the work on webhooks that wait, should somebody have purged its job."""
    with context.application.desk(None) as desk:
        before = context.application.clock() - WAITED
        rows = desk.session.execute(
            select(WhatsAppPayload.account_id, WhatsAppPayload.workspace_id)
            .where(WhatsAppPayload.state == "received", WhatsAppPayload.received_at < before)
            .distinct(),
            execution_options={"unscoped": "webhooks of every workspace"},
        ).all()
    for row in rows:
        with context.desk(workspace_id=row.workspace_id) as desk:
            desk.enqueue(handle, row.account_id, key=str(row.account_id))


SCHEDULES = (
    Schedule("whatsapp.sweep", sweep, every=60),
    Schedule("whatsapp.let_go", let_go, every=3600),
    Schedule("whatsapp.check", check_all, every=21_600),
)
