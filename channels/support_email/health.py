"""What the channel reports on a workspace's mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from support_core.plugin_api import Check, Mailbox

from .models import EmailAccount, EmailIngest
from .oauth import REFRESH_AHEAD

if TYPE_CHECKING:
    from datetime import datetime

    from support_core.plugin_api import Desk


def check(desk: Desk) -> list[Check]:
    """Check each active mailbox of the desk's workspace: fetching, its tokens, quarantine.

    Nothing of one workspace concerns the whole installation.
    """
    if desk.session.workspace_id is None:
        return []
    rows = desk.session.execute(
        select(EmailAccount, Mailbox.email)
        .join(Mailbox, Mailbox.id == EmailAccount.mailbox_id)
        .where(Mailbox.is_active, Mailbox.deleted_at.is_(None))
        .order_by(Mailbox.id)
    ).all()
    held = dict(
        desk.session.execute(
            select(EmailIngest.mailbox_id, func.count())
            .where(EmailIngest.state == "quarantined")
            .group_by(EmailIngest.mailbox_id)
        ).all()
    )
    return [
        Check(f"mailbox {email}", ok=not wrong, message=" ".join(wrong))
        for row, email in rows
        for wrong in [_wrong(row, held.get(row.mailbox_id, 0), desk.clock())]
    ]


def _wrong(row: EmailAccount, held: int, now: datetime) -> list[str]:
    wrong = []
    if row.imap_host is not None and row.state == "error":
        wrong.append(f"Mail is not fetched: {row.last_error}")
    if row.oauth_error is not None:
        wrong.append(f"The access token cannot be renewed: {row.oauth_error}")
    ends = row.oauth_refresh_expires_at
    if ends is not None and ends - now < REFRESH_AHEAD:
        wrong.append(f"The OAuth refresh token ends on {ends:%Y-%m-%d}; grant access again.")
    if held:
        wrong.append(f"Mails in quarantine: {held}; see GET /mailboxes/{{id}}/ingest.")
    return wrong
