"""Customers: found by e-mail address or phone number, within one workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from ..addresses import email_key
from ..db import Prepared, hold, is_alone
from ..errors import Invalid, NotFound, invalid_reference
from ..models import Conversation, Customer
from .fields import changed, taken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..desk import Desk

FIELDS = (
    "email",
    "display_name",
    "first_name",
    "last_name",
    "phone",
    "company",
    "notes",
    "attributes",
)

_customer = Customer.__table__.c
_BY_EMAIL = Prepared(
    select(_customer.id).where(
        _customer.workspace_id == bindparam("of_workspace"),
        _customer.email_key == bindparam("of_key"),
        _customer.deleted_at.is_(None),
    )
)


class CustomerService:
    """The workspace's customers."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def get(self, customer_id: int, *, lock: bool = False) -> Customer:
        """Return a customer; raises ``NotFound``. ``lock`` holds its row to the commit."""
        customer = self._desk.session.get(Customer, customer_id, with_for_update=lock or None)
        if customer is None or customer.deleted_at is not None:
            raise NotFound
        return customer

    def by_email(self, email: str) -> Customer | None:
        """Return the customer of this address, whatever its case."""
        session = self._desk.session
        found = session.fetch(_BY_EMAIL, {"of_key": email_key(email)})
        return session.get(Customer, found[0].id) if found else None

    def by_emails(self, emails: Iterable[str]) -> Sequence[Customer]:
        """Return the customers of these addresses.

        As long as they are held on to, looking one up by its address reads no row again.
        """
        keys = {email_key(email) for email in emails}
        if not keys:
            return ()
        wanted = select(Customer).where(Customer.email_key.in_(keys), Customer.deleted_at.is_(None))
        return self._desk.session.execute(wanted).scalars().all()

    def by_phone(self, phone: str, *aliases: str) -> Customer | None:
        """Return the customer of this phone number (E.164), or of another spelling of it."""
        return self._desk.session.execute(
            select(Customer)
            .where(Customer.phone.in_((phone, *aliases)), Customer.deleted_at.is_(None))
            .order_by(Customer.id)
            .limit(1)
        ).scalar_one_or_none()

    def find_or_create(
        self,
        *,
        email: str | None,
        name: str | None = None,
        phone: str | None = None,
        phone_aliases: Sequence[str] = (),
    ) -> Customer:
        """Return the customer of this address or number, made on first contact.

        Two first contacts at once make one customer: who loses the race takes the winner's row.
        A known customer without a name takes the given one. ``phone_aliases`` are other spellings
        of the number.
        """
        if phone:  # has no unique key: people share numbers
            hold(self._desk.session, f"customer phone {min(phone, *phone_aliases, phone)}")
        customer = (self.by_email(email) if email else None) or (
            self.by_phone(phone, *phone_aliases) if phone else None
        )
        if customer is None:
            customer = self._make_or_find(email=email, display_name=name, phone=phone)
        elif name and not customer.display_name:
            customer.display_name = name
            self._desk.session.flush()
            self._index(customer)
        return customer

    def _make_or_find(self, **values: Any) -> Customer:
        if not values["email"] or is_alone(self._desk.session):
            return self._make(values)
        try:
            with self._desk.session.begin_nested():
                return self._make(values)
        except IntegrityError:
            winner = self.by_email(values["email"])
            if winner is None:
                raise
            return winner

    def create(self, values: Mapping[str, Any]) -> Customer:
        """Create a customer; raises ``Invalid`` where the address is known already."""
        if values.get("email"):
            self._refuse_taken(values["email"])
        return self._make(values)

    def _make(self, values: Mapping[str, Any]) -> Customer:
        customer = Customer(**{name: values[name] for name in FIELDS if name in values})
        customer.email_key = email_key(customer.email) if customer.email else None
        self._desk.session.put(customer)
        self._desk.search.customers.add(customer.id, *_document(customer))
        self._desk.events.publish("customer.created", customer_id=customer.id)
        return customer

    def update(self, customer_id: int, values: Mapping[str, Any]) -> Customer:
        """Change the given fields; raises ``Invalid`` where neither address nor phone is left."""
        customer = self.get(customer_id)
        email = values.get("email", customer.email)
        if not email and not values.get("phone", customer.phone):
            raise Invalid(
                {
                    "email": ["The email field is required when phone is not present."],
                    "phone": ["The phone field is required when email is not present."],
                }
            )
        if email and email_key(email) != customer.email_key:
            self._refuse_taken(email)
        different = changed(customer, {name: values[name] for name in FIELDS if name in values})
        if different:
            customer.email_key = email_key(email) if email else None
            self._desk.session.flush()
            self._index(customer)
            if "email" in different:
                self._reindex_conversations(customer)
            self._desk.events.publish(
                "customer.updated", customer_id=customer.id, fields=sorted(different)
            )
        return customer

    def delete(self, customer_id: int) -> None:
        """Remove a customer; one who has conversations is kept out of sight for their sake."""
        customer = self.get(customer_id)
        customer.deleted_at = self._desk.clock()
        self._desk.session.flush()
        self._desk.search.customers.drop(customer.id)
        self._desk.audit.record("customer.deleted", "customer", customer.id)
        self._desk.events.publish("customer.deleted", customer_id=customer.id)
        used = select(Conversation.id).where(Conversation.customer_id == customer.id).limit(1)
        if self._desk.session.execute(used).first() is None:
            self._desk.session.delete(customer)
            self._desk.session.flush()

    def merge(self, customer_id: int, other_id: int) -> Customer:
        """Make one of two customers that are the same person: the other's are this one's.

        The other one's conversations move here, and what this one has no value for is taken over.
        Raises ``NotFound`` for the one, and ``Invalid`` for another that is none.
        """
        if other_id == customer_id:
            raise invalid_reference("customer_id")
        for id_ in sorted((customer_id, other_id)):  # in one order, whoever merges what
            self._desk.session.get(Customer, id_, with_for_update=True)
        customer = self.get(customer_id)
        try:
            other = self.get(other_id)
        except NotFound:
            raise invalid_reference("customer_id") from None
        taken_over = {name: getattr(other, name) for name in FIELDS if name != "attributes"}
        missing = {
            name: it for name, it in taken_over.items() if it and not getattr(customer, name)
        }
        attributes = {**other.attributes, **customer.attributes}
        self._desk.session.execute(
            update(Conversation)
            .where(Conversation.customer_id == other.id)
            .values(customer_id=customer.id),
            execution_options={"synchronize_session": "fetch"},
        )
        other.deleted_at = self._desk.clock()
        self._desk.session.flush()
        self._desk.search.customers.drop(other.id)
        for name, value in missing.items():
            setattr(customer, name, value)
        customer.attributes = attributes
        customer.email_key = email_key(customer.email) if customer.email else None
        self._desk.session.flush()
        self._index(customer)
        self._reindex_conversations(customer)
        self._desk.audit.record("customer.merged", "customer", customer.id)
        self._desk.events.publish("customer.merged", customer_id=customer.id, merged_id=other.id)
        self._desk.session.delete(other)
        self._desk.session.flush()
        return customer

    def _refuse_taken(self, email: str) -> None:
        if self.by_email(email) is not None:
            raise Invalid({"email": [taken("email")]})

    def _index(self, customer: Customer) -> None:
        self._desk.search.customers.put(customer.id, *_document(customer))

    def _reindex_conversations(self, customer: Customer) -> None:
        """Make the customer's conversations findable by the new address."""
        rows = self._desk.session.execute(
            select(Conversation.id, Conversation.subject).where(
                Conversation.customer_id == customer.id, Conversation.deleted_at.is_(None)
            )
        )
        for row in rows.all():
            self._desk.search.conversations.put(row.id, row.subject, customer.email)


def _document(customer: Customer) -> tuple[str | None, ...]:
    """Return what a customer is found by."""
    return (
        customer.display_name,
        customer.first_name,
        customer.last_name,
        customer.email,
        customer.phone,
        customer.company,
    )
