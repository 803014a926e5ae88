"""The ledger as the API and the command line show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from support_core.plugin_api import (
    NotFound,
    component,
    fields,
    keysets,
    maybe,
    obj,
    run_list,
)

from .models import EmailIngest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from support_core.plugin_api import Desk, ListPage

STATES = ("fetched", "filed", "duplicate", "quarantined")

KEYSETS = keysets({"id": EmailIngest.id}, id=EmailIngest.id)

_ID = {"type": "integer", "minimum": 1}
_COUNT = {"type": "integer", "minimum": 0}
_TEXT = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}

INGEST = component(
    "IngestedMail",
    obj(
        id=_ID,
        mailbox_id=_ID,
        state={"type": "string", "enum": list(STATES)},
        reason=maybe(_TEXT),
        kind=maybe(_TEXT),
        source=_TEXT,
        folder=maybe(_TEXT),
        uidvalidity=maybe(_COUNT),
        uid=maybe(_COUNT),
        message_id=maybe(_TEXT),
        sender=maybe(_TEXT),
        subject=maybe(_TEXT),
        size=_COUNT,
        truncated={"type": "boolean"},
        attempts=_COUNT,
        conversation_id=maybe(_ID),
        thread_id=maybe(_ID),
        answer=maybe(_TEXT),
        received_at=maybe(_MOMENT),
        created_at=_MOMENT,
        updated_at=_MOMENT,
    ),
)

SHOWN = (
    "id",
    "mailbox_id",
    "state",
    "reason",
    "kind",
    "source",
    "folder",
    "uidvalidity",
    "uid",
    "message_id",
    "sender",
    "subject",
    "size",
    "truncated",
    "attempts",
    "conversation_id",
    "thread_id",
    "answer",
    "received_at",
    "created_at",
    "updated_at",
)


class IngestFilters(fields.PageQuery):
    state = fields.CommaSeparated(
        fields.Choice(STATES), missing=fields.drop, description="Only these states."
    )
    sort = fields.Sort(("id",), missing="-id")


def list_ingests(desk: Desk, mailbox_id: int, filters: Mapping[str, Any]) -> ListPage:
    """Return one page of a mailbox's ledger."""
    statement = select(EmailIngest).where(EmailIngest.mailbox_id == mailbox_id)
    if "state" in filters:
        statement = statement.where(EmailIngest.state.in_(filters["state"]))
    return run_list(desk.session, statement, keyset=KEYSETS[filters["sort"]], filters=filters)


def find_ingest(desk: Desk, mailbox_id: int, ingest_id: int) -> EmailIngest:
    """Return a mail of a mailbox's ledger; raises ``NotFound``."""
    desk.mailboxes.get(mailbox_id)
    row = desk.session.get(EmailIngest, ingest_id)
    if row is None or row.mailbox_id != mailbox_id:
        raise NotFound
    return row


def present_ingest(row: EmailIngest) -> dict[str, Any]:
    """Return one mail of the ledger."""
    return {name: getattr(row, name) for name in SHOWN}
