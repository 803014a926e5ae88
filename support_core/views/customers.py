"""``/customers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..conversation_fields import shown_names
from ..errors import Conflict
from ..presenters.conversations import CONVERSATION_ITEM, present_item
from ..presenters.customers import CUSTOMER, EXPORT, present_customer, present_export
from ..presenters.shapes import MESSAGE_ONLY, enveloped, paged
from ..rest import ID, Service, path_id
from ..rest.pages import enveloped as envelope
from ..schemas.conversations import customer_conversation_filters
from ..schemas.customers import CreateCustomer, CustomerBody, CustomerFilters, MergeBody
from ..security import Permission
from ..services.conversation_queries import list_conversations
from ..services.customer_queries import list_customers

if TYPE_CHECKING:
    from pyramid.request import Request

TAG = "Customers"
BASE = f"/customers/{ID}"

customers = Service("customers", "/customers", description="Customers.", tag=TAG)
customer = Service("customer", BASE, description="One customer.", tag=TAG)
of_customer = Service(
    "customer-conversations",
    f"{BASE}/conversations",
    description="A customer's conversations.",
    tag=TAG,
)
erasure = Service("customer-erase", f"{BASE}/erase", description="Erasing.", tag=TAG)
merging = Service("customer-merge", f"{BASE}/merge", description="Merging.", tag=TAG)
export = Service("customer-export", f"{BASE}/export", description="Exporting.", tag=TAG)


@customers.get(
    permission=Permission.VIEW_CONVERSATIONS, query=CustomerFilters(), shape=paged(CUSTOMER)
)
def list_(request: Request) -> dict[str, Any]:
    """List customers."""
    page = list_customers(request.desk, request.filters)
    return envelope(request, page, [present_customer(row[0]) for row in page.rows])


@customers.post(
    permission=Permission.MANAGE_CUSTOMERS,
    body=CreateCustomer(),
    status=201,
    shape=enveloped(CUSTOMER, message=True),
)
def create(request: Request) -> dict[str, Any]:
    """Create a customer."""
    made = request.desk.customers.create(request.validated)
    return {"data": present_customer(made), "message": "Customer created successfully"}


@customer.get(permission=Permission.VIEW_CONVERSATIONS, shape=enveloped(CUSTOMER), etag=True)
def show(request: Request) -> dict[str, Any]:
    """Get a customer."""
    return {"data": present_customer(request.desk.customers.get(path_id(request)))}


GUARD = (show, lambda desk, id_: desk.customers.get(id_, lock=True))


@customer.put(
    permission=Permission.MANAGE_CUSTOMERS,
    body=CustomerBody(partial=True),
    shape=enveloped(CUSTOMER, message=True),
    raises=(Conflict,),
    precondition=GUARD,
)
def update(request: Request) -> dict[str, Any]:
    """Update a customer; what is left out stays."""
    changed = request.desk.customers.update(path_id(request), request.validated)
    return {"data": present_customer(changed), "message": "Customer updated successfully"}


@merging.post(
    permission=Permission.MANAGE_CUSTOMERS,
    body=MergeBody(),
    shape=enveloped(CUSTOMER, message=True),
    precondition=GUARD,
)
def merge(request: Request) -> dict[str, Any]:
    """Merge another customer into this one: two that are the same person.

    The other one's conversations become this one's, and what this one has no value for is taken
    over; the other one is gone.
    """
    merged = request.desk.customers.merge(path_id(request), request.validated["customer_id"])
    return {"data": present_customer(merged), "message": "Customers merged successfully"}


@customer.delete(permission=Permission.MANAGE_CUSTOMERS, shape=MESSAGE_ONLY, precondition=GUARD)
def delete(request: Request) -> dict[str, Any]:
    """Delete a customer; their conversations stay."""
    request.desk.customers.delete(path_id(request))
    return {"message": "Customer deleted successfully"}


@of_customer.get(
    permission=Permission.VIEW_CONVERSATIONS,
    query=customer_conversation_filters,
    shape=paged(CONVERSATION_ITEM),
)
def conversations_of(request: Request) -> dict[str, Any]:
    """List a customer's conversations, with the same filters as the list of all."""
    found = request.desk.customers.get(path_id(request))
    added = shown_names(request.desk.plugins.conversation_fields)
    page = list_conversations(request.desk, {**request.filters, "customer_id": found.id})
    return envelope(request, page, [present_item(row, added) for row in page.rows])


@erasure.post(permission=Permission.MANAGE_CUSTOMERS, shape=MESSAGE_ONLY)
def erase(request: Request) -> dict[str, Any]:
    """Erase a customer's personal data for good; numbers and counts stay."""
    request.desk.privacy.erase(path_id(request))
    return {"message": "Customer erased successfully"}


@export.get(permission=Permission.MANAGE_CUSTOMERS, shape=EXPORT)
def export_(request: Request) -> dict[str, Any]:
    """Export everything stored about a customer."""
    return {"data": present_export(request.desk.privacy.export(path_id(request)))}
