"""A whole conversation, read with a fixed number of statements however long it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from ..channels import ConversationRef
from ..errors import NotFound
from ..models import Thread, User
from .conversation_queries import conversation_row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..channels import Channel, ReplyWindow
    from ..db import AnyRow
    from ..desk import Desk
    from ..models import Attachment, Delivery


@dataclass(frozen=True)
class ConversationDetails:
    """Everything ``GET /conversations/{id}`` shows. ``users`` are names by id."""

    head: AnyRow
    threads: Sequence[Thread]
    users: Mapping[int, str]
    attachments: Mapping[int, Sequence[Attachment]]
    deliveries: Mapping[int, Delivery]
    window: ReplyWindow | None
    channel: Channel | None


def _reference(head: AnyRow, desk: Desk) -> ConversationRef:
    return ConversationRef(
        id=head.id,
        workspace_id=desk.workspace_id,
        number=head.number,
        subject=head.subject,
        status=head.status,
        channel=head.channel,
        mailbox_id=head.mailbox_id,
        customer_id=head.customer_id,
        customer_email=head.customer_email,
        customer_name=head.customer_name,
        customer_phone=head.customer_phone,
        assigned_to=head.user_id,
    )


_THREADS = (
    select(Thread).where(Thread.conversation_id == bindparam("conversation")).order_by(Thread.id)
)


def read_conversation(desk: Desk, conversation_id: int) -> ConversationDetails:
    """Return a live conversation with its threads; raises ``NotFound``."""
    head = conversation_row(desk, conversation_id)
    if head is None:
        raise NotFound
    threads = desk.session.execute(_THREADS, {"conversation": conversation_id}).scalars().all()
    messages = [thread.id for thread in threads if thread.type == "message"]
    return ConversationDetails(
        head=head,
        threads=threads,
        users=names_of(desk, threads),
        attachments=desk.attachments.of_threads([thread.id for thread in threads]),
        deliveries=desk.deliveries.of_threads(messages),
        window=desk.replies.window(_reference(head, desk)),
        channel=desk.plugins.channels.get(head.channel),
    )


def names_of(desk: Desk, threads: Sequence[Thread]) -> dict[int, str]:
    """Return the names of the members who wrote these threads, former ones too."""
    ids = {thread.user_id for thread in threads if thread.user_id is not None}
    if not ids:
        return {}
    rows = desk.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {row.id: row.name for row in rows}
