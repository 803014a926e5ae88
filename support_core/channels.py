"""What the core and a channel say to each other: plain values, no database rows.

A channel declares itself with :class:`Channel`, hands in :class:`InboundMessage` and is handed
:class:`OutboundMessage`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime
    from typing import BinaryIO


@dataclass(frozen=True)
class Channel:
    """A channel's card. ``name`` stands in conversations, filters and bodies.

    ``max_body`` is in characters and ``max_attachment_bytes`` in bytes, None for no limit of the
    channel's own; ``feature`` is the plan feature the channel needs, None for none.
    ``rest_default``: conversations that the REST API opens belong to it, unless the body says.
    """

    name: str
    label: str
    inbound: bool = True
    outbound: bool = True
    attachments: bool = True
    typing: bool = False
    receipts: bool = False
    templates: bool = False
    max_body: int | None = None
    max_attachment_bytes: int | None = None
    attachment_types: tuple[str, ...] = ()
    feature: str | None = None
    rest_default: bool = False

    def capabilities(self) -> dict[str, bool]:
        """Return what the channel can do, as ``GET /channels`` shows it."""
        return {
            name: getattr(self, name)
            for name in ("inbound", "outbound", "attachments", "typing", "receipts", "templates")
        }


@dataclass(frozen=True)
class ReplyWindow:
    """Whether an agent may answer now: the ``can_reply`` of a conversation, as data."""

    allowed: bool = True
    until: datetime | None = None
    reason: str | None = None
    template_required: bool = False


@dataclass(frozen=True)
class ConversationRef:
    """A conversation as hooks see it."""

    id: int
    workspace_id: int
    number: int
    subject: str
    status: str
    channel: str
    mailbox_id: int
    customer_id: int
    customer_email: str | None = None
    customer_name: str | None = None
    customer_phone: str | None = None
    assigned_to: int | None = None


@dataclass(frozen=True)
class InboundAttachment:
    """A file that came with a message; ``open`` gives its bytes."""

    name: str
    content_type: str
    open: Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True)
class InboundMessage:
    """What a customer wrote, before it is stored.

    ``external_id`` is the channel's own id of the message: a second one with the same id in the
    same conversation is not stored again. Without ``conversation_id`` a conversation is opened.
    ``customer_phone_aliases`` are other spellings of ``customer_phone``: whoever is known by one
    of them is this customer. ``body_text`` is what an HTML ``body`` says as plain text
    (``to_text``), where the channel has worked that out; it counts only as long as no plugin
    changes the body.
    """

    channel: str
    mailbox_id: int
    body: str
    body_format: str = "text"
    subject: str | None = None
    conversation_id: int | None = None
    customer_id: int | None = None
    customer_email: str | None = None
    customer_name: str | None = None
    customer_phone: str | None = None
    customer_phone_aliases: Sequence[str] = ()
    external_id: str | None = None
    attachment_ids: Sequence[int] = ()
    priority: str = "normal"
    tags: Sequence[str] = ()
    automatic: bool = False
    meta: Mapping[str, Any] = field(default_factory=dict)
    body_text: str | None = None


@dataclass(frozen=True)
class Drop:
    """A ``support_inbound`` answer: do not store the message, for this ``reason``."""

    reason: str


@dataclass(frozen=True)
class OutboundAttachment:
    """A file that leaves with a reply; ``size`` in bytes, ``open`` gives its bytes."""

    id: int
    name: str
    content_type: str
    size: int
    open: Callable[[], BinaryIO]


@dataclass(frozen=True)
class OutboundMessage:
    """An agent's reply on its way out, as ``support_deliver`` receives it, outside a transaction.

    ``message_id`` is the same in every attempt, ``attempt`` counts from 1. ``template`` is what
    the agent chose of the provider's templates (``name``, ``language``, ``parameters``), and
    ``in_reply_to`` the thread of this conversation that the reply quotes.
    """

    delivery_id: int
    message_id: str
    attempt: int
    thread_id: int
    conversation: ConversationRef
    body: str
    body_format: str
    body_text: str
    created_at: datetime
    agent_name: str | None
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    recipients: tuple[Mapping[str, Any], ...]
    attachments: tuple[OutboundAttachment, ...]
    template: Mapping[str, Any] | None = None
    in_reply_to: int | None = None


@dataclass(frozen=True)
class Composition:
    """A channel's answer to ``support_compose``: who gets the reply, and whether it travels.

    Each of ``recipients`` says ``type`` (``to``, ``cc`` or ``bcc``), ``address`` and ``reason``;
    the API shows them with the delivery, and ``support_deliver`` is handed the same.
    ``transport=False``: there is nothing to carry, the delivery is ``sent`` with the commit.
    ``body`` is what the customer will read where the agent wrote none: a template's text.
    """

    recipients: tuple[Mapping[str, Any], ...] = ()
    transport: bool = True
    body: str | None = None


@dataclass(frozen=True)
class Sent:
    """A channel's answer to ``support_deliver``: the provider took it."""

    external_id: str | None = None
    state: str = "sent"


@dataclass(frozen=True)
class FollowUp:
    """Replies that a customer has not read where they were written, to be brought elsewhere.

    ``thread_ids`` are those of one burst, oldest first. The conversation's customer has an e-mail
    address.
    """

    conversation: ConversationRef
    thread_ids: tuple[int, ...]


class Retry(Exception):
    """Raised by ``support_deliver``: try again in ``after`` seconds; the reason is shown."""

    def __init__(self, after: float, reason: str) -> None:
        super().__init__(reason)
        self.after = after
        self.reason = reason


class Permanent(Exception):
    """Raised by ``support_deliver``: it failed for good; the reason is shown."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
