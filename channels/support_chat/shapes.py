"""What the channel's answers look like, for ``/openapi.json`` and the tests of it."""

from __future__ import annotations

from typing import Any

from support_core.plugin_api import component, many, maybe, obj

ID = {"type": "integer", "minimum": 1}
COUNT = {"type": "integer", "minimum": 0}
TEXT = {"type": "string"}
FLAG = {"type": "boolean"}
MOMENT = {"type": "string", "format": "date-time"}
ANYTHING = {"type": "object", "additionalProperties": True}
TRUE = {"type": "boolean", "const": True}

SUCCESS = obj(success=TRUE)

UPLOAD = component("ChatAttachment", obj(id=ID, name=TEXT, content_type=TEXT, size=COUNT))
MESSAGE = component(
    "ChatMessage",
    {
        "type": "object",
        "properties": {
            "id": ID,
            "type": {"type": "string", "enum": ["customer", "agent"]},
            "body": TEXT,
            "agent_name": maybe(TEXT),
            "created_at": MOMENT,
            "client_id": TEXT,
            "attachments": many(UPLOAD),
        },
        "required": ["id", "type", "body", "agent_name", "created_at"],
        "additionalProperties": False,
    },
)
WRITTEN = component("ChatThread", obj(id=ID, body=TEXT, created_at=MOMENT))
STARTED = obj(success=TRUE, conversation=obj(id=ID, number=ID, subject=TEXT), thread=WRITTEN)
SENT = obj(success=TRUE, thread=WRITTEN)
HISTORY = obj(success=TRUE, messages=many(MESSAGE))
UPLOADED = obj(success=TRUE, attachment=UPLOAD)

INIT = component(
    "ChatInit",
    obj(
        success=TRUE,
        widget=obj(
            id=ID,
            name=TEXT,
            color=TEXT,
            welcome_title=TEXT,
            welcome_tagline=TEXT,
            away_message=TEXT,
            reply_time=TEXT,
            require_email=FLAG,
        ),
        contact=obj(id=ID, visitor_id=TEXT, pubsub_channel=TEXT),
        active_conversation=maybe(
            obj(
                id=ID,
                number=ID,
                subject=TEXT,
                status=TEXT,
                unread=COUNT,
                agent_read_id=maybe(ID),
            )
        ),
        options=ANYTHING,
    ),
)

_WIDGET: dict[str, Any] = {
    "id": ID,
    "name": TEXT,
    "token": TEXT,
    "mailbox_id": ID,
    "is_active": FLAG,
    "color": TEXT,
    "text_color": TEXT,
    "position": TEXT,
    "welcome_title": TEXT,
    "welcome_tagline": TEXT,
    "away_message": TEXT,
    "reply_time": TEXT,
    "require_email": FLAG,
    "allowed_domains": many(TEXT),
    "hmac_required": FLAG,
    "business_hours": maybe(ANYTHING),
    "holidays": many(ANYTHING),
    "timezone": TEXT,
    "pre_chat": ANYTHING,
    "locale": TEXT,
    "texts": ANYTHING,
    "translations": many(ANYTHING),
    "created_at": MOMENT,
    "updated_at": MOMENT,
}
WIDGET = component("Widget", obj(**_WIDGET))
WIDGET_WITH_SECRET = component("WidgetWithSecret", obj(**_WIDGET, hmac_secret=TEXT))
ROTATED_WIDGET = component(
    "RotatedWidget", obj(**_WIDGET, hmac_secret=TEXT, old_hmac_secret_until=MOMENT)
)
VISITOR = component(
    "Visitor",
    obj(
        id=ID,
        widget_id=ID,
        name=maybe(TEXT),
        email=maybe(TEXT),
        verified=FLAG,
        customer_id=maybe(ID),
        conversation_id=maybe(ID),
        page_url=maybe(TEXT),
        page_title=maybe(TEXT),
        referrer=maybe(TEXT),
        browser=maybe(TEXT),
        locale=maybe(TEXT),
        answers=ANYTHING,
        is_online=FLAG,
        first_seen_at=MOMENT,
        last_seen_at=MOMENT,
    ),
)
