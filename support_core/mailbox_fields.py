"""Fields that a plugin adds to mailboxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import colander

    from .desk import Desk

#: Names that are the core's own.
CORE_FIELDS = (
    "id",
    "name",
    "email",
    "is_active",
    "signature",
    "auto_reply_enabled",
    "auto_reply_subject",
    "auto_reply_body",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True)
class MailboxFields:
    """A plugin's share of a mailbox.

    ``nodes`` validate what a client sends. ``read`` returns the shown fields of many mailboxes at
    once, by mailbox id; a mailbox it does not know shows ``defaults``. ``write`` stores the given
    ones (a missing key keeps its value) and returns what is shown this once, such as a new secret.
    ``shown`` describes the fields for OpenAPI; ``shown_once`` those that only ``write`` returns.
    ``volatile`` names shown fields that change by themselves, a state for example: an ``If-Match``
    does not look at them.
    """

    nodes: Sequence[colander.SchemaNode]
    read: Callable[[Desk, Sequence[int]], Mapping[int, Mapping[str, Any]]]
    write: Callable[[Desk, int, Mapping[str, Any]], Mapping[str, Any]]
    defaults: Mapping[str, Any]
    shown: Mapping[str, Mapping[str, Any]]
    shown_once: Mapping[str, Mapping[str, Any]]
    volatile: Sequence[str] = ()
