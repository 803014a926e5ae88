"""The webhook that Textline calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import ID, Permission, Service, Unauthenticated, obj, path_id

from .inbound import file_text
from .models import SmsLine
from .textline import Received, Report, is_genuine, read_event

if TYPE_CHECKING:
    from pyramid.request import Request

webhook = Service(
    "sms-webhook", f"/sms/webhook/{ID}", description="What Textline tells.", tag="SMS"
)


@webhook.post(permission=Permission.PUBLIC, shape=obj(success={"type": "boolean"}))
def receive(request: Request) -> dict[str, Any]:
    """Take one event: a customer's text, or what became of a reply."""
    mailbox_id = path_id(request)
    workspace_id = _workspace_of_signed(request, mailbox_id)
    event = read_event(request.raw_body)
    desk = request.workspace_desk(workspace_id)
    if isinstance(event, Received):
        file_text(desk, mailbox_id, event)
    elif isinstance(event, Report):
        desk.deliveries.report(
            "sms", event.state, message_id=event.reference, error=event.error
        )
    return {"success": True}


def _workspace_of_signed(request: Request, mailbox_id: int) -> int:
    """Return the mailbox's workspace; raises ``Unauthenticated`` unless Textline signed."""
    application = request.registry.support
    with request.reading_session() as session:
        line = session.execute(
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
