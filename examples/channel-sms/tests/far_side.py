"""Textline, as far as the channel can see it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from sms_channel.textline import signature
from webtest import TestApp

from support_core.testing.conformance import Attempt, FarSide, Incoming
from support_core.testing.stand_in import Answer, StandIn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webtest.response import TestResponse

    from support_core.testing import TestWorkspace

ACCEPTED = Answer(202, b'{"id": "tx-1"}')


def phone(sender: int) -> str:
    return f"+316{sender:08d}"


class Textline(FarSide):
    """Signs webhooks with each mailbox's secret, and takes replies on loopback."""

    def __init__(self, server: StandIn) -> None:
        self.server = server
        self._secrets: dict[int, str] = {}

    def mailbox(self, workspace: TestWorkspace) -> int:
        number = phone(90_000_000 + workspace.id)
        answer = workspace.owner.post(
            "/mailboxes",
            {
                "name": "Texts",
                "email": f"texts{len(self._secrets)}@example.test",
                "sms_number": number,
                "sms_api_key": "key-1",
            },
        )
        assert answer.status_int == 201, answer.text
        made = answer.json["data"]
        self._secrets[made["id"]] = made["sms_webhook_secret"]
        return int(made["id"])

    def identity(self, sender: int) -> Mapping[str, str]:
        return {"phone": phone(sender)}

    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        answer = self.text(
            workspace, mailbox_id, message.body, sender=message.sender, id_=message.id
        )
        assert answer.status_int == 200, answer.text

    def attempts(self) -> Sequence[Attempt]:
        sent = [(call, json.loads(call.body)) for call in self.server.calls]
        return [Attempt(call.headers["idempotency-key"], body["text"]) for call, body in sent]

    def refuse_next(self, *, permanent: bool) -> str:
        reason = "This number cannot be reached." if permanent else "Too many messages at once."
        status = 400 if permanent else 429
        self.server.answers.append(Answer(status, json.dumps({"message": reason}).encode()))
        return reason

    def close_window(self, workspace: TestWorkspace, mailbox_id: int, conversation_id: int) -> bool:
        shown = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
        customer = workspace.owner.get(f"/customers/{shown['customer']['id']}").json["data"]
        sender = int(customer["phone"].removeprefix("+316"))
        return self.text(workspace, mailbox_id, "stop", sender=sender).status_int == 200

    def break_health(self, workspace: TestWorkspace, mailbox_id: int) -> bool:
        self.text(workspace, mailbox_id, "Hello")
        (conversation,) = workspace.owner.get("/conversations").json["data"]
        workspace.under_test.run_jobs()  # so that no earlier message's retry takes the answer
        self.server.answers.append(Answer(401, b'{"message": "Unknown key."}'))
        workspace.owner.post(f"/conversations/{conversation['id']}/reply", {"body": "Hello."})
        workspace.under_test.run_jobs()
        return True

    def text(
        self,
        workspace: TestWorkspace,
        mailbox_id: int,
        text: str,
        *,
        sender: int = 1,
        id_: str | None = None,
    ) -> TestResponse:
        """Send a customer's text."""
        event = {
            "type": "message.received",
            "id": id_ or f"text-{time.monotonic_ns()}",
            "from": phone(sender),
            "text": text,
        }
        return self.post(workspace, mailbox_id, event)

    def post(
        self, workspace: TestWorkspace, mailbox_id: int, event: Any, **changed: str
    ) -> TestResponse:
        """Post a signed webhook; ``changed`` replaces its timestamp, signature or both."""
        body = json.dumps(event).encode()
        timestamp = changed.get("timestamp", str(int(time.time())))
        signed = signature(self._secrets[mailbox_id], timestamp, body)
        return TestApp(workspace.under_test.wsgi).post(
            f"/api/support/sms/webhook/{mailbox_id}",
            body,
            headers={
                "Content-Type": "application/json",
                "X-Textline-Timestamp": timestamp,
                "X-Textline-Signature": changed.get("signature", signed),
            },
            expect_errors=True,
        )
