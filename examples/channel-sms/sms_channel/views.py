"""The webhook that Textline calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import ID, Permission, Service, obj, path_id

from .inbound import file_text
from .signed import workspace_of_signed
from .textline import Received, Report, read_event

if TYPE_CHECKING:
    from pyramid.request import Request

webhook = Service(
    "sms-webhook", f"/sms/webhook/{ID}", description="What Textline tells.", tag="SMS"
)


@webhook.post(permission=Permission.PUBLIC, shape=obj(success={"type": "boolean"}))
def receive(request: Request) -> dict[str, Any]:
    """Take one event: a customer's text, or what became of a reply."""
    mailbox_id = path_id(request)
    workspace_id = workspace_of_signed(request, mailbox_id)
    event = read_event(request.raw_body)
    desk = request.workspace_desk(workspace_id)
    if isinstance(event, Received):
        file_text(desk, mailbox_id, event)
    elif isinstance(event, Report):
        desk.deliveries.report("sms", event.state, message_id=event.reference, error=event.error)
    return {"success": True}
