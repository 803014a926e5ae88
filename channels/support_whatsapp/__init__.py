"""The WhatsApp channel: numbers of Meta's Cloud API.

A webhook is proved, kept and answered (``webhook``, ``intake``); a job files what it tells, thing
by thing (``handling``, ``filing``), and another fetches each file (``media``). Replies leave at
most once (``sending``). ``reading`` and ``content`` know payloads and nothing of the desk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Channel, Permission, hookimpl

from . import accounts
from .commands import whatsapp
from .composing import compose
from .contacts import merged, window
from .demo import add_demo
from .erasing import forget
from .health import check
from .intake import Intake
from .keeping import SCHEDULES
from .parts import MOST_BYTES
from .receipts import mark_answered
from .sending import carry
from .settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import click
    from pyramid.config import Configurator

    from support_core.plugin_api import (
        Check,
        Composition,
        ConversationRef,
        Desk,
        DomainEvent,
        OpenDesk,
        OutboundMessage,
        ReplyWindow,
        Schedule,
        Sent,
        Setting,
    )

support_contract = 1

FEATURE = "whatsapp"


def includeme(config: Configurator) -> None:
    """Add the channel's routes and jobs, and the resource that plans may limit."""
    application = config.registry.support
    application.extensions["whatsapp"] = Intake(application)
    config.add_support_resource("whatsapp_accounts", accounts.count)
    for module in (
        "checking",
        "handling",
        "keeping",
        "media",
        "receipts",
        "templates",
        "views",
        "webhook",
    ):
        config.scan(f".{module}")


@hookimpl
def support_channel() -> Channel:
    return Channel(
        name="whatsapp",
        label="WhatsApp",
        receipts=True,
        templates=True,
        max_attachment_bytes=MOST_BYTES,
        feature=FEATURE,
    )


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_event_permissions() -> Mapping[str, Permission]:
    return {"whatsapp_account.*": Permission.MANAGE_MAILBOXES}


@hookimpl
def support_schedule() -> Sequence[Schedule]:
    return SCHEDULES


@hookimpl
def support_can_reply(conversation: ConversationRef, desk: Desk) -> ReplyWindow:
    return window(desk, conversation)


@hookimpl
def support_compose(
    conversation: ConversationRef,
    template: Mapping[str, Any] | None,
    attachment_ids: Sequence[int],
    desk: Desk,
) -> Composition:
    return compose(desk, conversation, template, attachment_ids)


@hookimpl
def support_deliver(message: OutboundMessage, open_desk: OpenDesk) -> Sent:
    return carry(message, open_desk)


@hookimpl
def support_event(event: DomainEvent, desk: Desk) -> None:
    if event.type == "thread.added":
        mark_answered(desk, event)
    elif event.type == "customer.merged":
        merged(desk, event.payload["customer_id"], event.payload["merged_id"])
    elif event.type == "customer.erased":
        forget(desk, event.payload["customer_id"])


@hookimpl
def support_cli(group: click.Group) -> None:
    group.add_command(whatsapp)


@hookimpl
def support_health(desk: Desk) -> Sequence[Check]:
    return check(desk)


@hookimpl
def support_demo(desk: Desk) -> None:
    add_demo(desk)
