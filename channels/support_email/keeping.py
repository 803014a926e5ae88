"""How long raw mails are kept, and how they go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Attachment, Schedule, job

from .models import EmailIngest
from .settings import KEEP_DAYS

if TYPE_CHECKING:
    from support_core.plugin_api import JobContext

#: Mails that one run lets go of.
AT_ONCE = 1000


@job(queue="maintenance")
def delete_raw(context: JobContext, key: str) -> None:
    """Delete a raw mail's blob, unless something of the same content needs it."""
    with context.desk(write=False) as desk:
        used = [
            desk.session.execute(statement.limit(1)).first()
            for statement in (
                select(EmailIngest.id).where(EmailIngest.blob_key == key),
                select(Attachment.id).where(Attachment.blob_key == key),
            )
        ]
    if not any(used):
        context.application.blobs.delete(key)


@job(queue="maintenance")
def let_go(context: JobContext) -> None:
    """Let go of raw mails that have been kept long enough; their rows stay, to tell repeats."""
    application = context.application
    before = application.clock() - timedelta(days=application.settings[KEEP_DAYS])
    with application.desk(None) as desk:
        old = desk.session.execute(
            select(EmailIngest.id, EmailIngest.workspace_id)
            .where(
                EmailIngest.created_at < before,
                EmailIngest.blob_key.is_not(None),
                EmailIngest.state.in_(("filed", "duplicate")),
            )
            .limit(AT_ONCE),
            execution_options={"unscoped": "raw mails of every workspace"},
        ).all()
    for row in old:
        with context.desk(workspace_id=row.workspace_id) as desk:
            ingest = desk.session.get(EmailIngest, row.id)
            if ingest is not None and ingest.blob_key is not None:
                key, ingest.blob_key = ingest.blob_key, None
                desk.session.flush()
                desk.enqueue(delete_raw, key)


SCHEDULES = (Schedule("email.let_go", let_go, every=3600),)
