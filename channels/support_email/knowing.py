"""What a mailbox knows of Message-IDs, while a batch of its mails is filed.

The ids that the mails of a batch name are looked up at once, and what they add is written at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import upsert

from .models import EmailRef
from .tokens import message_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from support_core.plugin_api import Desk

COLUMNS = ("thread_id", "message_id", "direction", "conversation_id", "created_at")


@dataclass
class NewRef:
    """A row of :class:`EmailRef` to be written."""

    conversation_id: int
    created_at: datetime
    direction: str
    message_id: str | None = None
    thread_id: int | None = None


class KnownRefs:
    """The ids of one mailbox in one transaction; what was added is read again before it is written.

    :meth:`write` is to be called before the transaction is committed.
    """

    def __init__(self, desk: Desk, mailbox_id: int) -> None:
        self._desk = desk
        self._mailbox_id = mailbox_id
        self._asked: set[str] = set()
        self._known: dict[str, EmailRef] = {}
        self._added: dict[str, NewRef] = {}

    def learn(self, message_ids: Iterable[str]) -> Sequence[EmailRef]:
        """Look up ids that will be asked for; return what was not known before."""
        keys = {message_key(it) for it in message_ids if it} - self._asked
        self._asked |= keys
        found = _rows(self._desk, self._mailbox_id, keys) if keys else {}
        self._known |= found
        return list(found.values())

    def of(self, message_ids: Sequence[str]) -> dict[str, EmailRef | NewRef]:
        """Return what is known of these ids, by their key."""
        self.learn(message_ids)
        keys = {message_key(it) for it in message_ids if it}
        found = ((key, self._known.get(key) or self._added.get(key)) for key in keys)
        return {key: ref for key, ref in found if ref is not None}

    def add(self, message_id: str, /, **values: Any) -> None:
        """Note an id that nothing is known of; one that is known stays as it is."""
        key = message_key(message_id)
        if key not in self._known and key not in self._added:
            self._added[key] = NewRef(**values)

    def write(self) -> None:
        """Write what was added, except for what somebody else has written meanwhile."""
        if not self._added:
            return
        shared = {"workspace_id": self._desk.workspace_id, "mailbox_id": self._mailbox_id}
        add = upsert(self._desk.session, EmailRef, keys=(*shared, "message_key"))
        rows = [
            {**shared, "message_key": key, **{name: getattr(ref, name) for name in COLUMNS}}
            for key, ref in sorted(self._added.items())
        ]
        self._desk.session.execute(add, rows)
        self.forget()

    def forget(self) -> None:
        """Look everything up anew: what was known may have changed, or was never written."""
        self._asked, self._known, self._added = set(), {}, {}


def refs(desk: Desk, mailbox_id: int, message_ids: Sequence[str]) -> dict[str, EmailRef]:
    """Return what the mailbox knows of these Message-IDs, by their key."""
    keys = {message_key(it) for it in message_ids if it}
    return _rows(desk, mailbox_id, keys) if keys else {}


def _rows(desk: Desk, mailbox_id: int, keys: set[str]) -> dict[str, EmailRef]:
    rows = desk.session.execute(
        select(EmailRef).where(EmailRef.mailbox_id == mailbox_id, EmailRef.message_key.in_(keys))
    ).scalars()
    return {row.message_key: row for row in rows}
