"""The types of the events that the core publishes."""

from __future__ import annotations

EVENT_TYPES = (
    "conversation.created",
    "conversation.deleted",
    "conversation.moved",
    "conversation.restored",
    "conversation.updated",
    "customer.created",
    "customer.deleted",
    "customer.erased",
    "customer.merged",
    "customer.updated",
    "delivery.updated",
    "mailbox.created",
    "mailbox.deleted",
    "mailbox.updated",
    "message.dropped",
    "role.updated",
    "thread.added",
    "thread.cancelled",
    "thread.updated",
    "token.revoked",
    "user.created",
    "user.deleted",
    "user.updated",
)
