"""A whole conversation, read with a fixed number of statements however long it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..channels import ConversationRef
from ..conversation_fields import shown_names
from ..errors import NotFound
from .conversation_queries import conversation_row
from .replies import ERASED_WINDOW
from .thread_details import details_of, threads_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..channels import Channel, ReplyWindow
    from ..db import AnyRow
    from ..desk import Desk
    from .thread_details import ThreadDetails


@dataclass(frozen=True)
class ConversationDetails:
    """Everything ``GET /conversations/{id}`` shows."""

    head: AnyRow
    threads: Sequence[AnyRow]
    details: ThreadDetails
    window: ReplyWindow | None
    channel: Channel | None
    #: The plugins' fields, which are in ``head`` by these names.
    added: Sequence[str]


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


def read_conversation(desk: Desk, conversation_id: int) -> ConversationDetails:
    """Return a live conversation with its threads; raises ``NotFound``."""
    head = conversation_row(desk, conversation_id)
    if head is None:
        raise NotFound
    threads = threads_of(desk, conversation_id)
    return ConversationDetails(
        head=head,
        threads=threads,
        details=details_of(desk, threads),
        window=(
            ERASED_WINDOW
            if head.erased_at is not None
            else desk.replies.window(_reference(head, desk))
        ),
        channel=desk.plugins.channels.get(head.channel),
        added=shown_names(desk.plugins.conversation_fields),
    )
