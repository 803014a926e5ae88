"""Who takes part in a conversation, and who gets a reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from support_core.plugin_api import Composition, Mailbox, email_key

from .incoming import clean
from .models import EmailParticipant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from support_core.plugin_api import ConversationRef, Desk, Filed

    from .incoming import Incoming
    from .reading import Address

COLUMNS = ("conversation_id", "address_key", "address", "name", "role", "copied", "reply_to")

#: People that one mail can bring into a conversation.
MOST = 100

#: RFC 5321 §4.5.3.1.3, less the angle brackets.
LONGEST = 254


class OwnAddresses:
    """The workspace's mailboxes, which are never written to by themselves."""

    def __init__(self, keys: Iterable[str]) -> None:
        self.keys = frozenset(keys)

    @classmethod
    def of(cls, desk: Desk) -> OwnAddresses:
        """Read the addresses of all mailboxes that are not deleted."""
        found = desk.session.execute(select(Mailbox.email_key).where(Mailbox.deleted_at.is_(None)))
        return cls(found.scalars())

    def __contains__(self, address: str) -> bool:
        local, _, domain = email_key(address).rpartition("@")
        return bool({f"{local}@{domain}", f"{local.partition('+')[0]}@{domain}"} & self.keys)


class People:
    """The people of conversations in one transaction: looked up at once, and written at once.

    Who was added is looked up again once it is written. :meth:`write` is to be called before the
    transaction is committed, and before anybody else asks the database who takes part.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[int, dict[str, EmailParticipant]] = {}
        self._added: list[EmailParticipant] = []

    def learn(self, conversation_ids: Iterable[int]) -> None:
        """Look up the people of conversations that will be asked for."""
        asked = set(conversation_ids) - self._known.keys()
        if not asked:
            return
        self._known |= {it: {} for it in asked}
        rows = self._desk.session.execute(
            select(EmailParticipant).where(EmailParticipant.conversation_id.in_(asked))
        ).scalars()
        for row in rows:
            self._known[row.conversation_id][row.address_key] = row

    def opened(self, conversation_id: int) -> None:
        """Note that a conversation has just been opened: nobody takes part yet."""
        self._known[conversation_id] = {}

    def of(self, conversation_id: int) -> Mapping[str, EmailParticipant]:
        """Return who takes part in a conversation, by their keys."""
        self.learn([conversation_id])
        return self._known[conversation_id]

    def add(self, person: EmailParticipant) -> None:
        """Let somebody take part."""
        self._known[person.conversation_id][person.address_key] = person
        self._added.append(person)

    def write(self) -> None:
        """Write who was added."""
        if self._added:
            workspace_id = self._desk.workspace_id
            rows = [
                {"workspace_id": workspace_id, **{name: getattr(it, name) for name in COLUMNS}}
                for it in self._added
            ]
            self._desk.session.core(insert(EmailParticipant.__table__), rows)
        self._desk.session.flush()
        self.forget()

    def forget(self) -> None:
        """Look everything up anew: what was known is rolled back."""
        self._known, self._added = {}, []


def note_people(
    desk: Desk, people: People, filed: Filed, incoming: Incoming, own: OwnAddresses
) -> None:
    """Remember who wrote and who else got the mail, for replies and for who may answer."""
    conversation, opened_by = filed.conversation, filed.opened_by
    sender, mail = incoming.sender, incoming.mail
    if opened_by is not None:
        people.opened(conversation.id)
    if sender is None or sender.email in own:
        return
    known = people.of(conversation.id)
    for earlier in known.values():
        earlier.copied = False
    customer = (opened_by or desk.conversations.customer_of(conversation)).email_key
    named: list[tuple[Address, str]] = [(sender, "cc")]
    named += [(it, "to") for it in mail.to] + [(it, "cc") for it in mail.cc]
    # By another address than the mailbox's, one of those in To may be ours: none is copied then.
    ours_is_named = any(it.email in own for it, _ in named[1:])
    for address, role in named[:MOST]:
        key = email_key(address.email)
        if "@" not in key or len(key) > LONGEST or address.email in own:
            continue
        person = known.get(key)
        if person is None:
            person = EmailParticipant(
                conversation_id=conversation.id,
                address_key=key,
                address=address.email,
                name=clean(address.name)[:255] or None,
                role="customer" if key == customer else role,
            )
            people.add(person)
        person.copied = key != customer and (role == "cc" or ours_is_named)
        if address is sender:
            person.reply_to = _elsewhere(mail.reply_to, sender, own)


def _elsewhere(reply_to: Sequence[Address], sender: Address, own: OwnAddresses) -> str | None:
    """Return where the sender wants answers, where that is another address than theirs."""
    for it in reply_to[:1]:
        if "@" in it.email and email_key(it.email) != email_key(sender.email):
            return it.email[:LONGEST] if it.email not in own else None
    return None


def add_people(desk: Desk, conversation_id: int, addresses: Iterable[str]) -> None:
    """Let people that an agent copied take part."""
    known = set(
        desk.session.execute(
            select(EmailParticipant.address_key).where(
                EmailParticipant.conversation_id == conversation_id
            )
        ).scalars()
    )
    for address in addresses:
        key = email_key(address)
        if key not in known:
            known.add(key)
            desk.session.add(
                EmailParticipant(
                    conversation_id=conversation_id, address_key=key, address=address, role="agent"
                )
            )
    desk.session.flush()


def compose(
    desk: Desk, conversation: ConversationRef, cc: Sequence[str], bcc: Sequence[str]
) -> Composition:
    """Say who gets a reply, and why: nobody twice, and none of the workspace's own mailboxes."""
    own = OwnAddresses.of(desk)
    people = list(
        desk.session.execute(
            select(EmailParticipant)
            .where(EmailParticipant.conversation_id == conversation.id)
            .order_by(EmailParticipant.address_key)
        ).scalars()
    )
    recipients: list[dict[str, Any]] = []
    seen: set[str] = set()

    def add(kind: str, address: str, reason: str) -> None:
        key = email_key(address)
        if key not in seen and (kind == "to" or address not in own):
            seen.add(key)
            recipients.append({"type": kind, "address": address, "reason": reason})

    email = conversation.customer_email
    if email is not None:
        key = email_key(email)
        wish = next((it.reply_to for it in people if it.address_key == key and it.reply_to), None)
        if wish is None:
            add("to", email, "The customer of the conversation.")
        else:
            add("to", wish, "Where the customer asked to be answered (Reply-To).")
            seen.add(key)  # and is not copied besides
    for address in cc:
        add("cc", address, "Copied by the agent.")
    for address in bcc:
        add("bcc", address, "Copied blind by the agent.")
    for person in people:
        if person.copied:
            add("cc", person.address, "Was among the recipients of the last mail from outside.")
    return Composition(recipients=tuple(recipients))
