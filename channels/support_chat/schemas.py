"""Bodies and queries of the agents' side: widgets."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from support_core.plugin_api import fields

from .hours import WEEKDAYS, overlapping
from .origins import normal_domain

LOCALE = "[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}"
COLOR = "#[0-9a-fA-F]{6}"
CLOCK = "(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)"
DATE = "20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|20[0-9]{2}-(?:0[13-9]|1[0-2])-(?:29|30)|20[0-9]{2}-(?:0[13578]|1[02])-31|20(?:[02468][048]|[13579][26])-02-29"  # noqa: E501
QUESTION_NAME = "[a-z][a-z0-9_]{0,31}"
DOMAIN = r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,30}[A-Za-z0-9])?){1,3}(?::[1-9][0-9]{0,3})?"  # noqa: E501

OVERLAP = "The :attribute must not overlap, and each has to end after it begins."
TWICE = "The :attribute field has a duplicate value."
DOMAIN_INVALID = "The :attribute must be a domain such as shop.example.com or *.example.com."

#: The widget's own words that a workspace may replace.
TEXTS = (
    "open",
    "close",
    "unread",
    "title",
    "messages",
    "placeholder",
    "message",
    "send",
    "attach",
    "drop",
    "remove",
    "you",
    "agent",
    "typing",
    "sending",
    "waiting",
    "sent",
    "seen",
    "message_failed",
    "retry",
    "discard",
    "latest",
    "offline",
    "reconnecting",
    "error",
    "busy",
    "gone",
    "foreign",
    "identity",
    "away",
    "back",
    "closed",
    "name_label",
    "email_label",
    "optional",
    "choose",
    "required",
    "invalid_email",
    "too_long",
    "uploading",
    "ready",
    "attachment_too_large",
    "too_many",
    "attachment_type_not_allowed",
    "bad_file",
    "too_much",
    "no_room",
    "not_kept",
    "file_gone",
)

SHOWN = (
    "id",
    "token",
    "created_at",
    "updated_at",
)


class Domain(fields.String):
    """A domain that may use the widget, in one spelling; see :mod:`.origins`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max=260, single_line=True, **options)

    def read(self, value: Any) -> str | None:
        text = super().read(value)
        if text is None:
            return None
        domain = normal_domain(text)
        if domain is None:
            raise self.refused(DOMAIN_INVALID)
        return domain

    def _pattern(self, *, empty: bool) -> str:  # noqa: ARG002
        # Narrower than what is read: international names and addresses have no exact pattern.
        return f"^{DOMAIN}$"


def _not_overlapping(node: fields.Field, value: list[dict[str, str]]) -> None:
    if overlapping(value):
        raise node.refused(OVERLAP)


def _distinct(key: str) -> Any:
    def check(node: fields.Field, value: list[dict[str, Any]]) -> None:
        known = [it[key].lower() for it in value]
        if len(set(known)) != len(known):
            raise node.refused(TWICE)

    return check


def _blocks(**options: Any) -> fields.ListOf:
    block = fields.Body().extended_with(
        [fields.String(name=name, pattern=CLOCK) for name in ("from", "to")]
    )
    return fields.ListOf(block, max=10, missing=[], validator=_not_overlapping, **options)


def _week() -> fields.Body:
    return fields.Body(
        name="business_hours",
        missing=None,
        nullable=True,
        description="Opening times by weekday, several a day; null for always open.",
    ).extended_with([_blocks(name=day) for day in WEEKDAYS])


class _Holiday(fields.Body):
    date = fields.String(pattern=DATE, description="2026-12-24")
    name = fields.String(max=255, missing=None, nullable=True)


HOLIDAY = _Holiday().extended_with([_blocks(name="blocks", description="Empty: closed all day.")])


def _texts(**options: Any) -> fields.Body:
    return fields.Body(missing={}, **options).extended_with(
        [fields.String(name=key, max=255, missing=fields.drop) for key in TEXTS]
    )


class _Translation(fields.Body):
    locale = fields.String(pattern=LOCALE, max=35)
    welcome_title = fields.String(max=255, missing=fields.drop)
    welcome_tagline = fields.String(max=255, missing=fields.drop)
    away_message = fields.String(max=1000, missing=fields.drop)
    reply_time = fields.String(max=255, missing=fields.drop)


