"""Bodies and queries of mailboxes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fields import Body, Boolean, Email, PageQuery, Sort, String, drop

if TYPE_CHECKING:
    from ..application import Application

SORTS = ("id", "name", "email", "created_at")


class MailboxBody(Body):
    read_only = ("id", "created_at", "updated_at")

    name = String(max=255, single_line=True)
    email = Email(description="Unique in the workspace.")
    is_active = Boolean(missing=drop)
    signature = String(max=10_000, strip=False, missing=drop, nullable=True)
    auto_reply_enabled = Boolean(missing=drop)
    auto_reply_subject = String(max=500, single_line=True, missing=drop, nullable=True)
    auto_reply_body = String(max=50_000, strip=False, missing=drop, nullable=True)


def _with_plugins(body: Body, application: Application) -> Body:
    for extension in application.plugins.mailbox_fields:
        names = {node.name for node in extension.nodes}
        shown = (set(extension.shown) | set(extension.shown_once)) - names
        body = body.extended_with(extension.nodes, read_only=sorted(shown))
    return body


def create_mailbox(application: Application) -> Body:
    """Return the body of a new mailbox, the plugins' fields included."""
    return _with_plugins(MailboxBody(), application)


def update_mailbox(application: Application) -> Body:
    """Return the body of an update; what is left out stays."""
    return _with_plugins(MailboxBody(partial=True), application)


class MailboxFilters(PageQuery):
    is_active = Boolean(missing=drop)
    sort = Sort(SORTS, missing="id")
