"""Contacts: who opened a widget, how they prove who they are, and what is known of them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from support_core.plugin_api import NotFound, email_key

from .browsers import browser_of
from .models import ChatContact
from .problems import InvalidSignature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Customer, Desk

    from .models import ChatWidget

#: Seconds for which a visitor counts as online after the last sign of life.
ONLINE = timedelta(seconds=150)

#: What a page tells about itself.
PAGE = ("page_url", "page_title", "referrer", "locale")


@dataclass(frozen=True)
class Claim:
    """Who a visitor says to be; ``proven`` names what the page's server vouched for."""

    visitor_id: str | None
    email: str | None
    proven: str | None = None


def claim_of(desk: Desk, widget: ChatWidget, values: Mapping[str, Any]) -> Claim:
    """Return who the visitor is; raises ``InvalidSignature`` where it is claimed without proof."""
    visitor_id, email, given = values["visitor_id"], values["email"], values["user_hash"]
    if given is None:
        if widget.hmac_required:
            raise InvalidSignature
        return Claim(visitor_id, email)
    proven = None
    for secret in _secrets(desk, widget):
        for kind, subject in (("visitor", visitor_id), ("email", email)):
            wanted = hmac.new(secret, (subject or "").encode(), hashlib.sha256).hexdigest()
            same = hmac.compare_digest(wanted, given.lower())
            if same and subject and proven is None:
                proven = kind
    if proven is None:
        raise InvalidSignature
    return Claim(visitor_id, email, proven)


def _secrets(desk: Desk, widget: ChatWidget) -> list[bytes]:
    """Return what proves visitors now: the secret, and the one before it until its time is over."""
    kept = [widget.hmac_secret]
    until = widget.old_hmac_secret_until
    if widget.old_hmac_secret is not None and until is not None and desk.clock() < until:
        kept.append(widget.old_hmac_secret)
    return [desk.keyring.decrypt(it).encode() for it in kept]


def meet(
    desk: Desk, widget: ChatWidget, values: Mapping[str, Any], user_agent: str | None
) -> ChatContact:
    """Return the visitor's contact, resumed or new, with what its page has told.

    Raises ``InvalidSignature``, also for the id of a verified visitor without its proof.
    """
    claim = claim_of(desk, widget, values)
    contact = _known(desk, widget, claim)
    if contact is None:
        contact = _make(desk, widget, claim)
    for name in PAGE:
        setattr(contact, name, values[name])
    if user_agent:
        contact.browser = browser_of(user_agent)
    contact.name = values["name"] or contact.name
    if claim.email and (claim.proven or not contact.email):
        contact.email = claim.email
    contact.last_seen_at = desk.clock()
    desk.session.flush()
    return contact


def _known(desk: Desk, widget: ChatWidget, claim: Claim) -> ChatContact | None:
    of_widget = select(ChatContact).where(ChatContact.widget_id == widget.id)
    if claim.proven == "email":
        proven = of_widget.where(ChatContact.proven_email == email_key(claim.email or ""))
        return desk.session.execute(proven.order_by(ChatContact.id).limit(1)).scalar_one_or_none()
    if claim.visitor_id is None:
        return None
    named = of_widget.where(ChatContact.visitor_id == claim.visitor_id)
    if claim.proven:
        named = named.where(ChatContact.verified)
        return desk.session.execute(named).scalar_one_or_none()
    found = desk.session.execute(named.order_by(ChatContact.verified)).scalars().first()
    if found is not None and found.verified:
        raise InvalidSignature
    return found


def _make(desk: Desk, widget: ChatWidget, claim: Claim) -> ChatContact:
    """Make a contact; who loses a race for the same visitor takes the winner's."""
    # By its e-mail address only: then the id is whatever somebody made up, and may be another's.
    visitor_id = claim.visitor_id if claim.proven != "email" else None
    try:
        with desk.session.begin_nested():
            contact = ChatContact(
                widget_id=widget.id,
                secret_id=secrets.randbelow(2**53 - 1) + 1,
                visitor_id=visitor_id or str(uuid4()),
                verified=claim.proven is not None,
                proven_email=email_key(claim.email or "") if claim.proven == "email" else None,
                answers={},
                last_seen_at=desk.clock(),
            )
            desk.session.add(contact)
            desk.session.flush()
            return contact
    except IntegrityError:
        winner = _known(desk, widget, claim)
        if winner is None:
            raise
        return winner


def customer_of(desk: Desk, contact: ChatContact) -> Customer:
    """Return the customer behind a contact, made or found by the address that was given.

    That address is only claimed: the visitor is shown nothing of that customer's but the chat.
    """
    customer = _linked(desk, contact)
    if customer is not None and (
        not contact.email or customer.email_key == email_key(contact.email)
    ):
        return customer
    email = contact.email
    if customer is not None and email and not customer.email and not desk.customers.by_email(email):
        return desk.customers.update(customer.id, {"email": contact.email})
    found = desk.customers.find_or_create(email=contact.email, name=contact.name)
    contact.customer_id = found.id
    desk.session.flush()
    return found


def _linked(desk: Desk, contact: ChatContact) -> Customer | None:
    if contact.customer_id is None:
        return None
    try:
        return desk.customers.get(contact.customer_id)
    except NotFound:
        return None


def seen(desk: Desk, contact: ChatContact, values: Mapping[str, Any] | None = None) -> None:
    """Note a sign of life, and the page where that has changed."""
    now = desk.clock()
    for name in ("page_url", "page_title"):
        if values and name in values and values[name] != getattr(contact, name):
            setattr(contact, name, values[name])
    if now - contact.last_seen_at > ONLINE / 5:
        contact.last_seen_at = now
    desk.session.flush()


def forget(desk: Desk, customer_id: int) -> None:
    """Remove the visitors who were this customer: their ids let nobody in any more."""
    rows = desk.session.execute(
        select(ChatContact).where(ChatContact.customer_id == customer_id)
    ).scalars()
    for contact in rows.all():
        contact.secret_id = secrets.randbelow(2**53 - 1) + 1
        contact.visitor_id = str(uuid4())
        contact.proven_email = contact.email = contact.name = None
        contact.page_url = contact.page_title = contact.referrer = None
        contact.browser = contact.locale = None
        contact.answers = {}
        desk.events.publish("chat.contact_erased", chat_contact_id=contact.id)
    desk.session.flush()


def follow_merge(desk: Desk, customer_id: int, merged_id: int) -> None:
    """Let the visitors who were a customer that is about to go be the one who stays."""
    rows = desk.session.execute(select(ChatContact).where(ChatContact.customer_id == merged_id))
    for contact in rows.scalars().all():
        contact.customer_id = customer_id
    desk.session.flush()
