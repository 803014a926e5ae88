"""The clock of each conversation: reckoned from its history, written with what changed it.

Whoever changes a clock holds the conversation's row, so that a reply and a timer of one second
follow each other; whichever is first, the history decides what both come to.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from support_core.plugin_api import Conversation, Customer, Delivery, Thread

from .models import Clock, StaleDay
from .policies import NO_PROMISES, Facts, read_promises
from .reckoning import AGENT, CUSTOMER, TARGETS, Step, Verdict, reckon
from .standing import standing
from .turning import News, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from support_core.plugin_api import Desk

    from .policies import Promise, Promises

    Arm = Callable[[Desk, Mapping[int, datetime | None]], None]

_conversation = Conversation.__table__.c
_customer = Customer.__table__.c
_thread = Thread.__table__.c
_delivery = Delivery.__table__.c
_clock = Clock.__table__.c

#: What a clock has come to, whatever happens to the feature; and of a closed conversation also.
_LASTING = (
    *("policy_id", "turned", "first_response_met", "first_response_spent", "resolution_met"),
    *("resolution_spent", "next_response_met", "next_response_breached"),
)
_OF_CLOSED = ("sla_status", *(f"{name}_due_at" for name in TARGETS))

_workspace: Any = bindparam("here")
_ids: Any = bindparam("ids", expanding=True)

_HEADS = (
    select(
        *(_conversation.id, _conversation.status, _conversation.channel, _conversation.priority),
        *(_conversation.mailbox_id, _conversation.tags, _conversation.customer_id),
        *(_conversation.created_at, _conversation.closed_at, _conversation.deleted_at),
    )
    .where(_conversation.workspace_id == _workspace, _conversation.id.in_(_ids))
    .order_by(_conversation.id)
    .with_for_update()
)
_ATTRIBUTES = select(_customer.id, _customer.attributes).where(
    _customer.workspace_id == _workspace, _customer.id.in_(_ids)
)
_HISTORY = (
    select(
        *(_thread.conversation_id, _thread.type, _thread.user_id, _thread.meta),
        *(_thread.created_at, _delivery.due_at),
    )
    .select_from(
        Thread.__table__.outerjoin(
            Delivery.__table__,
            and_(_delivery.workspace_id == _thread.workspace_id, _delivery.thread_id == _thread.id),
        )
    )
    .where(
        _thread.workspace_id == _workspace,
        _thread.conversation_id.in_(_ids),
        _thread.type.in_(("customer", "message", "lineitem")),
    )
    .order_by(_thread.conversation_id, _thread.id)
)
_CLOCKS = select(Clock.__table__).where(
    _clock.workspace_id == _workspace, _clock.conversation_id.in_(_ids)
)


def refresh(
    desk: Desk,
    ids: Iterable[int],
    *,
    arm: Arm,
    told_from: datetime | None = None,
    judge_closed: bool = True,
) -> None:
    """Reckon these conversations anew and write what has changed.

    Turning points that have come are told, but for those before ``told_from``, when a rule was
    made: nobody is told of what a new rule would have made of the past. ``arm`` sees to it that
    somebody looks at conversations when their next one comes. Unless ``judge_closed``, of closed
    ones only the time on the wall is measured.

    In a workspace without the feature nothing is due and nothing is told; what conversations came
    to before stays as it is.
    """
    wanted = {"here": desk.workspace_id, "ids": sorted(set(ids))}
    if not wanted["ids"]:
        return
    session, now = desk.session, desk.clock()
    session.flush()
    heads = session.core(_HEADS, wanted).all()
    stands = standing(desk)
    promises = read_promises(desk) if not stands.denied else NO_PROMISES
    history = _histories(session.core(_HISTORY, wanted))
    before = {row.conversation_id: row for row in session.core(_CLOCKS, wanted)}
    attributes = _attributes(desk, heads, promises)
    changed, news = [], []
    moments: dict[int, datetime | None] = {}
    for head in heads:
        promise = promises.of(_facts(head, attributes))
        if head.status == "closed" and not judge_closed:
            promise = None
        verdict = _judge(head, history[head.id], promise, now)
        row = _row(head, promise, verdict)
        old = before.get(head.id)
        if stands.denied and old is not None:
            row |= _left(old, head)
        if old is not None and all(getattr(old, name) == value for name, value in row.items()):
            continue
        changed.append(
            {
                "workspace_id": desk.workspace_id,
                "conversation_id": head.id,
                **row,
                "updated_at": now,
            }
        )
        if old is None or old.fires_at != row["fires_at"]:
            moments[head.id] = row["fires_at"]
        told = set(old.turned) if old is not None else set()
        reckoned = old.updated_at if old is not None else None
        since = max(filter(None, (told_from, stands.told_from(reckoned, now))), default=None)
        fresh = {
            name: moment
            for name, moment in verdict.turned.items()
            if name not in told and (since is None or moment >= since)
        }
        if fresh and promise is not None and head.deleted_at is None:
            news.append(News(head.id, promise, fresh))
    if changed:
        session.core(_upsert(session), changed)
        stale(desk, {head.created_at.date() for head in heads})
    if moments:
        arm(desk, moments)
    if news:
        tell(desk, news)


def stale(desk: Desk, days: Iterable[Any]) -> None:
    """Note that the figures of these days are to be added up anew."""
    rows = [{"workspace_id": desk.workspace_id, "day": day} for day in sorted(days)]
    if rows:
        desk.session.core(insert(StaleDay.__table__), rows)


def _judge(head: Any, steps: list[Step], promise: Promise | None, now: datetime) -> Verdict:
    """Return the verdict on a conversation; of a deleted one only what it was."""
    rules = promise.rules(head.priority) if promise is not None else None
    steps = _until_today(steps, head)
    verdict = reckon(steps, rules=rules, started=head.created_at, now=now)
    if head.deleted_at is not None:
        verdict.status = verdict.fires_at = None
        verdict.due = {}
    return verdict


def _until_today(steps: list[Step], head: Any) -> list[Step]:
    """Return the steps with a last one where the status was set without a line item."""
    status = next((it.what for it in reversed(steps) if it.what not in {CUSTOMER, AGENT}), "active")
    if status == head.status:
        return steps
    since = head.closed_at or head.created_at
    return sorted([*steps, Step(since, head.status)], key=lambda it: it.at)


def _histories(rows: Iterable[Any]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    for row in rows:
        meta = row.meta or {}
        if row.type == "lineitem":
            if meta.get("field") == "status":
                found[row.conversation_id].append(Step(row.created_at, meta["to"]))
        elif meta.get("automatic"):
            continue
        elif row.type == "customer":
            found[row.conversation_id].append(Step(row.created_at, CUSTOMER))
        elif row.user_id is not None:  # without one, nobody has answered but a machine
            # One that is held back has answered nobody before it leaves.
            leaves = max(row.due_at or row.created_at, row.created_at)
            found[row.conversation_id].append(Step(leaves, AGENT))
    for steps in found.values():
        steps.sort(key=lambda it: it.at)
    return found


def _attributes(
    desk: Desk, heads: Sequence[Any], promises: Promises
) -> Mapping[int, Mapping[str, Any]]:
    """Return the attributes of the conversations' customers, where policies ask for them."""
    if not promises.ask_attributes:
        return {}
    wanted = {"here": desk.workspace_id, "ids": sorted({it.customer_id for it in heads})}
    return {row.id: row.attributes or {} for row in desk.session.core(_ATTRIBUTES, wanted)}


