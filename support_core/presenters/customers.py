"""Customers as the API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .attachments import present_attachment
from .shapes import ANY_OBJECT, ID, MOMENT, TEXT, component, enveloped, many, maybe, obj

if TYPE_CHECKING:
    from ..models import Customer

CUSTOMER = component(
    "Customer",
    obj(
        id=ID,
        email=maybe(TEXT),
        display_name=maybe(TEXT),
        first_name=maybe(TEXT),
        last_name=maybe(TEXT),
        phone=maybe(TEXT),
        company=maybe(TEXT),
        notes=maybe(TEXT),
        attributes=ANY_OBJECT,
        created_at=MOMENT,
        updated_at=MOMENT,
    ),
)

EXPORT = enveloped(obj(customer=CUSTOMER, conversations=many(ANY_OBJECT)))


def present_customer(customer: Customer) -> dict[str, Any]:
    """Return a customer."""
    return {
        "id": customer.id,
        "email": customer.email,
        "display_name": customer.display_name,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "phone": customer.phone,
        "company": customer.company,
        "notes": customer.notes,
        "attributes": customer.attributes,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
    }


def present_export(export: dict[str, Any]) -> dict[str, Any]:
    """Return everything stored about a customer."""
    return {
        "customer": present_customer(export["customer"]),
        "conversations": [
            {
                "id": item["conversation"].id,
                "number": item["conversation"].number,
                "subject": item["conversation"].subject,
                "status": item["conversation"].status,
                "channel": item["conversation"].channel,
                "created_at": item["conversation"].created_at,
                "threads": [
                    {
                        "id": thread.id,
                        "type": thread.type,
                        "body": thread.body,
                        "body_format": thread.body_format,
                        "created_at": thread.created_at,
                        "attachments": [present_attachment(it) for it in attachments],
                    }
                    for thread, attachments in item["threads"]
                ],
            }
            for item in export["conversations"]
        ],
    }
