"""The other sides of our own channels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from support_core.channels import InboundMessage, Permanent, ReplyWindow, Retry
from support_core.testing import probe
from support_core.testing.conformance import Attempt, FarSide, Incoming
from support_core.testing.stand_in import Answer, StandIn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.testing import TestWorkspace


def uploads(workspace: TestWorkspace, message: Incoming) -> list[int]:
    """Upload a message's files and return their ids."""
    answers = [workspace.owner.upload(name, content) for name, content in message.attachments]
    return [answer.json["data"]["id"] for answer in answers]


def address(sender: int) -> str:
    return f"customer{sender}@example.test"


class ApiSide(FarSide):
    """A host's own program: it posts messages, and takes replies at its callback."""

    def __init__(self, callback: StandIn) -> None:
        self._callback = callback

    def mailbox(self, workspace: TestWorkspace) -> int:
        return workspace.mailbox(callback_url=f"{self._callback.url}/replies")

    def identity(self, sender: int) -> Mapping[str, str]:
        return {"email": address(sender)}

    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        body: dict[str, Any] = {
            "body": message.body,
            "attachment_ids": uploads(workspace, message),
        }
        if message.conversation_id is None:
            path = "/conversations"
            body |= {
                "mailbox_id": mailbox_id,
                "customer_email": address(message.sender),
                "subject": "From the shop",
            }
        else:
            path = f"/conversations/{message.conversation_id}/messages"
        answer = workspace.owner.post(path, body, headers={"Idempotency-Key": message.id})
        assert answer.status_int == 201, answer.text

    def attempts(self) -> Sequence[Attempt]:
        return [
            Attempt(
                call.headers["webhook-id"],
                (thread := orjson.loads(call.body)["data"]["thread"])["body"],
                tuple(file["name"] for file in thread["attachments"]),
            )
            for call in self._callback.calls
        ]

    def refuse_next(self, *, permanent: bool) -> str:
        status = 410 if permanent else 503
        self._callback.answers.append(Answer(status))
        return str(status)


class ProbeSide(FarSide):
    """The probe channel has no network; its other side is a list."""

    def __init__(self) -> None:
        self._conversations: dict[tuple[int, int], int] = {}
        self._next: list[Exception] = []

    def mailbox(self, workspace: TestWorkspace) -> int:
        return workspace.mailbox()

    def identity(self, sender: int) -> Mapping[str, str]:
        return {"email": address(sender)}

    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        key = (workspace.id, message.sender)
        files = uploads(workspace, message)
        with workspace.desk() as desk:
            filed = desk.inbound.receive(
                InboundMessage(
                    channel="probe",
                    mailbox_id=mailbox_id,
                    body=message.body,
                    conversation_id=self._conversations.get(key),
                    customer_email=address(message.sender),
                    external_id=message.id,
                    attachment_ids=files,
                )
            )
            assert filed is not None
            self._conversations[key] = filed.conversation.id
        # The probe fails by conversation; the kit only says "the next attempt".
        probe.failures.setdefault(filed.conversation.id, self._next)

    def attempts(self) -> Sequence[Attempt]:
        return [
            Attempt(it.message_id, it.body, tuple(file.name for file in it.attachments))
            for it in probe.attempts
        ]

    def refuse_next(self, *, permanent: bool) -> str:
        reason = "The probe refuses."
        self._next.append(Permanent(reason) if permanent else Retry(1, reason))
        return reason

    def close_window(
        self,
        workspace: TestWorkspace,  # noqa: ARG002 - the probe goes by conversation
        mailbox_id: int,  # noqa: ARG002
        conversation_id: int,
    ) -> bool:
        probe.windows[conversation_id] = ReplyWindow(allowed=False, reason="The window closed.")
        return True
