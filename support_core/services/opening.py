"""Opening a conversation through the API, the customer's or an agent's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..channels import InboundMessage
from ..errors import Invalid, MessageDropped
from .replies import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..desk import Desk
    from ..models import Conversation


def open_conversation(desk: Desk, values: Mapping[str, Any]) -> Conversation:
    """Open a conversation from a validated body.

    Raises ``Invalid`` for a mailbox, member or attachment that is not there; every reference is
    checked before anything is written, and all that fail are named.
    """
    _check_references(desk, values)
    by_customer = values["type"] == "customer"
    conversation = _from_customer(desk, values) if by_customer else _from_agent(desk, values)
    if values["assigned_to"] is not None and conversation.assigned_to != values["assigned_to"]:
        conversation.assigned_to = values["assigned_to"]
        desk.session.flush()
    return conversation


def _check_references(desk: Desk, values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    checks: tuple[tuple[Callable[[Any, str], object], str], ...] = (
        (desk.mailboxes.require, "mailbox_id"),
        (desk.members.require_assignable, "assigned_to"),
        (desk.attachments.require_free, "attachment_ids"),
    )
    for check, field in checks:
        if values[field] is not None:
            try:
                check(values[field], field)
            except Invalid as invalid:
                errors.update(invalid.errors)
    if errors:
        raise Invalid(errors)


def _from_customer(desk: Desk, values: Mapping[str, Any]) -> Conversation:
    filed = desk.inbound.receive(
        InboundMessage(
            channel=values["channel"],
            mailbox_id=values["mailbox_id"],
            subject=values["subject"],
            body=values["body"],
            body_format=values["body_format"],
            customer_email=values["customer_email"],
            customer_name=values["customer_name"],
            attachment_ids=values["attachment_ids"],
            priority=values["priority"],
            tags=values["tags"],
        )
    )
    if filed is None:
        raise MessageDropped
    return filed.conversation


def _from_agent(desk: Desk, values: Mapping[str, Any]) -> Conversation:
    if not desk.plugins.channels[values["channel"]].outbound:
        raise Invalid({"channel": ["The selected channel is invalid."]})
    conversation = desk.conversations.open(
        mailbox=desk.mailboxes.require(values["mailbox_id"]),
        customer=desk.customers.find_or_create(
            email=values["customer_email"], name=values["customer_name"]
        ),
        subject=values["subject"],
        channel=values["channel"],
        priority=values["priority"],
        tags=values["tags"],
        assigned_to=values["assigned_to"],
    )
    desk.replies.add(
        conversation,
        Reply(
            body=values["body"],
            body_format=values["body_format"],
            attachment_ids=values["attachment_ids"],
        ),
    )
    return conversation
