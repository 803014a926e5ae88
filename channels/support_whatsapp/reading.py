"""What a webhook tells, item by item: pure, and for whatever may stand in it.

Meta adds fields and kinds as it likes, so that nothing here takes a shape for granted: what is not
understood becomes an item all the same, and none keeps its neighbours from being read.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_ID = 255
LONGEST_KIND = 63
DEEPEST = 50

_NUMBER = re.compile(r"-?[0-9]{1,18}")

#: The field of changes whose value has messages and statuses.
MESSAGES = "messages"


@dataclass(frozen=True)
class Told:
    """One thing that a webhook tells.

    ``kind`` is ``message``, ``status``, ``error``, or the name of another field; ``contact`` is
    what Meta says of the sender beside a message.
    """

    kind: str
    phone_number_id: str | None
    data: dict[str, Any]
    contact: dict[str, Any] = field(default_factory=dict)

    def kept(self) -> dict[str, Any]:
        """Return it as the ledger keeps it, to be read again by :func:`restored`."""
        return {
            "phone_number_id": self.phone_number_id,
            "data": self.data,
            **({"contact": self.contact} if self.contact else {}),
        }


def restored(kind: str, kept: dict[str, Any]) -> Told:
    """Return what :meth:`Told.kept` has kept."""
    return Told(
        kind, kept.get("phone_number_id"), kept.get("data") or {}, kept.get("contact") or {}
    )


class NotReadable(ValueError):
    """A body that is no JSON object."""


def read(body: bytes) -> list[Told]:
    """Return everything that a webhook tells, in its order; raises :class:`NotReadable`."""
    try:
        payload = clean(json.loads(body.decode("utf-8"), parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        raise NotReadable("The webhook's body is not JSON.") from None
    if not isinstance(payload, dict):
        raise NotReadable("The webhook's body is no JSON object.")
    return [told for entry in objects(payload.get("entry")) for told in _changes(entry)]


def _changes(entry: dict[str, Any]) -> Iterator[Told]:
    for change in objects(entry.get("changes")):
        kind = text(change, "field") or "unknown"
        value = change.get("value")
        inside = value if isinstance(value, dict) else {"value": value}
        number = text(mapping(inside, "metadata"), "phone_number_id")
        if kind != MESSAGES:
            yield Told(kind[:LONGEST_KIND], number, inside)
            continue
        yield from _messages(inside, number)


def _messages(value: dict[str, Any], number: str | None) -> Iterator[Told]:
    contacts = objects(value.get("contacts"))
    for kind in ("message", "status", "error"):
        plural = f"{kind}s" if kind != "status" else "statuses"
        for each in listed(value.get(plural)):
            data = each if isinstance(each, dict) else {"value": each}
            contact = _contact_of(data, contacts) if kind == "message" else {}
            yield Told(kind, number, data, contact)


def _contact_of(message: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the contact that a message is from: of the same id, or the only one."""
    sender, user = text(message, "from"), text(message, "from_user_id")
    for contact in contacts:
        if sender is not None and text(contact, "wa_id") == sender:
            return contact
        if user is not None and text(contact, "user_id") == user:
            return contact
    return contacts[0] if len(contacts) == 1 else {}


def number(value: str | None) -> int | None:
    """Return a whole number that is written in digits; None for what is none, or too long."""
    return int(value) if value is not None and _NUMBER.fullmatch(value) else None


def id_of(value: str) -> str:
    """Return an id as a column holds it: a very long one by its digest."""
    if len(value) <= LONGEST_ID:
        return value
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"


def digest_of(told: Told) -> str:
    """Return an id for what has none of its own."""
    kept = json.dumps(told.kept(), sort_keys=True).encode()
    return f"sha256:{hashlib.sha256(kept).hexdigest()}"


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and anything else as none."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list."""
    return [it for it in listed(value) if isinstance(it, dict)]


def mapping(value: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object's field that is an object itself, else an empty one."""
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def text(value: dict[str, Any], *names: str) -> str | None:
    """Return the first of these fields that is a text, or a number written as one."""
    for name in names:
        found = value.get(name)
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
    return None


def clean(value: Any, depth: int = 0) -> Any:
    """Return a JSON value as every database can keep it.

    That is without NUL, lone surrogates, numbers over 64 bits, and nesting without end.
    """
    if isinstance(value, str):
        return value.replace("\x00", "").encode("utf-8", "replace").decode()
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return str(value)
    if isinstance(value, list | dict) and depth >= DEEPEST:
        return None
    if isinstance(value, list):
        return [clean(it, depth + 1) for it in value]
    if isinstance(value, dict):
        return {clean(name): clean(it, depth + 1) for name, it in value.items()}
    return value
