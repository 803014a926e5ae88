"""Bodies and queries of the public calls."""

from __future__ import annotations

from support_core.plugin_api import fields

from .schemas import LOCALE

MESSAGE_MAX = 5000
VISITOR_ID = "[A-Za-z0-9._:@+=-]{1,64}"
USER_HASH = "[0-9A-Fa-f]{64}"
LARGEST_CONTACT = 2**53 - 1


def _token() -> fields.String:
    return fields.String(max=255, single_line=True)


class InitBody(fields.Body):
    token = _token()
    visitor_id = fields.String(pattern=VISITOR_ID, missing=None, nullable=True)
    email = fields.Email(missing=None, nullable=True)
    name = fields.String(max=255, single_line=True, missing=None, nullable=True)
    user_hash = fields.String(pattern=USER_HASH, missing=None, nullable=True)
    page_url = fields.Url(missing=None, nullable=True)
    page_title = fields.String(max=255, missing=None, nullable=True)
    referrer = fields.Url(missing=None, nullable=True)
    locale = fields.String(pattern=LOCALE, max=35, missing=None, nullable=True)


class _ContactBody(fields.Body):
    token = _token()
    contact_id = fields.Id()


class VisitBody(_ContactBody):
    page_url = fields.Url(missing=fields.drop, nullable=True)
    page_title = fields.String(max=255, missing=fields.drop, nullable=True)


class _Written(_ContactBody):
    message = fields.String(min=1, max=MESSAGE_MAX, strip=False)
    client_id = fields.String(
        max=64,
        single_line=True,
        missing=None,
        nullable=True,
        description="Makes a resend harmless.",
    )
    attachment_ids = fields.ListOf(fields.Id(), max=50, distinct=True, missing=())


class StartBody(_Written):
    email = fields.Email(missing=None, nullable=True)
    name = fields.String(max=255, single_line=True, missing=None, nullable=True)
    answers = fields.JsonObject(
        max_properties=20,
        max_depth=1,
        max_kilobytes=32,
        missing=None,
        nullable=True,
        description="Answers to the widget's own questions, by their names.",
    )


class MessageBody(_Written):
    conversation_id = fields.Id()


class TypingBody(_ContactBody):
    conversation_id = fields.Id()
    is_typing = fields.Boolean(missing=True)


class ReadBody(_ContactBody):
    conversation_id = fields.Id()
    last_read_id = fields.Id(description="The newest message that the visitor has seen.")


class ContactQuery(fields.Query):
    token = _token()
    contact_id = fields.Id()


class StreamQuery(ContactQuery):
    last_event_id = fields.Integer(min=0, missing=fields.drop)


class HistoryQuery(ContactQuery):
    conversation_id = fields.Id()
    after = fields.Integer(
        min=0, missing=fields.drop, description="Only what is newer than this message."
    )
