"""Which conversation a mail belongs to, and whether its sender does.

In this order: a signed token in an address it came to, then the mails it refers to, the nearest
first, then a mail that has referred to this one. Never the subject: anybody can write that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Conversation, User, email_key

from .tokens import message_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support_core.plugin_api import Customer, Desk

    from .incoming import Incoming
    from .knowing import KnownRefs, NewRef
    from .models import EmailRef
    from .people import People
    from .tokens import Signer

#: Mails refer to dozens of others; the nearest tell.
ANCESTORS = 30


@dataclass(frozen=True)
class Placement:
    """Where a mail goes.

    ``conversation`` is where it continues, None for a new one; ``linked`` the one it pointed to
    without its sender belonging there. ``awaited`` is what is known of the mail's own Message-ID.
    ``agent_id`` is the member whose token it carries;
    ``unproven`` tells that a member's address wrote, without proof. ``customer`` is the
    conversation's, where they were looked at: they are needed again.
    """

    conversation: Conversation | None = None
    linked: Conversation | None = None
    awaited: EmailRef | NewRef | None = None
    agent_id: int | None = None
    unproven: bool = False
    customer: Customer | None = None


def place(  # noqa: PLR0913 - what is known, by keyword
    desk: Desk,
    incoming: Incoming,
    *,
    refs: KnownRefs,
    people: People,
    signer: Signer,
    members: Mapping[str, int],
) -> Placement:
    """Find the mail's place; ``members`` are those of :func:`members_of`."""
    sender = incoming.sender
    member = members.get(email_key(sender.email)) if sender else None
    linked = None
    known = refs.of(named(incoming))
    awaited = known.get(message_key(incoming.mail.message_id))
    for conversation_id, user_id in _pointed_at(signer, incoming, known):
        conversation = desk.session.get(Conversation, conversation_id)
        if conversation is None or conversation.deleted_at is not None:
            continue
        if user_id is not None and member == user_id:
            return Placement(conversation, awaited=awaited, agent_id=user_id)
        if incoming.automatic and sender is None:
            return Placement(conversation, awaited=awaited)
        customer = desk.conversations.customer_of(conversation)
        if sender is not None and _belongs(people, conversation, customer, sender.email):
            return Placement(conversation, awaited=awaited, customer=customer)
        if member is not None:
            return Placement(conversation, awaited=awaited, unproven=True)
        linked = linked or conversation
    return Placement(linked=linked, awaited=awaited)


def named(incoming: Incoming) -> list[str]:
    """Return the Message-IDs that tell a mail's place."""
    return [*incoming.ancestors[:ANCESTORS], incoming.mail.message_id]


def _pointed_at(
    signer: Signer, incoming: Incoming, known: Mapping[str, EmailRef | NewRef]
) -> Iterator[tuple[int, int | None]]:
    """Yield (conversation, member named by the token), the best reason first, without repeats."""
    seen: set[tuple[int, int | None]] = set()
    for address in dict.fromkeys(incoming.addressees):
        token = signer.in_address(address)
        if token is not None and (it := (token.conversation_id, token.user_id)) not in seen:
            seen.add(it)
            yield it
    for message_id in incoming.ancestors[:ANCESTORS]:
        ref, token = known.get(message_key(message_id)), signer.in_message_id(message_id)
        found = ref.conversation_id if ref is not None else None
        if found is None and token is not None:
            found = token.conversation_id
        if found is not None and (found, None) not in seen:
            seen.add((found, None))
            yield found, None
    own = known.get(message_key(incoming.mail.message_id)) if incoming.mail.message_id else None
    if own is not None and own.direction == "awaited":
        yield own.conversation_id, None


def _belongs(people: People, conversation: Conversation, customer: Customer, address: str) -> bool:
    key = email_key(address)
    return customer.email_key == key or key in people.of(conversation.id)


def members_of(desk: Desk) -> dict[str, int]:
    """Return the active members by what tells their addresses apart."""
    rows = desk.session.execute(
        select(User.email_key, User.id).where(User.deleted_at.is_(None), User.is_active)
    ).all()
    return {row.email_key: row.id for row in rows}
