"""Text messages through Textline: a channel of support-core.

Textline posts what customers write to ``/sms/webhook/{mailbox id}``, signed; replies leave by its
HTTP API. A customer who texts STOP is not answered any more until they text START.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Channel, hookimpl

from .contacts import compose, forget, window
from .delivery import carry
from .demo import add_demo
from .health import check
from .mailbox import LINE_FIELDS
from .settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.config import Configurator

    from support_core.plugin_api import (
        Check,
        Composition,
        ConversationRef,
        Desk,
        DomainEvent,
        MailboxFields,
        OpenDesk,
        OutboundMessage,
        ReplyWindow,
        Sent,
        Setting,
    )

support_contract = 1


def includeme(config: Configurator) -> None:
    """Add the webhook."""
    config.scan(".views")


@hookimpl
def support_channel() -> Channel:
    return Channel(name="sms", label="SMS", attachments=False, receipts=True, max_body=1600)


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_mailbox_schema() -> MailboxFields:
    return LINE_FIELDS


@hookimpl
def support_can_reply(conversation: ConversationRef, desk: Desk) -> ReplyWindow:
    return window(desk, conversation)


@hookimpl
def support_compose(conversation: ConversationRef) -> Composition:
    return compose(conversation)


@hookimpl
def support_deliver(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    return carry(message, open_desk)


@hookimpl
def support_event(event: DomainEvent, desk: Desk) -> None:
    if event.type == "customer.erased":
        forget(desk, event.payload["customer_id"])


@hookimpl
def support_health(desk: Desk) -> Sequence[Check]:
    return check(desk)


@hookimpl
def support_demo(desk: Desk) -> None:
    add_demo(desk)
