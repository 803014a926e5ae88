"""What is said of a message that is there already: reactions, edits, and that it was taken back.

Webhooks come in any order, so that each of these may come before its message: it then waits in the
ledger, and :meth:`Amending.catch_up` does it once the message has come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from support_core.plugin_api import Thread

from .contacts import contact_of_sender
from .content import moment_of, read_content
from .models import WhatsAppItem, WhatsAppReaction
from .outcomes import NOT_SAID, REPEATED, Outcome, sender_of
from .reading import id_of, mapping, restored, text
from .recording import known_message

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

    from .models import WhatsAppAccount
    from .reading import Told


class Amending:
    """Changes what is shown of messages, inside the caller's transaction."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def reaction(self, account: WhatsAppAccount, told: Told) -> Outcome:
        """Show a reaction with its message, or no longer; the latest of each sender counts."""
        desk, reaction = self._desk, mapping(told.data, "reaction")
        target, (sender, user) = text(reaction, "message_id"), sender_of(told)
        who = (sender or user or "")[:127]
        if target is None or not who:
            return NOT_SAID
        target = id_of(target)
        key = (desk.workspace_id, account.id, target, who)
        row = desk.session.get(WhatsAppReaction, key, with_for_update=True)
        moment = moment_of(told.data, desk.clock())
        emoji = (text(reaction, "emoji") or "")[:63] or None
        if row is None:
            row = WhatsAppReaction(
                account_id=account.id, target_id=target, sender=who, reacted_at=moment
            )
            desk.session.add(row)
        elif moment < row.reacted_at or (moment == row.reacted_at and emoji == row.emoji):
            return REPEATED
        row.emoji, row.reacted_at = emoji, moment
        desk.session.flush()
        thread = self._thread(account.id, target)
        if thread is None:
            return Outcome("waiting", "Its message has not come.", target_id=target)
        self._show_reactions(account.id, target, thread)
        return Outcome("handled", None, thread.conversation_id, thread.id, target_id=target)

    def _show_reactions(self, account_id: int, target: str, thread: Thread) -> None:
        rows = self._desk.session.execute(
            select(WhatsAppReaction)
            .where(
                WhatsAppReaction.account_id == account_id,
                WhatsAppReaction.target_id == target,
                WhatsAppReaction.emoji.is_not(None),
            )
            .order_by(WhatsAppReaction.reacted_at, WhatsAppReaction.sender)
        ).scalars()
        shown = [
            {"emoji": it.emoji, "from": it.sender, "at": it.reacted_at.isoformat()} for it in rows
        ]
        meta = {name: value for name, value in (thread.meta or {}).items() if name != "reactions"}
        if shown:
            meta["reactions"] = shown
        if meta != (thread.meta or {}):
            self._desk.inbound.amend(thread, meta=meta)

    def edit(self, account: WhatsAppAccount, told: Told) -> Outcome:
        """Show what a customer made of their message; what it said before stays in its facts."""
        edit = mapping(told.data, "edit")
        target = text(edit, "original_message_id") or text(edit, "message_id")
        if target is None:
            return NOT_SAID
        thread = self._of_sender(account, id_of(target), told)
        if thread is None:
            return Outcome("waiting", "Its message has not come.", target_id=id_of(target))
        new = mapping(edit, "message") or {**edit, "type": text(edit, "type") or "text"}
        meta, moment = dict(thread.meta or {}), text(told.data, "timestamp")
        if meta.get("deleted") or int(meta.get("edited_at") or 0) > _number(moment):
            return REPEATED
        content = read_content(new)
        body = content.body if content.kind == "message" else thread.body
        if body == thread.body and meta.get("edited"):
            return REPEATED
        earlier = [*meta.get("earlier", []), thread.body][-20:]
        meta |= {"edited": True, "edited_at": _number(moment), "earlier": earlier}
        self._desk.inbound.amend(thread, body=body, meta=meta)
        return Outcome("handled", None, thread.conversation_id, thread.id, target_id=id_of(target))

    def revoke(self, account: WhatsAppAccount, told: Told) -> Outcome:
        """Note that a customer took their message back; agents have read it and keep it."""
        target = text(mapping(told.data, "revoke"), "original_message_id")
        if target is None:
            return NOT_SAID
        thread = self._of_sender(account, id_of(target), told)
        if thread is None:
            return Outcome("waiting", "Its message has not come.", target_id=id_of(target))
        meta = dict(thread.meta or {})
        if meta.get("deleted"):
            return REPEATED
        meta |= {"deleted": True, "deleted_at": text(told.data, "timestamp")}
        self._desk.inbound.amend(thread, meta=meta)
        return Outcome("handled", None, thread.conversation_id, thread.id, target_id=id_of(target))

    def _of_sender(self, account: WhatsAppAccount, target: str, told: Told) -> Thread | None:
        """Return the customer's message that they edit or take back; nobody else's."""
        thread = self._thread(account.id, target)
        if thread is None or thread.type != "customer":
            return None
        sender, user = sender_of(told)
        contact = contact_of_sender(self._desk, account.id, wa_id=sender, user_id=user)
        mine = contact is not None and contact.conversation_id == thread.conversation_id
        return thread if mine else None

    def _thread(self, account_id: int, external_id: str) -> Thread | None:
        known = known_message(self._desk, account_id, external_id)
        if known is None or known.thread_id is None:
            return None
        return self._desk.session.get(Thread, known.thread_id, with_for_update=True)

    def catch_up(self, account: WhatsAppAccount, external: str, thread: Thread) -> None:
        """Do what came before the message that it is about."""
        waiting = self._desk.session.execute(
            select(WhatsAppItem)
            .where(
                WhatsAppItem.account_id == account.id,
                WhatsAppItem.target_id == external,
                WhatsAppItem.state == "waiting",
            )
            .order_by(WhatsAppItem.id)
        ).scalars()
        for item in waiting.all():
            told = restored(item.kind, item.data or {})
            if text(told.data, "type") == "reaction":
                self._show_reactions(account.id, external, thread)
            elif text(told.data, "type") == "edit":
                self.edit(account, told)
            elif text(told.data, "type") == "revoke":
                self.revoke(account, told)
            item.state, item.reason, item.data = "handled", None, None
            item.conversation_id, item.thread_id = thread.conversation_id, thread.id


def _number(moment: str | None) -> int:
    try:
        return int(moment or 0)
    except ValueError:
        return 0
