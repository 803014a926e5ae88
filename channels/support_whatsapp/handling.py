"""Working on webhooks that were kept: each thing they tell by itself, and each only once.

One job for an account at a time, so that what comes in for a number is filed in its order. A thing
that fails is rolled back alone, and stands in the ledger to be replayed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import (
    InterfaceError,
    InternalError,
    OperationalError,
    TimeoutError as PoolTimeout,
)

from support_core.plugin_api import BlobStoreAway, NotFound, job

from .filing import Filing
from .media import fetch_anew
from .models import WhatsAppAccount, WhatsAppItem, WhatsAppMedia, WhatsAppPayload
from .outcomes import Outcome
from .reading import NotReadable, Told, id_of, read, restored, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support_core.plugin_api import Desk, JobContext

log = structlog.get_logger(__name__)

#: Webhooks that are begun together, and things that are filed in one transaction.
PAYLOADS, ITEMS = 50, 5

#: A webhook that was begun so often, each time with the death of its process, is not tried again.
MOST_ATTEMPTS = 5
CRASHED = "Working on it ended the process several times."

#: What is wrong with the desk or its disks, not with what was told.
TROUBLE = (OperationalError, InterfaceError, InternalError, PoolTimeout, OSError, BlobStoreAway)

#: The kind of a whole webhook in the ledger: one that could not be read.
PAYLOAD = "payload"


@dataclass(frozen=True)
class Step:
    """One thing to file, and where it stands; ``last`` of its webhook or not."""

    payload_id: int
    position: int
    told: Told | None
    problem: str | None = None
    last: bool = False


@job(queue="whatsapp", max_retries=None)
def handle(context: JobContext, account_id: int) -> None:
    """Work on all webhooks of an account that wait."""
    intake = context.application.extensions["whatsapp"]
    while True:
        intake.wait_for_quiet()
        begun = _begin(context, account_id)
        if not begun:
            return
        steps = [step for payload_id, body, repeated in begun for step in _steps(payload_id, body)]
        again = {payload_id for payload_id, _, repeated in begun if repeated}
        try:
            for start in range(0, len(steps), ITEMS):
                if start:
                    intake.wait_for_quiet()
                with context.desk() as desk:
                    _take(desk, account_id, steps[start : start + ITEMS], again)
        except TROUBLE:
            with context.desk() as desk:  # the webhooks have done nothing wrong
                _count(desk, [it[0] for it in begun], -1)
            raise


def _begin(context: JobContext, account_id: int) -> list[tuple[int, bytes, bool]]:
    """Return the next webhooks; one that was begun before comes after the others, and alone."""
    with context.desk() as desk:
        waiting = desk.session.execute(
            select(WhatsAppPayload.id, WhatsAppPayload.body, WhatsAppPayload.attempts)
            .where(WhatsAppPayload.account_id == account_id, WhatsAppPayload.state == "received")
            .order_by(WhatsAppPayload.attempts, WhatsAppPayload.id)
            .limit(PAYLOADS)
        ).all()
        new = [row for row in waiting if row.attempts == 0]
        chosen = new or waiting[:1]
        if chosen and chosen[0].attempts >= MOST_ATTEMPTS:
            _give_up(desk, account_id, chosen[0].id, CRASHED)
            return _begin_next(desk)
        _count(desk, [row.id for row in chosen], 1)
    return [(row.id, row.body or b"", row.attempts > 0) for row in chosen]


def _begin_next(_desk: Desk) -> list[tuple[int, bytes, bool]]:
    """Return a webhook without anything in it, so that the next round looks again."""
    return [(0, b"{}", False)]


def _count(desk: Desk, payload_ids: Sequence[int], by: int) -> None:
    if payload_ids:
        desk.session.execute(
            update(WhatsAppPayload)
            .where(WhatsAppPayload.id.in_(payload_ids), WhatsAppPayload.state == "received")
            .values(attempts=WhatsAppPayload.attempts + by),
            execution_options={"synchronize_session": False},
        )


def _steps(payload_id: int, body: bytes) -> list[Step]:
    try:
        told = read(body)
    except NotReadable as error:
        return [Step(payload_id, 0, None, str(error), last=True)]
    steps = [
        Step(payload_id, position, it, last=position == len(told) - 1)
        for position, it in enumerate(told)
    ]
    return steps or [Step(payload_id, 0, None, last=True)]


def _take(desk: Desk, account_id: int, steps: Sequence[Step], again: set[int]) -> None:
    """File some things in the caller's transaction, each in a savepoint of its own."""
    account = desk.session.get(WhatsAppAccount, account_id)
    if account is None:
        return
    filing = Filing(desk, account)
    done = _done(desk, {it.payload_id for it in steps} & again)
    for step in steps:
        if step.problem is not None:
            _give_up(desk, account_id, step.payload_id, step.problem)
        elif step.told is not None and (step.payload_id, step.position) not in done:
            _file(desk, filing, account_id, step, step.told)
        if step.last and step.problem is None:
            _finish(desk, step.payload_id, "handled")
    filing.finish()


