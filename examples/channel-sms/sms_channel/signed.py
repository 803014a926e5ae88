"""Whose webhook it is, and whether Textline signed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Unauthenticated

from .models import SmsLine
from .textline import is_genuine

if TYPE_CHECKING:
    from pyramid.request import Request


def workspace_of_signed(request: Request, mailbox_id: int) -> int:
    """Return the mailbox's workspace; raises ``Unauthenticated`` unless Textline signed."""
    application = request.registry.support
    with request.reading_session() as session:
        line: SmsLine | None = session.execute(
            select(SmsLine).where(SmsLine.mailbox_id == mailbox_id),
            execution_options={"unscoped": "the mailbox in the address tells the workspace"},
        ).scalar_one_or_none()
    if line is None or not is_genuine(
        application.keyring.decrypt(line.webhook_secret),
        timestamp=request.headers.get("X-Textline-Timestamp", ""),
        given=request.headers.get("X-Textline-Signature", ""),
        body=request.raw_body,
        now=application.clock().timestamp(),
    ):
        raise Unauthenticated
    return line.workspace_id
