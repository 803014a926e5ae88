"""Turning points: the events that tell of them, and what a policy wants done then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from support_core.plugin_api import Conversation, Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from support_core.plugin_api import Desk

    from .policies import Promise

log = structlog.get_logger(__name__)

_SAID = {
    "at_risk": "The service level for the {target} is at risk",
    "breached": "The service level for the {target} was missed",
}


def tell(
    desk: Desk, conversation_id: int, promise: Promise, turned: Mapping[str, datetime]
) -> None:
    """Publish the events of turning points, and do what the policy wants done.

    In the same transaction; who acts is nobody, whatever it was that brought it about.
    """
    conversation = desk.session.get(Conversation, conversation_id)
    if conversation is None or conversation.deleted_at is not None:
        return
    system = desk.application.desk_on(desk.session)
    for name, moment in sorted(turned.items(), key=lambda it: it[1]):
        target, number, state = name.split(":")
        system.events.publish(
            f"sla.{state}",
            conversation_id=conversation_id,
            target=target,
            number=int(number),
            policy_id=promise.id,
            at=moment.isoformat(),
        )
        if state in promise.on:
            _act(system, conversation, promise.on[state], target=target, state=state)


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
