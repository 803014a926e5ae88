"""What the public calls refuse, in words of their own."""

from __future__ import annotations

from support_core.plugin_api import Forbidden, NotFound


class WidgetNotFound(NotFound):
    """The token is unknown, or its widget is off."""

    code = "widget_not_found"
    message = "Invalid or inactive chat widget"


class ContactNotFound(NotFound):
    """The contact is unknown to this widget; ``POST /chat/init`` makes one."""

    code = "contact_not_found"
    message = "Chat contact not found"


class ConversationNotFound(NotFound):
    """The conversation is not one of this contact's."""

    code = "conversation_not_found"
    message = "Conversation not found"


class OriginNotAllowed(Forbidden):
    """The page's origin is not among the widget's allowed domains."""

    code = "origin_not_allowed"
    message = "This website may not use the chat widget."


class InvalidSignature(Forbidden):
    """``user_hash`` does not prove who the visitor says to be."""

    code = "invalid_signature"
    message = "The user hash is missing or does not match."
