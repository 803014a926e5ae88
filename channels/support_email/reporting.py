"""What reports on our mails say of their deliveries: bounces, by recipient."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Conversation, Reply

from .knowing import refs
from .reading import Action

if TYPE_CHECKING:
    from support_core.plugin_api import Desk, Thread

    from .incoming import Incoming
    from .models import EmailRef
    from .reading import BouncedRecipient
    from .tokens import Signer

STATES = {
    Action.DELAYED: "delayed",
    Action.DELIVERED: "delivered",
    Action.RELAYED: "relayed",
    Action.EXPANDED: "relayed",
}


def file_report(
    desk: Desk, mailbox_id: int, signer: Signer, incoming: Incoming
) -> tuple[Conversation, Thread | None] | None:
    """Tell a delivery what a report says of it, with a note; None where it answers none of ours.

    The mail that is reported on is found by its Message-ID, which holds our signature: a bounce
    that somebody made up for another mail is not believed.
    """
    ref = _original(desk, mailbox_id, signer, incoming)
    if ref is None or incoming.bounce is None:
        return None
    conversation = desk.session.get(Conversation, ref.conversation_id)
    if conversation is None or conversation.deleted_at is not None:
        return None
    lines = []
    for recipient in incoming.bounce.recipients:
        state = _state(recipient)
        words = _words(recipient)
        address = recipient.address or _only_recipient(desk, ref)
        if ref.message_id and address:
            desk.deliveries.report_recipient(
                "email",
                address,
                state,
                external_id=ref.message_id,
                error=words if state in {"failed", "delayed"} else None,
            )
        lines.append(
            f"{_SAID[state]}: {address or 'unknown recipient'}{': ' if words else ''}{words}"
        )
    if ref.message_id and lines and all(it.startswith(_SAID["delivered"]) for it in lines):
        desk.deliveries.report("email", "delivered", external_id=ref.message_id)
    text = "\n".join(lines) or "A mail could not be delivered."
    note = desk.replies.add(conversation, Reply(body=text, note=True))
    note.meta = incoming.facts()
    return conversation, note


_SAID = {
    "failed": "Not delivered to",
    "delayed": "Delivery is delayed to",
    "delivered": "Delivered to",
    "relayed": "Passed on to a server without reports for",
}


def _original(desk: Desk, mailbox_id: int, signer: Signer, incoming: Incoming) -> EmailRef | None:
    bounce = incoming.bounce
    named = [bounce.original_message_id] if bounce and bounce.original_message_id else []
    ids = [it for it in [*named, *incoming.ancestors] if signer.in_message_id(it)]
    found = refs(desk, mailbox_id, ids)
    return next((it for it in found.values() if it.direction == "out"), None)


def _state(recipient: BouncedRecipient) -> str:
    if recipient.action is Action.FAILED:
        return "failed" if recipient.permanent else "delayed"
    return STATES[recipient.action]


def _words(recipient: BouncedRecipient) -> str:
    parts = (recipient.status, " ".join(recipient.diagnostic.split())[:500])
    return " ".join(it for it in parts if it)


def _only_recipient(desk: Desk, ref: EmailRef) -> str:
    """Return the one whom the mail went to, where the report names nobody and there was one."""
    if ref.thread_id is None:
        return ""
    delivery = desk.deliveries.of_thread(ref.thread_id)
    recipients = (delivery.recipients if delivery is not None else None) or []
    return str(recipients[0]["address"]) if len(recipients) == 1 else ""
