"""Preparing a reply: whom it goes to, and whether WhatsApp would take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from support_core.plugin_api import Composition, Invalid

from .contacts import NO_ACCOUNT, NO_PHONE, route_of
from .phones import phone_of
from .templates import prepare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.plugin_api import ConversationRef, Desk


def compose(
    desk: Desk,
    conversation: ConversationRef,
    template: Mapping[str, Any] | None,
    attachment_ids: Sequence[int],
) -> Composition:
    """Address a reply to the customer's phone; raises ``Invalid`` for a template that is none."""
    account, _, address = route_of(desk, conversation)
    if address is None:
        raise Invalid({"body": [NO_PHONE]})
    if account is None:
        raise Invalid({"body": [NO_ACCOUNT]})
    body = None
    if template is not None:
        body = prepare(desk, account, template, files=len(set(attachment_ids))).body
    shown = {"type": "to", "address": phone_of(address), "reason": "the customer"}
    return Composition(recipients=(shown,), body=body)
