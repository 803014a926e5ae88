"""Messages by the ids that WhatsApp gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import upsert

from .models import WhatsAppMessage

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

    from .models import WhatsAppPart


def note_sent(desk: Desk, part: WhatsAppPart, external_id: str) -> None:
    """Note that WhatsApp took a part, and under which id."""
    part.external_id, part.error = external_id, None
    if part.state in {"ready", "sending", "failed"}:
        part.state = "sent"
    desk.session.flush()
    keys = ("workspace_id", "account_id", "external_id")
    desk.session.execute(
        upsert(desk.session, WhatsAppMessage, keys=keys),
        {
            "workspace_id": desk.workspace_id,
            "account_id": part.account_id,
            "external_id": external_id,
            "direction": "out",
            "conversation_id": part.conversation_id,
            "thread_id": part.thread_id,
            "created_at": desk.clock(),
        },
    )


def known_message(desk: Desk, account_id: int, external_id: str) -> WhatsAppMessage | None:
    """Return what is known of a message by WhatsApp's id of it."""
    return desk.session.get(WhatsAppMessage, (desk.workspace_id, account_id, external_id))
