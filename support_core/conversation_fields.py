"""Fields that a plugin adds to conversations, to filter and to sort them by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Table

    from .schemas.base import Field

#: Names that are the core's own. The reference's ``sla_*`` fields are not among them: without a
#: plugin that fills them they are null.
CORE_FIELDS = (
    "id",
    "number",
    "subject",
    "status",
    "channel",
    "priority",
    "tags",
    "can_reply",
    "customer",
    "mailbox",
    "assignedUser",
    "last_reply_at",
    "created_at",
    "updated_at",
    "threads",
)


@dataclass(frozen=True, eq=False)
class ConversationFields:
    """A plugin's share of a conversation: columns of a tenant table of its own.

    ``table`` has at most one row for a conversation, found by ``workspace_id`` and
    ``conversation_id``, its primary key. It is joined to every list and every conversation that is
    read, so that its columns cost no statement more; where it has no row they are null.
    ``shown`` are the fields with their columns, and ``shapes`` describes them for OpenAPI.

    ``filters`` are query parameters of the list: each takes one of the ``Choice`` field's values
    or several with commas between, and compares a column. ``sorts`` are columns to sort by: sorted
    by one, the list holds the conversations that have it, for null is no place in an order. There
    has to be an index over (workspace, column, conversation) for each of both.

    ``live_only`` promises that the columns of filters and sorts are null for a conversation that
    is deleted; then a list that only they narrow is counted without looking at conversations.
    ``volatile`` names shown fields that change by themselves: an ``If-Match`` is not held against
    them. Make one object of it, at import: statements are kept by it.
    """

    table: Table
    shown: Mapping[str, ColumnElement[Any]]
    shapes: Mapping[str, Mapping[str, Any]]
    filters: Mapping[str, tuple[Field, ColumnElement[Any]]] = field(default_factory=dict)
    sorts: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)
    live_only: bool = False
    volatile: Sequence[str] = ()


def shown_names(declared: Sequence[ConversationFields]) -> tuple[str, ...]:
    """Return the plugins' fields in the order of their columns in a row."""
    return tuple(name for fields in declared for name in fields.shown)
