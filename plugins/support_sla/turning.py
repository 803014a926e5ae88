"""Turning points: the events that tell of them, and what a policy wants done then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select

from support_core.plugin_api import Conversation, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from support_core.plugin_api import Desk

    from .policies import Promise

log = structlog.get_logger(__name__)

_SAID = {
    "at_risk": "The service level for the {target} is at risk",
    "breached": "The service level for the {target} was missed",
}


@dataclass(frozen=True)
class News:
    """The turning points of one conversation that nobody has been told of, with their moments."""

    conversation_id: int
    promise: Promise
    turned: Mapping[str, datetime]


def tell(desk: Desk, news: Sequence[News]) -> None:
    """Publish the events of turning points, and do what the policies want done.

    In the same transaction; who acts is nobody, whatever it was that brought it about.
    """
    system = desk.application.desk_on(desk.session, plan=desk.workspace.plan)
    acting = [it.conversation_id for it in news if any(_wanted(it))]
    if len(acting) > 1:
        # By one statement, so that each is at hand when its turn comes.
        desk.session.scalars(select(Conversation).where(Conversation.id.in_(acting))).all()
    for told in news:
        for name, moment in sorted(told.turned.items(), key=lambda it: it[1]):
            target, number, state = name.split(":")
            system.events.publish(
                f"sla.{state}",
                conversation_id=told.conversation_id,
                target=target,
                number=int(number),
                policy_id=told.promise.id,
                at=moment.isoformat(),
            )
        for target, state in _wanted(told):
            conversation = desk.session.get_one(Conversation, told.conversation_id)
            _act(system, conversation, told.promise.on[state], target=target, state=state)


def _wanted(told: News) -> Iterator[tuple[str, str]]:
    """Yield target and state of the turning points at which something is to be done, in order."""
    for name, _ in sorted(told.turned.items(), key=lambda it: it[1]):
        target, _, state = name.split(":")
        if any(told.promise.on.get(state, {}).values()):
            yield target, state


def _act(
    desk: Desk, conversation: Any, wanted: Mapping[str, Any], *, target: str, state: str
) -> None:
    words = target.replace("_", " ")
    if wanted.get("add_lineitem"):
        desk.conversations.remark(
            conversation, f"{_SAID[state].format(target=words)}.", sla=state, target=target
        )
    if wanted.get("set_priority"):
        desk.conversations.set_priority(conversation, wanted["set_priority"])
    if wanted.get("assign_to") is not None:
        try:
            desk.conversations.assign(conversation, wanted["assign_to"])
        except Invalid:
            # Who was named has left since, or may not be assigned any more.
            log.warning(
                "sla_assignment_ignored",
                conversation_id=conversation.id,
                user_id=wanted["assign_to"],
            )
