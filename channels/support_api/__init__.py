"""The API channel: a host's own program writes for its customers and hears the answers.

Customers' messages come in by ``POST /conversations/{id}/messages``; replies go out as signed
webhooks (Standard Webhooks 1.0.0) to the mailbox's ``callback_url``, or are read by the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Channel, Composition, MailboxFields, hookimpl

from .delivery import carry
from .mailbox import CALLBACK_FIELDS, has_callback

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from support_core.plugin_api import ConversationRef, Desk, OpenDesk, OutboundMessage, Sent

support_contract = 1


def includeme(config: Configurator) -> None:
    """Add the channel's routes."""
    config.scan(".views")


@hookimpl
def support_channel() -> Channel:
    return Channel(name="api", label="API", receipts=False, rest_default=True)


@hookimpl
def support_mailbox_schema() -> MailboxFields:
    return CALLBACK_FIELDS


@hookimpl
def support_compose(conversation: ConversationRef, desk: Desk) -> Composition:
    """A reply travels only where the mailbox has a callback; otherwise it is read by the API."""
    return Composition(transport=has_callback(desk, conversation.mailbox_id))


@hookimpl
def support_deliver(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    return carry(message, open_desk)
