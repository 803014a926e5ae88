"""The channel's share of the demo workspace: a widget, and visitors behind its chats."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import func, select

from support_core.plugin_api import Conversation, Customer, Mailbox, Thread

from . import widgets
from .models import ChatContact, ChatConversation, ChatWidget
from .schemas import CREATE_WIDGET

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from support_core.plugin_api import Desk

NAME = "Demo shop"

WHY = "the demo page shows the demo workspace's widget to whoever runs this desk"

PAGES = (
    ("https://shop.example/", "Demo shop"),
    ("https://shop.example/cart", "Your cart"),
    ("https://shop.example/orders", "Your orders"),
    ("https://shop.example/returns", "Returns and refunds"),
)
BROWSERS = (
    "Firefox 128 on Linux",
    "Safari 17 on iOS",
    "Chrome 126 on Windows",
    "Edge 126 on macOS",
)

SETTINGS = {
    "name": NAME,
    "welcome_title": "Hi there!",
    "welcome_tagline": "Ask us about orders, returns, or anything else.",
    "away_message": "We are asleep right now, and will get back to you in the morning.",
    "timezone": "Europe/Berlin",
    "pre_chat": {
        "enabled": True,
        "email": "optional",
        "name": "optional",
        "questions": [{"name": "order", "label": "Order number"}],
    },
    "translations": [
        {
            "locale": "de",
            "welcome_title": "Moin!",
            "welcome_tagline": "Fragen zu Bestellungen, Rücksendungen, oder zu etwas anderem?",
            "away_message": "Wir schlafen gerade und melden uns am Morgen.",
            "reply_time": "antwortet meist in wenigen Minuten",
        }
    ],
}


def shown_token(session: Session) -> str | None:
    """Return the token of the demo's widget, in whichever workspace; None where there is none."""
    return session.execute(
        select(ChatWidget.token)
        .where(ChatWidget.name == NAME, ChatWidget.is_active, ChatWidget.deleted_at.is_(None))
        .order_by(ChatWidget.id)
        .limit(1)
        .execution_options(unscoped=WHY)
    ).scalar_one_or_none()


def furnish(desk: Desk) -> None:
    """Make the widget, and give every chat of the demo its visitor."""
    mailbox_id = desk.session.execute(select(func.min(Mailbox.id))).scalar_one()
    values = CREATE_WIDGET.deserialize({**SETTINGS, "mailbox_id": mailbox_id})
    widget, _ = widgets.create(desk, values)
    rows = desk.session.execute(
        select(Conversation.id, Conversation.created_at, Conversation.status, Customer)
        .join(Customer, Customer.id == Conversation.customer_id)
        .where(Conversation.channel == "chat")
        .order_by(Conversation.id)
    ).all()
    contacts: dict[int, ChatContact] = {}
    for number, (conversation_id, created_at, status, customer) in enumerate(rows):
        contact = contacts.get(customer.id)
        if contact is None:
            contact = contacts[customer.id] = _contact(desk, widget, customer, number)
            contact.created_at = created_at
        contact.last_seen_at = created_at
        last = desk.session.execute(
            select(func.max(Thread.id)).where(Thread.conversation_id == conversation_id)
        ).scalar_one()
        desk.session.add(
            ChatConversation(
                conversation_id=conversation_id,
                contact_id=contact.id,
                visitor_read_id=last or 0,
                agent_read_id=(last or 0) if status != "active" else 0,
                mailed_id=0,
            )
        )
    for contact in list(contacts.values())[:3]:
        contact.last_seen_at = desk.clock()  # on the pages just now
    desk.session.flush()


def _contact(desk: Desk, widget: ChatWidget, customer: Customer, number: int) -> ChatContact:
    url, title = PAGES[number % len(PAGES)]
    contact = ChatContact(
        widget_id=widget.id,
        secret_id=secrets.randbelow(2**53 - 1) + 1,
        visitor_id=str(uuid4()),
        customer_id=customer.id,
        email=customer.email,
        name=customer.display_name,
        answers={},
        page_url=url,
        page_title=title,
        browser=BROWSERS[number % len(BROWSERS)],
        locale="de" if number % 3 == 0 else "en",
        last_seen_at=desk.clock(),
    )
    desk.session.add(contact)
    desk.session.flush()
    return contact
