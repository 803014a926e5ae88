"""What a visitor sees of a conversation: the messages of both sides, and nothing else of it.

No notes, no line items, no reply before it is sent; of agents their public name alone. Bodies are
plain text whatever they were written as.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, bindparam, or_, select

from support_core.plugin_api import Attachment, Conversation, Delivery, Prepared, Thread, User

from .presenting import client_id_of, milliseconds
from .reading import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Select

    from support_core.plugin_api import Desk

#: Messages in one answer.
MOST = 200


class Seen(NamedTuple):
    """A message for a stream; ``held_back`` tells that it came to be seen after it was written."""

    message: dict[str, Any]
    held_back: bool


def may_see() -> ColumnElement[bool]:
    """Return which threads are the visitor's to see."""
    return or_(
        Thread.type == "customer",
        and_(Thread.type == "message", or_(*(Delivery.state == it for it in VISIBLE))),
    )


_COLUMNS = (
    Thread.id,
    Thread.conversation_id,
    Thread.type,
    Thread.body_text,
    Thread.created_at,
    Thread.external_id,
    User.name.label("agent_name"),
    Delivery.due_at,
    Delivery.attempts,
    select(Attachment.id)
    .where(Attachment.thread_id == Thread.id, Attachment.workspace_id == Thread.workspace_id)
    .exists()
    .label("has_files"),
)

_VISIBLE: Select[*tuple[Any, ...]] = (
    select(*_COLUMNS)
    .join(
        Conversation,
        and_(
            Conversation.id == Thread.conversation_id,
            Conversation.workspace_id == Thread.workspace_id,
        ),
    )
    .outerjoin(User, and_(User.id == Thread.user_id, User.workspace_id == Thread.workspace_id))
    .outerjoin(
        Delivery,
        and_(Delivery.thread_id == Thread.id, Delivery.workspace_id == Thread.workspace_id),
    )
    .where(may_see(), Conversation.deleted_at.is_(None))
)
#: Every frame of a stream is made of its row, of one event or of all that happened meanwhile.
_HERE = _VISIBLE.where(Thread.workspace_id == bindparam("workspace_id"))
_BY_ID = Prepared(_HERE.where(Thread.id == bindparam("id")))
_BY_IDS = Prepared(_HERE.where(Thread.id.in_(bindparam("ids", expanding=True))))


def messages(desk: Desk, conversation_id: int, after: int | None = None) -> list[dict[str, Any]]:
    """Return the newest messages, or those ``after`` a message, oldest first.

    A reply that was held back has an older id than what was said meanwhile; whoever asks for what
    came after that gets it as well.
    """
    statement = _VISIBLE.where(Thread.conversation_id == conversation_id)
    if after is None:
        rows = desk.session.execute(statement.order_by(Thread.id.desc()).limit(MOST)).all()
        return present(desk, list(reversed(rows)))
    known = (
        select(Thread.created_at)
        .where(Thread.conversation_id == conversation_id, Thread.id == after)
        .scalar_subquery()
    )
    late = and_(Delivery.due_at.is_not(None), Delivery.due_at >= known)
    rows = desk.session.execute(
        statement.where(or_(Thread.id > after, late)).order_by(Thread.id).limit(MOST)
    ).all()
    return present(desk, rows)


def by_ids(desk: Desk, thread_ids: Sequence[int]) -> dict[int, Seen]:
    """Return those of these messages that the visitor may see, by id, with their conversation."""
    rows = by_one_or_many(desk, _BY_ID, _BY_IDS, thread_ids)
    shown = present(desk, rows)
    return {
        row.id: Seen({**message, "conversation_id": row.conversation_id}, not _at_once(row))
        for row, message in zip(rows, shown, strict=True)
    }


def by_one_or_many(desk: Desk, one: Prepared, many: Prepared, ids: Iterable[int]) -> Sequence[Any]:
    """Return the rows of these ids: of ``one`` with ``id``, or of ``many`` with ``ids``.

    Lists are filled up to a power of two, or each length would be another statement to prepare.
    """
    wanted = sorted(set(ids))
    if len(wanted) > 1:
        missing = 2 ** (len(wanted) - 1).bit_length() - len(wanted)
        return desk.session.fetch(many, {"ids": [*wanted, *wanted[-1:] * missing]})
    return desk.session.fetch(one, {"id": wanted[0]}) if wanted else ()


def _at_once(row: Any) -> bool:
    """Tell whether a reply was there with the transaction that wrote it."""
    return row.due_at is None and not row.attempts


def present(desk: Desk, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return messages as the reference shows them, with their files where they have any."""
    files = desk.attachments.of_threads([row.id for row in rows if row.has_files])
    return [_one(row, files.get(row.id, ())) for row in rows]


def _one(row: Any, files: Sequence[Attachment]) -> dict[str, Any]:
    by_agent = row.type == "message"
    shown: dict[str, Any] = {
        "id": row.id,
        "type": "agent" if by_agent else "customer",
        "body": row.body_text,
        "agent_name": row.agent_name if by_agent else None,
        "created_at": milliseconds(row.created_at),
    }
    client_id = None if by_agent else client_id_of(row.external_id)
    if client_id is not None:
        shown["client_id"] = client_id
    if files:
        shown["attachments"] = [present_file(it) for it in files]
    return shown


def present_file(attachment: Attachment) -> dict[str, Any]:
    """Return a file for the visitor."""
    return {
        "id": attachment.id,
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": attachment.size,
    }
