"""Forgetting a customer's mail, so that it neither stays nor comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from support_core.plugin_api import Conversation

from .keeping import delete_raw
from .models import EmailIngest, EmailParticipant, EmailRef, EmailSending

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

UNSYNCHRONIZED: dict[str, Any] = {"synchronize_session": False}


def forget(desk: Desk, customer_id: int) -> None:
    """Erase what mails of a customer's conversations hold; their digests stay as tombstones.

    The digest keeps a mail that is still on the server from being filed a second time; it tells
    nothing of its own.
    """
    session = desk.session
    theirs = select(Conversation.id).where(Conversation.customer_id == customer_id)
    of_theirs = EmailIngest.conversation_id.in_(theirs)
    keys = session.execute(
        select(EmailIngest.blob_key).where(of_theirs, EmailIngest.blob_key.is_not(None)).distinct()
    ).scalars()
    freed = list(keys)
    session.execute(
        update(EmailIngest)
        .where(of_theirs)
        .values(
            message_id=None,
            sender=None,
            subject=None,
            answer_to=None,
            blob_key=None,
            reason="The customer's data has been erased.",
        ),
        execution_options=UNSYNCHRONIZED,
    )
    session.execute(
        update(EmailRef).where(EmailRef.conversation_id.in_(theirs)).values(message_id=None),
        execution_options=UNSYNCHRONIZED,
    )
    session.execute(
        delete(EmailParticipant).where(EmailParticipant.conversation_id.in_(theirs)),
        execution_options=UNSYNCHRONIZED,
    )
    deliveries = select(EmailRef.delivery_id).where(EmailRef.conversation_id.in_(theirs))
    session.execute(
        update(EmailSending)
        .where(EmailSending.delivery_id.in_(deliveries))
        .values(recipients=None),
        execution_options=UNSYNCHRONIZED,
    )
    for key in freed:
        desk.enqueue(delete_raw, str(key))
