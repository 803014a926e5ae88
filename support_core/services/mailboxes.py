"""Mailboxes: creating, changing and removing them, the plugins' fields included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..addresses import email_key
from ..errors import Invalid, NotFound, invalid_reference
from ..models import Conversation, Mailbox
from .fields import changed, taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..desk import Desk

OWN_FIELDS = (
    "name",
    "email",
    "is_active",
    "signature",
    "auto_reply_enabled",
    "auto_reply_subject",
    "auto_reply_body",
)


class MailboxService:
    """The workspace's mailboxes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, mailbox_id: int, *, lock: bool = False) -> Mailbox:
        """Return a mailbox; raises ``NotFound``. ``lock`` holds its row to the commit."""
        mailbox = self._desk.session.get(Mailbox, mailbox_id, with_for_update=lock or None)
        if mailbox is None or mailbox.deleted_at is not None:
            raise NotFound
        return mailbox

    def require(self, mailbox_id: int, field: str = "mailbox_id") -> Mailbox:
        """Return the mailbox a body names; raises ``Invalid`` on ``field``."""
        try:
            return self.get(mailbox_id)
        except NotFound:
            raise invalid_reference(field) from None

    def create(self, values: Mapping[str, Any]) -> tuple[Mailbox, dict[str, Any]]:
        """Create a mailbox; returns it and what is shown only now (a new secret)."""
        self._refuse_taken(values["email"])
        own = {name: values[name] for name in OWN_FIELDS if name in values}
        mailbox = Mailbox(**own, email_key=email_key(values["email"]))
        self._desk.session.add(mailbox)
        self._desk.session.flush()
        shown_once = self._write_plugin_fields(mailbox, values)
        self._desk.audit.record("mailbox.created", "mailbox", mailbox.id, fields=values)
        self._desk.events.publish("mailbox.created", mailbox_id=mailbox.id)
        return mailbox, shown_once

    def update(self, mailbox_id: int, values: Mapping[str, Any]) -> tuple[Mailbox, dict[str, Any]]:
        """Change the given fields; a field left out stays, a secret too."""
        mailbox = self.get(mailbox_id)
        if "email" in values and email_key(values["email"]) != mailbox.email_key:
            self._refuse_taken(values["email"])
            mailbox.email_key = email_key(values["email"])
        changed(mailbox, {name: values[name] for name in OWN_FIELDS if name in values})
        shown_once = self._write_plugin_fields(mailbox, values)
        self._desk.session.flush()
        self._desk.audit.record("mailbox.updated", "mailbox", mailbox.id, fields=values)
        self._desk.events.publish("mailbox.updated", mailbox_id=mailbox.id)
        return mailbox, shown_once

    def delete(self, mailbox_id: int) -> None:
        """Remove a mailbox; one that has conversations is kept out of sight for their sake."""
        mailbox = self.get(mailbox_id)
        self._desk.audit.record("mailbox.deleted", "mailbox", mailbox.id)
        self._desk.events.publish("mailbox.deleted", mailbox_id=mailbox.id)
        mailbox.deleted_at = self._desk.clock()
        mailbox.is_active = False
        self._desk.session.flush()
        used = select(Conversation.id).where(Conversation.mailbox_id == mailbox.id).limit(1)
        if self._desk.session.execute(used).first() is None:
            self._desk.session.delete(mailbox)
            self._desk.session.flush()

    def _refuse_taken(self, email: str) -> None:
        same = select(Mailbox.id).where(
            Mailbox.email_key == email_key(email), Mailbox.deleted_at.is_(None)
        )
        if self._desk.session.execute(same).first() is not None:
            raise Invalid({"email": [taken("email")]})

    def _write_plugin_fields(self, mailbox: Mailbox, values: Mapping[str, Any]) -> dict[str, Any]:
        shown_once: dict[str, Any] = {}
        for extension in self._desk.plugins.mailbox_fields:
            names = {node.name for node in extension.nodes}
            theirs = {name: value for name, value in values.items() if name in names}
            shown_once.update(extension.write(self._desk, mailbox.id, theirs))
        return shown_once
