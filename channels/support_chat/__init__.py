"""The live chat channel: a visitor on any website opens a bubble and talks to a person.

``gate`` decides who may call, ``contacts`` who they are, ``talking`` files what they say, and
``streaming`` shows them what comes back. Visitors see plain text and public names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from support_core.plugin_api import Channel, Composition, Permission, Sent, hookimpl

from . import continuity, widgets
from .audience import VISITORS
from .contacts import follow_merge, forget
from .cors import tween as tween
from .demo import furnish
from .gate import admitted
from .keeping import SCHEDULES
from .reading import agents_look
from .settings import SETTINGS
from .visitors import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyramid.config import Configurator

    from support_core.plugin_api import (
        Audience,
        ConversationFields,
        ConversationRef,
        Desk,
        DomainEvent,
        Schedule,
        Setting,
    )

support_contract = 1


def includeme(config: Configurator) -> None:
    """Add the channel's routes, jobs, and the resource that plans limit."""
    config.add_support_resource("widgets", widgets.count)
    config.add_view_deriver(
        admitted, name="chat_admitted", under="decorated_view", over="csrf_checked"
    )
    config.add_tween(f"{__name__}.cors.tween", under="support_core.rest.tween.observe")
    config.scan(".views")
    config.scan(".widget_views")
    config.scan(".agent_views")
    config.scan(".pages")
    config.scan(".continuity")
    config.scan(".keeping")


@hookimpl
def support_channel() -> Channel:
    return Channel(
        name="chat", label="Live chat", typing=True, receipts=True, feature="chat_widget"
    )


@hookimpl
def support_settings_schema() -> Sequence[Setting]:
    return SETTINGS


@hookimpl
def support_schedule() -> Sequence[Schedule]:
    return SCHEDULES


@hookimpl
def support_event_permissions() -> Mapping[str, Permission]:
    return {"chat.*": Permission.VIEW_CONVERSATIONS, "widget.*": Permission.MANAGE_WIDGETS}


@hookimpl
def support_conversation_schema() -> ConversationFields:
    return FIELDS


@hookimpl
def support_audiences() -> Sequence[Audience]:
    return (VISITORS,)


@hookimpl
def support_compose() -> Composition:
    """A reply is there with the commit; one that is held back is shown when its time comes."""
    return Composition(transport=False)


@hookimpl
def support_deliver() -> Sent:
    """A reply that was held back is due: from now on the visitor may see it."""
    return Sent()


@hookimpl
def support_presence(conversation: ConversationRef, desk: Desk) -> None:
    if conversation.channel == "chat":
        agents_look(desk, conversation.id)


@hookimpl
def support_demo(desk: Desk) -> None:
    furnish(desk)


@hookimpl
def support_dev_links() -> Sequence[tuple[str, str]]:
    return [("Chat demo", "/chat/demo")]


@hookimpl
def support_event(event: DomainEvent, desk: Desk) -> None:
    if event.type == "customer.erased":
        forget(desk, event.payload["customer_id"])
    elif event.type == "customer.merged":
        follow_merge(desk, event.payload["customer_id"], event.payload["merged_id"])
    else:
        continuity.replied(desk, event)
