"""Filing a mail: what becomes of it in the desk, inside the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import (
    Conversation,
    Customer,
    InboundMessage,
    Invalid,
    Permission,
    Reply,
    SupportError,
    email_key,
)

from .account import row_of
from .incoming import clean
from .knowing import KnownRefs
from .people import LONGEST, OwnAddresses, People, note_people
from .placing import Placement, members_of, named, place
from .reporting import file_report
from .tokens import Signer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from support_core.plugin_api import Desk, Thread

    from .incoming import Incoming
    from .knowing import NewRef
    from .models import EmailIngest, EmailRef

#: Mails that one mail can announce by referring to them.
MOST_AWAITED = 20

NOBODY = "unknown-sender@mail.invalid"

OVERSIZE = (
    "This mail is larger than what is fetched ({size} bytes; support.email.max_bytes). Only its "
    "headers were taken; the whole mail is still in the mailbox {folder}."
)


@dataclass(frozen=True)
class Outcome:
    """What became of a mail; ``opened`` tells whether it opened its conversation."""

    state: str
    reason: str | None = None
    conversation: Conversation | None = None
    thread: Thread | None = None
    opened: bool = False


class Filing:
    """Files mails of one mailbox within one transaction; :meth:`end` comes before its commit."""

    def __init__(self, desk: Desk, mailbox_id: int, mails: Iterable[Incoming] = ()) -> None:
        """Look up what these mails will need."""
        self._desk = desk
        self._mailbox = desk.mailboxes.get(mailbox_id)
        row = row_of(desk, mailbox_id)
        secret = desk.keyring.decrypt(row.token_secret) if row is not None else ""
        self._signer = Signer(secret, desk.workspace_id, self._mailbox.email)
        self._own = OwnAddresses.of(desk)
        self._members = members_of(desk)
        self._refs = KnownRefs(desk, mailbox_id)
        self._people = People(desk)
        # What the session knows of a row ends with the last reference to it.
        self._held: list[Any] = []
        mails = list(mails)
        known = self._refs.learn(message_id for it in mails for message_id in _all_named(it))
        self._held += desk.customers.by_emails(it.sender.email for it in mails if it.sender)
        self._learn({it.conversation_id for it in known})

    def _learn(self, conversation_ids: set[int]) -> None:
        """Look up conversations that are about to go on, with their people."""
        if not conversation_ids:
            return
        wanted = select(Conversation).where(Conversation.id.in_(conversation_ids))
        found = self._desk.session.execute(wanted).scalars().all()
        customers = select(Customer).where(Customer.id.in_({it.customer_id for it in found}))
        self._held += [*found, *self._desk.session.execute(customers).scalars()]
        self._people.learn(conversation_ids)

    def file(self, ingest: EmailIngest, incoming: Incoming) -> Outcome:
        """File one mail that is in the ledger; raises what its filing raises."""
        mailbox_id = self._mailbox.id
        if self._is_our_own(incoming):
            return Outcome("duplicate", "A mail of this mailbox has come back to it.")
        if incoming.verdict.is_bounce:
            reported = file_report(self._desk, mailbox_id, self._signer, incoming)
            if reported is not None:
                self._refer(incoming, *reported, awaited=None)
                return Outcome("filed", "A report on a mail of ours.", *reported)
        placement = place(
            self._desk,
            incoming,
            refs=self._refs,
            people=self._people,
            signer=self._signer,
            members=self._members,
        )
        if placement.conversation is not None and (placement.agent_id or placement.unproven):
            return self._from_member(ingest, incoming, placement)
        return self._from_outside(ingest, incoming, placement)

    def end(self) -> None:
        """Write what has been noted for all mails at once."""
        self._people.write()
        self._refs.write()

    def undo(self) -> None:
        """Forget what was noted since the last :meth:`end`: it is rolled back."""
        self._people.forget()
        self._refs.forget()

    def _is_our_own(self, incoming: Incoming) -> bool:
        sender = incoming.sender
        return (
            sender is not None
            and email_key(sender.email) == self._mailbox.email_key
            and self._signer.in_message_id(incoming.mail.message_id) is not None
        )

    def _from_outside(
        self, ingest: EmailIngest, incoming: Incoming, placement: Placement
    ) -> Outcome:
        desk, found = self._desk, placement.conversation
        sender, body, body_format = incoming.sender, *self._body(ingest, incoming)
        facts, note = self._facts(incoming), None
        name = sender.name if sender else None
        address = sender.email if sender and len(sender.email) <= LONGEST else NOBODY
        forward = incoming.forward
        if found is None and forward is not None and forward.sender and self._is_member(address):
            facts["forwarded_by"] = address
            address, name = forward.sender.email[:LONGEST], forward.sender.name
            note, body, body_format = clean(forward.note), clean(forward.text) or body, "text"
        files, left_out, inline = self._attachments(incoming)
        facts |= {"left_out": left_out} if left_out else {}
        facts |= {"inline": inline} if inline else {}
        filed = desk.inbound.receive(
            InboundMessage(
                channel="email",
                mailbox_id=self._mailbox.id,
                subject=incoming.subject or None,
                body=body,
                body_format=body_format,
                body_text=incoming.text,
                conversation_id=found.id if found is not None else None,
                customer_email=address,
                customer_name=clean(name or "")[:255] or None,
                external_id=ingest.message_key,
                attachment_ids=files,
                automatic=incoming.automatic,
                meta=facts,
            )
        )
        if filed is None:
            return Outcome("filed", "A plugin dropped it.")
        self._held.append(filed)
        if not filed.new:
            return Outcome("duplicate", "It is in the conversation already.", filed.conversation)
        if placement.linked is not None:
            self._link(filed.conversation, placement.linked)
        if note and note.strip():
            desk.replies.add(filed.conversation, Reply(body=note, note=True))
        self._refer(incoming, filed.conversation, filed.thread, awaited=placement.awaited)
        if not incoming.automatic:
            note_people(desk, self._people, filed, incoming, self._own)
        return Outcome("filed", None, filed.conversation, filed.thread, opened=found is None)

    def _from_member(
        self, ingest: EmailIngest, incoming: Incoming, placement: Placement
    ) -> Outcome:
        """Add what a member wrote: as their reply where a token proves it, else as a note."""
        conversation = placement.conversation
        assert conversation is not None  # noqa: S101 - for the type checker
        self._people.write()  # a reply goes to those who take part
        body, body_format = self._body(ingest, incoming)
        files, _, _ = self._attachments(incoming)
        reply = Reply(body=body, body_format=body_format, attachment_ids=files)
        note = Reply(body=body, body_format=body_format, attachment_ids=files, note=True)
        reason = None
        if placement.agent_id is None or incoming.automatic:
            reason = "A member's address wrote without the token that proves it: kept as a note."
            thread = self._desk.replies.add(conversation, note)
        elif not self._desk.members.may(placement.agent_id, Permission.REPLY_TO_CONVERSATIONS):
            reason = "The member may not reply to conversations any more: kept as a note."
            thread = self._desk.acting_as(placement.agent_id).replies.add(conversation, note)
        else:
            acting = self._desk.acting_as(placement.agent_id)
            try:
                with self._desk.session.begin_nested():
                    thread = acting.replies.add(conversation, reply)
            except Invalid as invalid:
                told = " ".join(it for messages in invalid.errors.values() for it in messages)
                reason = f"It could not be sent as a reply: {told}"
                thread = acting.replies.add(conversation, note)
        thread.external_id = ingest.message_key
        thread.meta = self._facts(incoming)
        self._refer(incoming, conversation, thread, awaited=placement.awaited)
        return Outcome("filed", reason, conversation, thread)

    def _facts(self, incoming: Incoming) -> dict[str, Any]:
        """Return what is kept with a thread, which others see: without tokens, which prove."""
        facts = incoming.facts()
        for name in ("to", "cc"):
            facts[name] = [
                self._mailbox.email if self._signer.in_address(it) else it for it in facts[name]
            ]
        return facts

    def _is_member(self, address: str) -> bool:
        return email_key(address) in self._members

    def _body(self, ingest: EmailIngest, incoming: Incoming) -> tuple[str, str]:
        if ingest.truncated:
            told = OVERSIZE.format(size=ingest.size, folder=ingest.folder or "it came from")
            return told, "text"
        return incoming.body()

    def _attachments(self, incoming: Incoming) -> tuple[list[int], list[str], dict[str, int]]:
        """Take the stored files; return their ids, what was left out, and inline images by id."""
        kept: list[int] = []
        left_out: list[str] = []
        inline: dict[str, int] = {}
        for file in incoming.files:
            name = file.attachment.name or "attachment"
            if file.blob is None:
                left_out.append(f"{name}: The file is too large.")
                continue
            try:
                stored = self._desk.attachments.register(
                    file.blob, name=name, content_type=file.attachment.content_type
                )
            except SupportError as error:
                left_out.append(f"{name}: {error.message}")
                continue
            kept.append(stored.id)
            if file.attachment.content_id and file.attachment.inline:
                inline[file.attachment.content_id] = stored.id
        return kept, left_out, inline

    def _link(self, conversation: Conversation, other: Conversation) -> None:
        self._desk.conversations.remark(
            conversation,
            f"Refers to conversation #{other.number}, to which its sender does not belong",
            linked=other.id,
        )

    def _refer(
        self,
        incoming: Incoming,
        conversation: Conversation,
        thread: Thread | None,
        *,
        awaited: EmailRef | NewRef | None,
    ) -> None:
        """Remember the mail's id, and those it refers to, for the mails that follow."""
        mine, thread_id = incoming.mail.message_id, thread.id if thread else None
        shared = {"conversation_id": conversation.id, "created_at": self._desk.clock()}
        if mine and awaited is not None and awaited.direction == "awaited":
            awaited.direction, awaited.thread_id = "in", thread_id
            awaited.conversation_id, awaited.message_id = conversation.id, mine[:998]
        if mine:
            values = {"thread_id": thread_id, "message_id": mine[:998], "direction": "in"}
            self._refs.add(mine, **shared, **values)
        for message_id in incoming.ancestors[:MOST_AWAITED]:
            self._refs.add(message_id, **shared, direction="awaited")


def _all_named(incoming: Incoming) -> list[str]:
    return [*named(incoming), *incoming.ancestors[:MOST_AWAITED]]


def outcomes_of(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how many mails came to which state."""
    counts: dict[str, int] = {}
    for outcome in outcomes:
        counts[outcome.state] = counts.get(outcome.state, 0) + 1
    return counts
