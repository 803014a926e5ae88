"""Widgets, visitors and messages as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .hours import Hours
from .widgets import FIELDS

if TYPE_CHECKING:
    from .models import ChatContact, ChatWidget

#: Languages written from right to left (ISO 639).
RIGHT_TO_LEFT = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"}
)

#: What a translation may replace of the widget's own fields.
TRANSLATED = ("welcome_title", "welcome_tagline", "away_message", "reply_time")


def milliseconds(moment: datetime) -> str:
    """Return a time as the public calls write it: UTC, with milliseconds."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def client_id_of(external_id: str | None) -> str | None:
    """Return the visitor's own id of a message; None where it has none."""
    if external_id is None or not external_id.startswith("chat:"):
        return None
    return external_id.split(":", 2)[2]


def present_widget(widget: ChatWidget) -> dict[str, Any]:
    """Return a widget for its workspace, never its secret."""
    return {
        "id": widget.id,
        "token": widget.token,
        **{name: getattr(widget, name) for name in FIELDS},
        "created_at": widget.created_at,
        "updated_at": widget.updated_at,
    }


def language(widget: ChatWidget, wanted: str | None) -> tuple[str, dict[str, Any]]:
    """Return the widget's language nearest to what is wanted, and its translation.

    ``de-AT`` takes ``de-AT``, else ``de``, else any ``de-…``; else the widget's own.
    """
    by_locale = {it["locale"].lower(): it for it in widget.translations}
    own = widget.locale.lower()
    asked = (wanted or "").lower()
    base = asked.partition("-")[0]
    kin = sorted(it for it in by_locale if it.partition("-")[0] == base)
    for each in (asked, base, *kin):
        if each in by_locale:
            return by_locale[each]["locale"], by_locale[each]
        if each == own:
            break
    return widget.locale, {}


def present_public(widget: ChatWidget, translation: dict[str, Any]) -> dict[str, Any]:
    """Return a widget for its pages: the reference's fields."""
    shown = {name: translation.get(name) or getattr(widget, name) for name in TRANSLATED}
    return {
        "id": widget.id,
        "name": widget.name,
        "color": widget.color,
        "welcome_title": shown["welcome_title"],
        "welcome_tagline": shown["welcome_tagline"],
        "away_message": shown["away_message"],
        "reply_time": shown["reply_time"],
        "require_email": widget.require_email,
    }


def present_options(
    widget: ChatWidget, locale: str, translation: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Return how the widget looks and speaks, and whether somebody is there."""
    hours = Hours(widget.business_hours, widget.holidays, widget.timezone)
    opens = hours.next_opening(now)
    texts = translation.get("texts") if translation else widget.texts
    return {
        "text_color": widget.text_color,
        "position": widget.position,
        "locale": locale,
        "locales": [widget.locale, *(it["locale"] for it in widget.translations)],
        "direction": "rtl" if locale.lower().partition("-")[0] in RIGHT_TO_LEFT else "ltr",
        "texts": texts or {},
        "online": hours.is_open(now),
        "next_online_at": None if opens is None else milliseconds(opens),
        "pre_chat": present_form(widget),
    }


def present_form(widget: ChatWidget) -> dict[str, Any]:
    """Return what visitors are asked before their first message, field by field."""
    form = widget.pre_chat
    asked: list[dict[str, Any]] = []
    for name, kind in (("email", "email"), ("name", "text")):
        wish = "required" if name == "email" and widget.require_email else _wish(form, name)
        if wish != "hidden":
            asked.append(
                {"name": name, "type": kind, "label": None, "required": wish == "required"}
            )
    if form.get("enabled"):
        for it in form.get("questions", ()):
            question = {key: it[key] for key in ("name", "type", "label", "required")}
            asked.append({**question, **({"options": it["options"]} if it["options"] else {})})
    return {"enabled": bool(asked), "fields": asked}


def _wish(form: dict[str, Any], name: str) -> str:
    wish: str = form.get(name, "optional") if form.get("enabled") else "hidden"
    return wish


def present_visitor(
    contact: ChatContact, conversation_id: int | None, *, online: bool
) -> dict[str, Any]:
    """Return a visitor for agents, without what would let them in as the visitor."""
    return {
        "id": contact.id,
        "widget_id": contact.widget_id,
        "name": contact.name,
        "email": contact.email,
        "verified": contact.verified,
        "customer_id": contact.customer_id,
        "conversation_id": conversation_id,
        "page_url": contact.page_url,
        "page_title": contact.page_title,
        "referrer": contact.referrer,
        "browser": contact.browser,
        "locale": contact.locale,
        "answers": contact.answers,
        "is_online": online,
        "first_seen_at": contact.created_at,
        "last_seen_at": contact.last_seen_at,
    }