def _facts(head: Any, attributes: Mapping[int, Mapping[str, Any]]) -> Facts:
    return Facts(
        mailbox_id=head.mailbox_id,
        channel=head.channel,
        priority=head.priority,
        tags=head.tags,
        attributes=attributes.get(head.customer_id, {}),
    )


def _row(head: Any, promise: Promise | None, verdict: Verdict) -> dict[str, Any]:
    def seconds(moment: datetime | None) -> int | None:
        return None if moment is None else int((moment - head.created_at).total_seconds())

    return {
        "policy_id": promise.id if promise is not None else None,
        "sla_status": verdict.status,
        "first_response_due_at": verdict.due.get("first_response"),
        "next_response_due_at": verdict.due.get("next_response"),
        "resolution_due_at": verdict.due.get("resolution"),
        "due_at": verdict.due_at,
        "fires_at": verdict.fires_at,
        "turned": sorted(verdict.turned),
        "first_response_met": verdict.met.get("first_response"),
        "first_response_spent": verdict.spent.get("first_response"),
        "first_response_seconds": seconds(verdict.first_reply_at),
        "resolution_met": verdict.met.get("resolution"),
        "resolution_spent": verdict.spent.get("resolution"),
        "resolution_seconds": seconds(verdict.closed_at),
        "next_response_met": verdict.next_met,
        "next_response_breached": verdict.next_breached,
    }


def _left(old: Any, head: Any) -> dict[str, Any]:
    """Return what stays of a clock without the feature: what it came to while there was one."""
    was_closed = (
        head.status == "closed" and head.closed_at is not None and old.updated_at >= head.closed_at
    )
    names = (*_LASTING, *_OF_CLOSED) if was_closed and head.deleted_at is None else _LASTING
    return {name: getattr(old, name) for name in names}


def _upsert(session: Any) -> Any:
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Clock.__table__)
    keys = {"workspace_id", "conversation_id"}
    given = {c.name: statement.excluded[c.name] for c in Clock.__table__.c if c.name not in keys}
    return statement.on_conflict_do_update(index_elements=sorted(keys), set_=given)


def hold(desk: Desk, conversation_id: int) -> None:
    """Hold a conversation's row to the commit; waits for whoever has it."""
    desk.session.core(_HEADS, {"here": desk.workspace_id, "ids": [conversation_id]})


def touch(desk: Desk, conversation_id: int) -> None:
    """Note that a report's figures change with a conversation, whatever its clock says."""
    made = desk.session.core(
        select(_conversation.created_at).where(
            _conversation.workspace_id == desk.workspace_id, _conversation.id == conversation_id
        )
    ).scalar()
    if made is not None:
        stale(desk, [made.date()])
