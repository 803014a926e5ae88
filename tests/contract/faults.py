"""Channels with one fault each, for the kit to find. They build on the probe."""

from __future__ import annotations

import socket
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING

from support_core.channels import Permanent, Retry, Sent
from support_core.hookspecs import hookimpl
from support_core.testing import probe

if TYPE_CHECKING:
    from collections.abc import Callable

    from support_core.channels import OutboundMessage
    from support_core.desk import OpenDesk


def with_delivery(deliver: Callable[..., Sent]) -> ModuleType:
    """Return the probe channel with another way of delivering."""
    module = ModuleType("faulty")
    module.__dict__.update(
        support_contract=1,
        support_channel=probe.support_channel,
        support_can_reply=probe.support_can_reply,
        support_deliver=hookimpl(deliver),
    )
    return module


def sends_inside_a_transaction(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    with open_desk() as desk:
        desk.conversations.get(message.conversation.id)
        here, there = socket.socketpair()
        with here, there:
            here.send(b"a reply")
    return probe.support_deliver(message)


def sends_twice(message: OutboundMessage) -> Sent:
    probe.support_deliver(message)
    return probe.support_deliver(message)


def keeps_reasons_to_itself(message: OutboundMessage) -> Sent:
    try:
        return probe.support_deliver(message)
    except Retry as retry:
        raise Retry(retry.after, "Failed.") from None
    except Permanent:
        raise Permanent("Failed.") from None


def takes_a_refusal_for_success(message: OutboundMessage) -> Sent:
    try:
        return probe.support_deliver(message)
    except Permanent:
        return Sent()


def changes_the_message_id(message: OutboundMessage) -> Sent:
    message_id = f"{message.message_id}-{message.attempt}"
    return probe.support_deliver(replace(message, message_id=message_id))
