"""What agents write: replies, which leave by the conversation's channel, and notes, which stay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..channels import Composition, ReplyWindow
from ..errors import Conflict, Invalid, NotFound, invalid_reference
from ..html import to_text
from ..models import Thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..channels import ConversationRef
    from ..desk import Desk
    from ..models import Conversation

ERASED_REASON = "The customer's data has been erased; add a note instead."

#: ``can_reply`` where the customer's data is gone.
ERASED_WINDOW = ReplyWindow(allowed=False, reason=ERASED_REASON)


@dataclass(frozen=True)
class Reply:
    """A validated reply or note; ``send_at`` and ``undo_seconds`` hold it back.

    ``template`` (``name``, ``language``, ``parameters``) is one of the channel's, sent instead of
    ``body``; ``in_reply_to`` is the thread of the conversation that the reply quotes.
    """

    body: str
    note: bool = False
    body_format: str = "text"
    cc: Sequence[str] = ()
    bcc: Sequence[str] = ()
    attachment_ids: Sequence[int] = ()
    status: str | None = None
    send_at: datetime | None = None
    undo_seconds: int = 0
    template: Mapping[str, Any] | None = None
    in_reply_to: int | None = None


class ReplyService:
    """Adds what agents write to a conversation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def add(self, conversation: Conversation, reply: Reply) -> Thread:
        """Store a reply or note, and see a reply on its way.

        Raises ``Invalid`` where the channel cannot take the reply, with nothing stored.
        """
        now = self._desk.clock()
        if reply.send_at is not None and reply.send_at <= now:
            raise Invalid({"send_at": ["The send at must be a date after now."]})
        self._check_quoted(conversation, reply)
        composition = None if reply.note else self._compose(conversation, reply)
        body = reply.body or (composition.body if composition else None) or ""
        thread = Thread(
            conversation_id=conversation.id,
            type="note" if reply.note else "message",
            body=body,
            body_format=reply.body_format,
            body_text=to_text(body) if reply.body_format == "html" else body,
            meta=_meta(reply),
            user_id=self._desk.actor.user_id,
            cc=list(reply.cc) or None,
            bcc=list(reply.bcc) or None,
            created_at=now,
        )
        self._desk.session.put(thread)
        self._desk.attachments.take(reply.attachment_ids, thread)
        if composition is not None:
            self._check_attachments(conversation, reply.attachment_ids)
            due_at = reply.send_at or (
                now + timedelta(seconds=reply.undo_seconds) if reply.undo_seconds else None
            )
            self._desk.deliveries.start(conversation, thread, composition, due_at=due_at)
            self._desk.conversations.touch(conversation)
        else:
            conversation.updated_at = now
        self._desk.session.flush()
        self._desk.events.publish(
            "thread.added",
            conversation_id=conversation.id,
            thread_id=thread.id,
            thread_type=thread.type,
        )
        if reply.status is not None:
            self._desk.conversations.set_status(conversation, reply.status)
        return thread

    def cancel(self, conversation: Conversation, thread_id: int) -> None:
        """Take a reply back before it leaves; raises ``Conflict`` when it is too late."""
        thread = self.get(conversation, thread_id)
        if thread.type != "message":
            raise Conflict("Only a reply that has not been sent yet can be cancelled.")
        self._desk.deliveries.cancel(thread)
        attachments = self._desk.attachments.of_threads([thread.id]).get(thread.id, [])
        for attachment in attachments:
            attachment.thread_id = None
        self._desk.session.flush()
        self._desk.session.delete(thread)
        conversation.updated_at = self._desk.clock()
        self._desk.session.flush()
        self._desk.events.publish(
            "thread.cancelled", conversation_id=conversation.id, thread_id=thread_id
        )

    def get(self, conversation: Conversation, thread_id: int) -> Thread:
        """Return a thread of this conversation; raises ``NotFound``."""
        thread = self._desk.session.get(Thread, thread_id)
        if thread is None or thread.conversation_id != conversation.id:
            raise NotFound
        return thread

    def window(self, conversation: ConversationRef) -> ReplyWindow | None:
        """Ask the channel whether an agent may answer now; None where it has nothing to say."""
        answer: ReplyWindow | None = self._desk.plugins.channel_hook(
            conversation.channel, "support_can_reply", conversation=conversation, desk=self._desk
        )
        return answer

    def _check_quoted(self, conversation: Conversation, reply: Reply) -> None:
        """Raise ``Invalid`` for a quoted thread that nobody outside has seen."""
        if reply.in_reply_to is None:
            return
        quoted = self._desk.session.get(Thread, reply.in_reply_to)
        known = quoted is not None and quoted.conversation_id == conversation.id
        if quoted is None or not known or quoted.type not in {"customer", "message"}:
            raise invalid_reference("in_reply_to")

    def _compose(self, conversation: Conversation, reply: Reply) -> Composition | None:
        channel = self._desk.plugins.channels.get(conversation.channel)
        if channel is None or not channel.outbound:
            name = conversation.channel
            raise Invalid({"body": [f"The {name} channel is not enabled; add a note instead."]})
        if channel.max_body is not None and len(reply.body) > channel.max_body:
            raise Invalid(
                {"body": [f"The body must not be greater than {channel.max_body} characters."]}
            )
        if self._desk.conversations.customer_of(conversation).erased_at is not None:
            raise Invalid({"body": [ERASED_REASON]})
        reference = self._desk.conversations.reference(conversation)
        if reply.template is not None and not channel.templates:
            raise Invalid({"template": [f"The {channel.name} channel does not send templates."]})
        window = self.window(reference)
        shut = window is not None and not window.allowed
        if window is not None and shut and not (reply.template and window.template_required):
            raise Invalid({"body": [window.reason or "The channel does not take replies now."]})
        composition: Composition | None = self._desk.plugins.channel_hook(
            conversation.channel,
            "support_compose",
            conversation=reference,
            body=reply.body,
            cc=reply.cc,
            bcc=reply.bcc,
            template=reply.template,
            attachment_ids=reply.attachment_ids,
            desk=self._desk,
        )
        return composition or Composition()

    def _check_attachments(self, conversation: Conversation, attachment_ids: Sequence[int]) -> None:
        channel = self._desk.plugins.channels[conversation.channel]
        if attachment_ids and not channel.attachments:
            raise Invalid(
                {"attachment_ids": [f"The {channel.name} channel does not carry attachments."]}
            )
        most = channel.max_attachment_bytes
        if not attachment_ids or most is None:
            return
        if self._desk.attachments.largest(attachment_ids) > most:
            told = f"The attachment ids must not be greater than {most // 1024} kilobytes."
            raise Invalid({"attachment_ids": [told]})


def _meta(reply: Reply) -> dict[str, Any] | None:
    """Return what is kept of a reply beside its body; None where there is nothing."""
    meta: dict[str, Any] = {}
    if reply.template is not None:
        meta["template"] = dict(reply.template)
    if reply.in_reply_to is not None:
        meta["in_reply_to"] = reply.in_reply_to
    return meta or None
