"""Mailboxes as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .shapes import FLAG, ID, MOMENT, TEXT, component, maybe, obj

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desk import Desk
    from ..models import Mailbox

MAILBOX = component(
    "Mailbox",
    obj(
        id=ID,
        name=TEXT,
        email=TEXT,
        is_active=FLAG,
        signature=maybe(TEXT),
        auto_reply_enabled=FLAG,
        auto_reply_subject=maybe(TEXT),
        auto_reply_body=maybe(TEXT),
        created_at=MOMENT,
        updated_at=MOMENT,
    ),
)


def present_mailbox(mailbox: Mailbox) -> dict[str, Any]:
    """Return the mailbox's own fields."""
    return {
        "id": mailbox.id,
        "name": mailbox.name,
        "email": mailbox.email,
        "is_active": mailbox.is_active,
        "signature": mailbox.signature,
        "auto_reply_enabled": mailbox.auto_reply_enabled,
        "auto_reply_subject": mailbox.auto_reply_subject,
        "auto_reply_body": mailbox.auto_reply_body,
        "created_at": mailbox.created_at,
        "updated_at": mailbox.updated_at,
    }


def present_mailboxes(desk: Desk, mailboxes: Sequence[Mailbox]) -> list[dict[str, Any]]:
    """Return mailboxes with the plugins' fields, one read per plugin for all of them."""
    presented = [present_mailbox(mailbox) for mailbox in mailboxes]
    ids = [mailbox.id for mailbox in mailboxes]
    for extension in desk.plugins.mailbox_fields:
        known = extension.read(desk, ids) if ids else {}
        for shown in presented:
            shown.update(known.get(shown["id"], extension.defaults))
    return presented