def _done(desk: Desk, payload_ids: set[int]) -> set[tuple[int, int]]:
    """Return what an attempt that did not come to its end has filed."""
    if not payload_ids:
        return set()
    rows = desk.session.execute(
        select(WhatsAppItem.payload_id, WhatsAppItem.position).where(
            WhatsAppItem.payload_id.in_(payload_ids)
        )
    )
    return {(row.payload_id, row.position) for row in rows}


def _file(desk: Desk, filing: Filing, account_id: int, step: Step, told: Told) -> None:
    outcome = _attempt(desk, filing, told)
    if outcome.state == "repeated":
        return
    item = WhatsAppItem(
        account_id=account_id,
        payload_id=step.payload_id,
        position=step.position,
        kind=told.kind,
        created_at=desk.clock(),
        **_facts(told),
    )
    _note(item, outcome, told)
    desk.session.add(item)
    desk.session.flush()
    _tie_media(desk, item, outcome)


def _attempt(desk: Desk, filing: Filing, told: Told) -> Outcome:
    try:
        with desk.session.begin_nested():
            outcome = filing.file(told)
            desk.session.flush()
    except TROUBLE:
        raise
    except Exception as error:
        log.warning(
            "whatsapp_item_failed",
            workspace_id=desk.workspace_id,
            kind=told.kind,
            error=type(error).__name__,
            exc_info=error,
        )
        return Outcome("failed", f"{type(error).__name__} while it was filed.")
    return outcome


def _facts(told: Told) -> dict[str, Any]:
    external = text(told.data, "id")
    sender = text(told.data, "from", "from_user_id", "recipient_id")
    kind = text(told.data, "type", "status", "event")
    return {
        "external_id": id_of(external) if external else None,
        "sender": sender[:127] if sender else None,
        "type": kind[:63] if kind else None,
    }


def _note(item: WhatsAppItem, outcome: Outcome, told: Told | None) -> None:
    item.state, item.reason, item.target_id = outcome.state, outcome.reason, outcome.target_id
    item.conversation_id, item.thread_id = outcome.conversation_id, outcome.thread_id
    if told is not None:
        item.data = None if outcome.state == "handled" else told.kept()


def _tie_media(desk: Desk, item: WhatsAppItem, outcome: Outcome) -> None:
    if outcome.media_id is not None:
        desk.session.get_one(WhatsAppMedia, outcome.media_id).item_id = item.id
        desk.session.flush()


def _give_up(desk: Desk, account_id: int, payload_id: int, reason: str) -> None:
    """Put a whole webhook into the ledger as one that failed."""
    desk.session.add(
        WhatsAppItem(
            account_id=account_id,
            payload_id=payload_id,
            kind=PAYLOAD,
            state="failed",
            reason=reason,
            created_at=desk.clock(),
        )
    )
    desk.session.flush()
    _finish(desk, payload_id, "failed")


def _finish(desk: Desk, payload_id: int, state: str) -> None:
    desk.session.execute(
        update(WhatsAppPayload)
        .where(WhatsAppPayload.id == payload_id, WhatsAppPayload.state == "received")
        .values(state=state),
        execution_options={"synchronize_session": False},
    )


def replay(desk: Desk, item: WhatsAppItem) -> None:
    """Work on something that failed once more; raises ``NotFound`` for what is not kept any more.

    A whole webhook, and a file that could not be fetched, go by a job.
    """
    item.attempts += 1
    if item.kind == PAYLOAD:
        payload = desk.session.get(WhatsAppPayload, item.payload_id)
        if payload is None or payload.body is None:
            raise NotFound("The webhook is no longer kept.")
        payload.state, payload.attempts = "received", 0
        item.state, item.reason = "handled", "It was given to the desk anew."
        desk.enqueue(handle, item.account_id, key=str(item.account_id))
        desk.session.flush()
        return
    if item.thread_id is not None:
        fetch_anew(desk, item)
        return
    if item.data is None:
        raise NotFound("It is no longer kept.")
    told = restored(item.kind, item.data)
    filing = Filing(desk, desk.session.get_one(WhatsAppAccount, item.account_id))
    outcome = _attempt(desk, filing, told)
    if outcome.state == "repeated":
        outcome = Outcome("handled", "It is there already.", target_id=outcome.target_id)
    _note(item, outcome, told)
    desk.session.flush()
    _tie_media(desk, item, outcome)
    filing.finish()
