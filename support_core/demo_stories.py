"""The stories of the demo workspace: what becomes of one conversation, step by step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .channels import InboundMessage
from .demo_content import CUSTOMERS, FAILURE
from .identity import Actor
from .models import PRIORITIES, Delivery, Thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .application import Application
    from .channels import Channel
    from .db import WorkspaceSession
    from .demo_content import Topic
    from .desk import Desk
    from .models import Conversation


@dataclass
class Stage:
    """Where the stories play: one session, one clock, and the people in it."""

    application: Application
    session: WorkspaceSession
    now: datetime
    mailboxes: list[int] = field(default_factory=list)
    agents: list[tuple[int, str]] = field(default_factory=list)

    def desk(self, agent: int | None = None) -> Desk:
        """Return a desk at the stage's own time, with an agent or the system acting."""
        actor = Actor(*self.agents[agent % len(self.agents)]) if agent is not None else None
        return self.application.desk_on(self.session, actor=actor)


@dataclass(frozen=True)
class Plot:
    """What is to become of one conversation."""

    number: int
    channel: Channel
    status: str
    assigned: bool
    topic: Topic

    @property
    def priority(self) -> str:
        return PRIORITIES[(self.number * 7 + self.number // 8) % len(PRIORITIES)]


def story(stage: Stage, plot: Plot) -> Iterator[timedelta]:
    """Play one conversation; yields how long to wait before it goes on."""
    topic, number = plot.topic, plot.number
    conversation = _open(stage, plot)
    if conversation is None:
        return
    yield timedelta(minutes=6 + number % 50)
    if plot.assigned:
        stage.desk(number).conversations.assign(conversation, stage.agents[number % 3][0])
    if plot.status == "spam":
        stage.desk(number).conversations.set_status(conversation, "spam")
        return
    if number % 3 == 0:
        _write(stage, conversation, "note", topic.note, agent=number)
        yield timedelta(minutes=20)
    answered = plot.assigned or plot.status != "active"
    if answered and plot.channel.outbound:
        _write(stage, conversation, "message", topic.answer, agent=number, plot=plot)
        yield timedelta(hours=2 + number % 30)
    if answered and number % 4 != 3:
        _hear(stage, plot, topic.follow_up, conversation)
        yield timedelta(hours=1 + number % 5)
    if plot.status != "active":
        stage.desk(number).conversations.set_status(conversation, plot.status)


def _open(stage: Stage, plot: Plot) -> Conversation | None:
    """Let a customer write; None where a plugin drops the message."""
    return _hear(stage, plot, plot.topic.opening, None)


def _hear(
    stage: Stage, plot: Plot, body: str, conversation: Conversation | None
) -> Conversation | None:
    name, company = CUSTOMERS[plot.number * 5 % len(CUSTOMERS)]
    local = f"customer{plot.number * 5 % len(CUSTOMERS) + 1}"
    filed = stage.desk().inbound.receive(
        InboundMessage(
            channel=plot.channel.name,
            mailbox_id=stage.mailboxes[plot.topic.mailbox],
            subject=plot.topic.subject,
            body=body,
            conversation_id=conversation.id if conversation is not None else None,
            customer_email=f"{local}@customers.example",
            customer_name=name,
            priority=plot.priority,
            tags=plot.topic.tags,
        )
    )
    if filed is None:
        return None
    customer = stage.desk().conversations.customer_of(filed.conversation)
    if company is not None and customer.company is None:
        stage.desk().customers.update(customer.id, {"company": company})
    return filed.conversation


def _write(  # noqa: PLR0913 - who writes what, where
    stage: Stage,
    conversation: Conversation,
    type_: str,
    body: str,
    *,
    agent: int,
    plot: Plot | None = None,
) -> None:
    """Write as an agent. The reply service would send it, and nothing here is to leave."""
    desk = stage.desk(agent)
    thread = Thread(
        conversation_id=conversation.id,
        type=type_,
        body=body,
        body_text=body,
        user_id=desk.actor.user_id,
        created_at=stage.now,
    )
    desk.session.add(thread)
    desk.session.flush()
    if plot is not None:
        desk.session.add(_delivery(stage, thread, plot))
    desk.conversations.touch(conversation)
    desk.session.flush()
    desk.events.publish(
        "thread.added", conversation_id=conversation.id, thread_id=thread.id, thread_type=type_
    )


def _delivery(stage: Stage, thread: Thread, plot: Plot) -> Delivery:
    states = ("sent", "delivered", "read") if plot.channel.receipts else ("sent",)
    failed = plot.number % 8 == 5
    state = "failed" if failed else states[plot.number % len(states)]
    return Delivery(
        conversation_id=thread.conversation_id,
        thread_id=thread.id,
        channel=plot.channel.name,
        state=state,
        error=FAILURE if failed else None,
        attempts=3 if failed else 1,
        message_id=f"msg_demo{thread.id}",
        created_at=stage.now,
        updated_at=stage.now,
    )
