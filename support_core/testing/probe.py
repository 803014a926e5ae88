"""A channel for tests: it carries nothing, remembers everything, and fails on demand.

Enable it with ``make_desk(..., extra={"probe": probe})``.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..channels import Channel, ReplyWindow, Sent
from ..hookspecs import hookimpl

if TYPE_CHECKING:
    from ..channels import ConversationRef, OutboundMessage

support_contract = 1

_LOCK = threading.Lock()

#: Every attempt, in order, of all tests of this process: look for your own ids.
attempts: list[OutboundMessage] = []

#: Of these, the ones that did not fail.
carried: list[OutboundMessage] = []

#: What the next attempts raise, by conversation id, first first.
failures: dict[int, list[Exception]] = {}

#: Reply windows to report, by conversation id.
windows: dict[int, ReplyWindow] = {}


def forget() -> None:
    """Forget everything; between tests, because ids of two databases are alike."""
    with _LOCK:
        for memory in (attempts, carried, failures, windows):
            memory.clear()


@hookimpl
def support_channel() -> Channel:
    return Channel(name="probe", label="Probe", receipts=True, max_body=20_000)


@hookimpl
def support_can_reply(conversation: ConversationRef) -> ReplyWindow | None:
    return windows.get(conversation.id)


@hookimpl
def support_deliver(message: OutboundMessage) -> Sent:
    with _LOCK:
        attempts.append(message)
        waiting = failures.get(message.conversation.id)
        if waiting:
            raise waiting.pop(0)
        carried.append(message)
    return Sent(external_id=f"probe-{message.message_id}")