TRANSLATION = _Translation().extended_with([_texts(name="texts")])

ASKED = ("hidden", "optional", "required")


class _Question(fields.Body):
    name = fields.String(pattern=QUESTION_NAME, max=32)
    label = fields.String(max=255)
    type = fields.Choice(("text", "textarea", "select", "checkbox"), missing="text")
    required = fields.Boolean(missing=False)
    options = fields.ListOf(fields.String(max=255), max=50, distinct=True, missing=[])

    def validator(self, node: fields.Field, value: dict[str, Any]) -> None:
        """A choice needs something to choose from; nothing else has options."""
        if (value["type"] == "select") != bool(value["options"]):
            problem = fields.Refused(node)
            problem["options"] = (
                "The :attribute field is required."
                if value["type"] == "select"
                else "The :attribute field is prohibited."
            )
            raise problem


class _PreChat(fields.Body):
    enabled = fields.Boolean(missing=False)
    email = fields.Choice(ASKED, missing="optional")
    name = fields.Choice(ASKED, missing="optional")


def _pre_chat() -> fields.Body:
    return _PreChat(
        name="pre_chat",
        missing={"enabled": False, "email": "optional", "name": "optional", "questions": []},
        description="What a visitor is asked before the first message.",
    ).extended_with(
        [
            fields.ListOf(
                _Question(),
                max=20,
                missing=[],
                validator=_distinct("name"),
                name="questions",
            )
        ]
    )


@cache
def timezones() -> tuple[str, ...]:
    """Return the names of all time zones, in order."""
    return tuple(sorted(it for it in available_timezones() if re.fullmatch(r"[A-Z].*", it)))


class _Widget(fields.Body):
    read_only = SHOWN

    name = fields.String(max=255)
    mailbox_id = fields.Id(description="Where its conversations go.")
    is_active = fields.Boolean(missing=True)
    color = fields.String(pattern=COLOR, missing="#0066cc")
    text_color = fields.String(pattern=COLOR, missing="#ffffff")
    position = fields.Choice(("right", "left"), missing="right")
    welcome_title = fields.String(max=255, missing="Hi there!")
    welcome_tagline = fields.String(max=255, missing="How can we help?")
    away_message = fields.String(max=1000, missing="We'll get back to you soon.")
    reply_time = fields.String(max=255, missing="usually replies in a few minutes")
    require_email = fields.Boolean(missing=False)
    hmac_required = fields.Boolean(
        missing=False, description="Only visitors whom the page's own server vouches for."
    )
    timezone = fields.Choice(timezones, missing="UTC")
    locale = fields.String(
        pattern=LOCALE, max=35, missing="en", description="The language of the texts beside it."
    )


def _more() -> list[fields.Field]:
    return [
        fields.ListOf(
            Domain(),
            max=100,
            distinct=True,
            missing=[],
            name="allowed_domains",
            description="Whose pages may use it; empty for all. *.example.com: subdomains only.",
        ),
        _week(),
        fields.ListOf(HOLIDAY, max=400, missing=[], validator=_distinct("date"), name="holidays"),
        _pre_chat(),
        _texts(name="texts", description="Words of the widget, in its own language."),
        fields.ListOf(
            TRANSLATION, max=50, missing=[], validator=_distinct("locale"), name="translations"
        ),
    ]


CREATE_WIDGET = _Widget().extended_with(
    [
        *_more(),
        fields.String(
            name="hmac_secret",
            min=16,
            max=255,
            single_line=True,
            missing=None,
            nullable=True,
            write_only=True,
            description="What proves visitors; made where it is left out, and shown once.",
        ),
    ]
)
UPDATE_WIDGET = _Widget(partial=True).extended_with(_more())


class WidgetFilters(fields.PageQuery):
    is_active = fields.Boolean(missing=fields.drop)
    mailbox_id = fields.Id(missing=fields.drop)
    sort = fields.Sort(("id", "name", "created_at"), missing="id")


class VisitorFilters(fields.PageQuery):
    widget_id = fields.Id(missing=fields.drop)
    sort = fields.Sort(("last_seen_at",), missing="-last_seen_at")
