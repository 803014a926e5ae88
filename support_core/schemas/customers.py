"""Bodies and queries of customers."""

from __future__ import annotations

from typing import Any

from .fields import Body, Email, Id, JsonObject, PageQuery, Refused, Sort, String, drop

SORTS = ("id", "created_at", "updated_at")


class CustomerBody(Body):
    read_only = ("id", "created_at", "updated_at")

    email = Email(missing=drop, nullable=True, description="Unique in the workspace.")
    display_name = String(max=255, single_line=True, missing=drop, nullable=True)
    name = String(
        max=255,
        single_line=True,
        missing=drop,
        nullable=True,
        description="Another word for display_name.",
    )
    first_name = String(max=255, single_line=True, missing=drop, nullable=True)
    last_name = String(max=255, single_line=True, missing=drop, nullable=True)
    phone = String(max=63, single_line=True, missing=drop, nullable=True)
    company = String(max=255, single_line=True, missing=drop, nullable=True)
    notes = String(max=50_000, missing=drop, nullable=True)
    attributes = JsonObject(missing=drop)

    def read(self, value: Any) -> dict[str, Any]:
        """Read the body; ``name`` stands for ``display_name`` where that is not given."""
        values: dict[str, Any] = super().read(value)
        name = values.pop("name", None)
        if name is not None:
            values.setdefault("display_name", name)
        return values


class CreateCustomer(CustomerBody):
    def validator(self, node: Any, value: dict[str, Any]) -> None:
        """A customer is known by something: an address or a phone number."""
        if not value.get("email") and not value.get("phone"):
            problem = Refused(node)
            problem["email"] = "The :attribute field is required when phone is not present."
            problem["phone"] = "The :attribute field is required when email is not present."
            raise problem


class MergeBody(Body):
    customer_id = Id(description="The other customer, who is the same person.")


class CustomerFilters(PageQuery):
    search = String(max=255, missing=drop, description="Substring of name, address or phone.")
    sort = Sort(SORTS, missing="-created_at")
