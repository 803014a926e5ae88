"""Filing one thing that a webhook told, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import Customer, InboundMessage, Thread

from .amending import Amending
from .contacts import contact_of_sender, live_conversation, locked_contact
from .content import moment_of, problem_of, read_content
from .media import fetch
from .models import (
    WhatsAppAccount,
    WhatsAppMedia,
    WhatsAppMessage,
)
from .outcomes import REPEATED, Outcome, sender_of
from .phones import other_phones, phone_of
from .reading import Told, digest_of, id_of, mapping, objects, text
from .recording import known_message
from .statuses import report
from .templates import sync

if TYPE_CHECKING:
    from datetime import datetime

    from support_core.plugin_api import Desk

    from .content import Content, File
    from .models import WhatsAppContact

#: Fields that tell of changed templates.
TEMPLATES = "message_template_"

#: Letters of a number nobody has that are quoted.
MOST_NUMBER = 63

NO_USE = "The desk has no use for it."


class Filing:
    """Files what came for a workspace by one account's webhook."""

    def __init__(self, desk: Desk, account: WhatsAppAccount) -> None:
        self._desk = desk
        self._own = account
        self._amending = Amending(desk)
        self._heard: set[int] = set()

    def file(self, told: Told) -> Outcome:
        """File one thing; raises what its filing raises."""
        account = self._account_of(told)
        if account is None:
            number = (told.phone_number_id or "")[:MOST_NUMBER]
            return Outcome("failed", f"No account has the phone number id {number}.")
        if told.kind == "message":
            return self._message(account, told)
        if told.kind == "status":
            return self._status(account, told.data)
        if told.kind == "error":
            account.last_error = problem_of([told.data]) or "WhatsApp reports an error."
            account.last_error_at = self._desk.clock()
            return Outcome("kept", account.last_error)
        if told.kind.startswith(TEMPLATES):
            self._desk.enqueue(sync, account.id, key=str(account.id))
        return Outcome("kept", NO_USE)

    def finish(self) -> None:
        """Note for which numbers something came; called once a transaction."""
        for account_id in sorted(self._heard):
            account = self._desk.session.get(WhatsAppAccount, account_id)
            if account is not None:
                account.last_inbound_at = self._desk.clock()
        self._desk.session.flush()

    def _account_of(self, told: Told) -> WhatsAppAccount | None:
        """Return whose number it is about; what names no number is the account's own."""
        number = told.phone_number_id
        if number is None or number == self._own.phone_number_id:
            return self._own
        return self._desk.session.execute(
            select(WhatsAppAccount).where(WhatsAppAccount.phone_number_id == number)
        ).scalar_one_or_none()

    def _message(self, account: WhatsAppAccount, told: Told) -> Outcome:
        kind = text(told.data, "type")
        special = {
            "reaction": self._amending.reaction,
            "edit": self._amending.edit,
            "revoke": self._amending.revoke,
            "system": self._system,
        }
        if kind in special:
            return special[kind](account, told)
        sender, user = sender_of(told)
        if sender is None and user is None:
            return Outcome("kept", "It does not say who sent it.")
        if kind == "request_welcome":
            return Outcome("kept", "The customer has opened a chat and not written yet.")
        self._heard.add(account.id)
        return self._written(account, told, sender, user)

    def _written(
        self, account: WhatsAppAccount, told: Told, sender: str | None, user: str | None
    ) -> Outcome:
        desk, message = self._desk, told.data
        external = id_of(text(message, "id") or digest_of(told))
        contact = locked_contact(desk, account.id, wa_id=sender, user_id=user)
        if known_message(self._desk, account.id, external) is not None:
            return REPEATED
        content = read_content(message)
        name = text(mapping(told.contact, "profile"), "name")
        moment = moment_of(message, desk.clock())
        self._quote(account.id, external, content)
        content.meta |= self._said_of(told, external, sender, user, name)
        found = live_conversation(desk, contact)
        filed = desk.inbound.receive(
            InboundMessage(
                channel="whatsapp",
                mailbox_id=account.mailbox_id,
                subject=f"WhatsApp from {name or phone_of(sender or user or '')}"[:500],
                body=content.body,
                conversation_id=found,
                customer_id=self._customer(contact, sender, name) if found is None else None,
                customer_name=name[:255] if name else None,
                customer_phone=phone_of(sender) if sender else None,
                customer_phone_aliases=other_phones(sender) if sender else (),
                external_id=external,
                meta=content.meta,
            )
        )
        conversation, thread = (filed.conversation, filed.thread) if filed else (None, None)
        desk.session.add(
            WhatsAppMessage(
                account_id=account.id,
                external_id=external,
                direction="in",
                conversation_id=conversation.id if conversation else None,
                thread_id=thread.id if thread else None,
                created_at=desk.clock(),
            )
        )
        self._note_contact(contact, external, moment, name)
        if conversation is None or thread is None:
            desk.session.flush()
            return Outcome("handled", "A plugin dropped it.")
        contact.conversation_id, contact.customer_id = conversation.id, conversation.customer_id
        desk.session.flush()
        media = self._media(account, thread, content.file) if content.file else None
        self._amending.catch_up(account, external, thread)
        return Outcome("handled", None, conversation.id, thread.id, media_id=media)

    def _customer(
        self, contact: WhatsAppContact, sender: str | None, name: str | None
    ) -> int | None:
        """Return who the customer of a new conversation is, where the phone does not tell."""
        if contact.customer_id is not None:
            customer = self._desk.session.get(Customer, contact.customer_id)
            if customer is not None and customer.deleted_at is None:
                return int(customer.id)
        if sender is not None:
            return None
        values: dict[str, Any] = {
            "display_name": (name or contact.user_id or "")[:255],
            "attributes": {},
        }
        return self._desk.customers.create(values).id

    def _said_of(
        self, told: Told, external: str, sender: str | None, user: str | None, name: str | None
    ) -> dict[str, Any]:
        facts = {
            "external_id": external,
            "from": sender,
            "user_id": user,
            "contact_name": name,
            "timestamp": text(told.data, "timestamp"),
        }
        return {key: value for key, value in facts.items() if value is not None}

    def _quote(self, account_id: int, external: str, content: Content) -> None:
        """Link the message that this one answers, where it is known."""
        quoted = content.meta.get("reply_to_external_id")
        if quoted is None or id_of(quoted) == external:
            return
        known = known_message(self._desk, account_id, id_of(quoted))
        if known is not None and known.thread_id is not None:
            content.meta["reply_to_thread_id"] = known.thread_id

    def _note_contact(
        self, contact: WhatsAppContact, external: str, moment: datetime, name: str | None
    ) -> None:
        if name:
            contact.name = name[:255]
        if contact.last_inbound_at is None or moment >= contact.last_inbound_at:
            contact.last_inbound_at, contact.last_message_id = moment, external

    def _media(self, account: WhatsAppAccount, thread: Thread, file: File) -> int:
        media = WhatsAppMedia(
            account_id=account.id,
            conversation_id=thread.conversation_id,
            thread_id=thread.id,
            media_id=file.media_id,
            kind=file.kind,
            mime_type=file.mime_type,
            sha256=file.sha256,
            filename=file.filename,
            state="pending",
            attempts=0,
            created_at=self._desk.clock(),
        )
        self._desk.session.add(media)
        self._desk.session.flush()
        self._desk.enqueue(fetch, media.id)
        return media.id

    def _system(self, account: WhatsAppAccount, told: Told) -> Outcome:
        """Note in the customer's conversation what WhatsApp says of them; a new number is kept."""
        desk, system = self._desk, mapping(told.data, "system")
        external = id_of(text(told.data, "id") or digest_of(told))
        if known_message(self._desk, account.id, external) is not None:
            return REPEATED
        sender, user = sender_of(told)
        contact = contact_of_sender(desk, account.id, wa_id=sender, user_id=user)
        kind = text(system, "type") or "system"
        body = text(system, "body") or "WhatsApp notes a change."
        if contact is None:
            return Outcome("kept", body)
        found = live_conversation(desk, contact)
        new = text(system, "new_wa_id", "wa_id")
        if kind in {"user_changed_number", "customer_changed_number"} and new and sender:
            self._renumber(contact, sender, new)
        desk.session.add(
            WhatsAppMessage(
                account_id=account.id,
                external_id=external,
                direction="in",
                conversation_id=found,
                created_at=desk.clock(),
            )
        )
        desk.session.flush()
        if found is None:
            return Outcome("handled", body)
        facts = {"kind": "system_event", "system_type": kind, "external_id": external}
        facts |= {"new_wa_id": new} if new else {}
        thread = desk.conversations.remark(desk.conversations.get(found, lock=True), body, **facts)
        return Outcome("handled", None, found, thread.id)

    def _renumber(self, contact: WhatsAppContact, old: str, new: str) -> None:
        """Make a contact reachable by their new number; who has that one already stays apart."""
        desk = self._desk
        account_id, customer_id = contact.account_id, contact.customer_id
        other = locked_contact(desk, account_id, wa_id=new, user_id=None)
        if other.customer_id is None:
            other.customer_id, other.conversation_id = customer_id, contact.conversation_id
            other.name, other.last_inbound_at = contact.name, contact.last_inbound_at
            other.user_id, contact.user_id = contact.user_id, None
            if customer_id is not None:
                customer = desk.session.get(Customer, customer_id)
                known = {phone_of(old), *other_phones(old)}
                if customer is not None and customer.phone in known:
                    desk.customers.update(customer.id, {"phone": phone_of(new)})
            # Who gets the old number is somebody else.
            contact.customer_id = contact.conversation_id = None
            contact.last_inbound_at = contact.last_message_id = contact.name = None
        desk.session.flush()

    def _status(self, account: WhatsAppAccount, status: dict[str, Any]) -> Outcome:
        external, word = text(status, "id"), text(status, "status")
        if external is None or word is None:
            return Outcome("kept", NO_USE)
        external = id_of(external)
        reason = problem_of(objects(status.get("errors")))
        opaque = text(status, "biz_opaque_callback_data")
        told = report(self._desk, account.id, external, word, reason=reason, reference=opaque)
        if told is None:
            return Outcome("kept", f"{word[:63]} is no status that the desk knows.")
        if told:
            return REPEATED
        return Outcome("waiting", "Its message is not known.", target_id=external)
