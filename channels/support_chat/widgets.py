"""Widgets: making, changing and removing them, their tokens and secrets."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from support_core.plugin_api import NotFound, keysets, run_list

from .models import ChatWidget
from .settings import ROTATION_HOURS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk, ListPage

FIELDS = (
    "name",
    "mailbox_id",
    "is_active",
    "color",
    "text_color",
    "position",
    "welcome_title",
    "welcome_tagline",
    "away_message",
    "reply_time",
    "require_email",
    "allowed_domains",
    "hmac_required",
    "business_hours",
    "holidays",
    "timezone",
    "pre_chat",
    "locale",
    "texts",
    "translations",
)

KEYSETS = keysets(
    {"id": ChatWidget.id, "name": ChatWidget.name, "created_at": ChatWidget.created_at},
    id=ChatWidget.id,
)


def count(desk: Desk) -> int:
    """Return how many widgets the workspace has."""
    return desk.session.execute(
        select(func.count(ChatWidget.id)).where(ChatWidget.deleted_at.is_(None))
    ).scalar_one()


def get(desk: Desk, widget_id: int, *, lock: bool = False) -> ChatWidget:
    """Return a widget; raises ``NotFound``. ``lock`` holds its row to the commit."""
    widget = desk.session.get(ChatWidget, widget_id, with_for_update=lock or None)
    if widget is None or widget.deleted_at is not None:
        raise NotFound
    return widget


def locked(desk: Desk, widget_id: int) -> ChatWidget:
    """Return a widget whose row is held to the commit; raises ``NotFound``."""
    return get(desk, widget_id, lock=True)


def list_widgets(desk: Desk, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of the widgets."""
    statement = select(ChatWidget).where(ChatWidget.deleted_at.is_(None))
    for name in ("is_active", "mailbox_id"):
        if name in filters:
            statement = statement.where(getattr(ChatWidget, name) == filters[name])
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)


def create(desk: Desk, values: Mapping[str, Any]) -> tuple[ChatWidget, str]:
    """Create a widget; returns it and its secret. Raises ``Invalid`` for its mailbox."""
    desk.mailboxes.require(values["mailbox_id"])
    secret = values.get("hmac_secret") or secrets.token_urlsafe(32)
    widget = ChatWidget(
        **{name: values[name] for name in FIELDS if name in values},
        token=new_token(),
        hmac_secret=desk.keyring.encrypt(secret),
    )
    desk.session.add(widget)
    desk.session.flush()
    _note(desk, widget, "created", fields=values)
    return widget, secret


def update(desk: Desk, widget_id: int, values: Mapping[str, Any]) -> ChatWidget:
    """Change the given fields; raises ``NotFound``, and ``Invalid`` for its mailbox."""
    widget = locked(desk, widget_id)
    if "mailbox_id" in values and values["mailbox_id"] != widget.mailbox_id:
        desk.mailboxes.require(values["mailbox_id"])
    different = [it for it in FIELDS if it in values and getattr(widget, it) != values[it]]
    if different:
        for name in different:
            setattr(widget, name, values[name])
        widget.updated_at = desk.clock()
        desk.session.flush()
        _note(desk, widget, "updated", fields=different)
    return widget


def rotate_token(desk: Desk, widget_id: int) -> ChatWidget:
    """Give the widget another token; pages that name the old one show no chat any more."""
    widget = locked(desk, widget_id)
    widget.token = new_token()
    widget.updated_at = desk.clock()
    desk.session.flush()
    _note(desk, widget, "token_rotated")
    return widget


def rotate_secret(desk: Desk, widget_id: int) -> tuple[ChatWidget, str]:
    """Replace what proves visitors; the old secret does for a while. Returns the new one."""
    widget = locked(desk, widget_id)
    secret = secrets.token_urlsafe(32)
    hours: int = desk.settings[ROTATION_HOURS]
    widget.old_hmac_secret = widget.hmac_secret
    widget.old_hmac_secret_until = desk.clock() + timedelta(hours=hours)
    widget.hmac_secret = desk.keyring.encrypt(secret)
    widget.updated_at = desk.clock()
    desk.session.flush()
    _note(desk, widget, "secret_rotated")
    return widget, secret


def delete(desk: Desk, widget_id: int) -> None:
    """Remove a widget; its conversations stay, and its token is worth nothing from now on."""
    widget = locked(desk, widget_id)
    widget.deleted_at = desk.clock()
    widget.is_active = False
    widget.old_hmac_secret = widget.old_hmac_secret_until = None
    widget.token = f"deleted-{secrets.token_hex(16)}"
    desk.session.flush()
    _note(desk, widget, "deleted")


def new_token() -> str:
    """Return an unguessable token, of letters and digits only: people copy it around."""
    return secrets.token_hex(24)


def _note(desk: Desk, widget: ChatWidget, what: str, *, fields: Any = ()) -> None:
    desk.audit.record(f"widget.{what}", "widget", widget.id, fields=fields)
    desk.events.publish(f"widget.{what}", widget_id=widget.id, mailbox_id=widget.mailbox_id)
