"""What WhatsApp reports of our messages: states that only move forward, over all parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from .content import problem_of
from .models import WhatsAppItem, WhatsAppPart
from .reading import mapping, objects, text
from .recording import note_sent

if TYPE_CHECKING:
    from support_core.plugin_api import Desk

#: Meta's words for what became of a message, and ours; a voice message that was played was read.
WORDS = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "read",
    "played": "read",
    "failed": "failed",
}
RANK = {"ready": 0, "sending": 0, "sent": 1, "failed": 2, "delivered": 3, "read": 4}

FAILED = "WhatsApp could not deliver the message."


def report(  # noqa: PLR0913 - the facts of a report, by keyword
    desk: Desk,
    account_id: int,
    external_id: str,
    word: str,
    *,
    reason: str | None = None,
    reference: str | None = None,
) -> bool | None:
    """Note a status; False for a message that is not known, None for a word that is not.

    ``reference`` is what we gave along with the message: it finds one whose id we never heard.
    """
    state = WORDS.get(word)
    if state is None:
        return None
    part = _part(desk, account_id, external_id, reference)
    if part is None:
        return False
    if part.external_id is None:
        note_sent(desk, part, external_id)
    if RANK[state] > RANK[part.state]:
        part.state = state
        part.error = (reason or FAILED) if state == "failed" else None
        desk.session.flush()
        tell(desk, part.delivery_id)
    return True


def tell(desk: Desk, delivery_id: int) -> None:
    """Say of a delivery what holds for all of its parts: one that failed, or the slowest."""
    parts = (
        desk.session.execute(
            select(WhatsAppPart)
            .where(WhatsAppPart.delivery_id == delivery_id)
            .order_by(WhatsAppPart.number)
        )
        .scalars()
        .all()
    )
    if not parts:
        return
    failed = next((it for it in parts if it.state == "failed"), None)
    slowest = failed or min(parts, key=lambda it: RANK[it.state])
    if RANK[slowest.state] > 0:
        desk.deliveries.report(
            "whatsapp", slowest.state, message_id=slowest.message_id, error=slowest.error
        )


def catch_up(desk: Desk, account_id: int, external_id: str) -> None:
    """Note the statuses that came before we heard the message's id."""
    waiting = (
        desk.session.execute(
            select(WhatsAppItem)
            .where(
                WhatsAppItem.account_id == account_id,
                WhatsAppItem.target_id == external_id,
                WhatsAppItem.kind == "status",
                WhatsAppItem.state == "waiting",
            )
            .order_by(WhatsAppItem.id)
        )
        .scalars()
        .all()
    )
    for item in waiting:
        status = mapping(item.data or {}, "data")
        reason = problem_of(objects(status.get("errors")))
        report(desk, account_id, external_id, text(status, "status") or "", reason=reason)
        item.state, item.reason, item.data = "handled", None, None
    desk.session.flush()


def _part(
    desk: Desk, account_id: int, external_id: str, reference: str | None
) -> WhatsAppPart | None:
    found: WhatsAppPart | None = desk.session.execute(
        select(WhatsAppPart)
        .where(WhatsAppPart.account_id == account_id, WhatsAppPart.external_id == external_id)
        .limit(1)
        .with_for_update()
    ).scalar_one_or_none()
    if found is not None or reference is None:
        return found
    message_id, _, number = reference.rpartition(".")
    if not (number.isascii() and number.isdigit()) or len(number) > 6:
        return None
    part: WhatsAppPart | None = desk.session.execute(
        select(WhatsAppPart)
        .where(
            WhatsAppPart.account_id == account_id,
            WhatsAppPart.message_id == message_id,
            WhatsAppPart.number == int(number),
        )
        .with_for_update()
    ).scalar_one_or_none()
    # An earlier attempt's message, that was replaced by another one since, is none of ours.
    return part if part is not None and part.external_id is None else None
