"""Meta, as tests play it: signed webhooks, and numbers that belong to workspaces."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, update
from webtest import TestApp

from support_core.plugin_api import Base
from support_core.testing.workspace import BASE
from support_whatsapp.signatures import HEADER, signature
from support_whatsapp.simulator import Customer

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import TestWorkspace

SECRET = "app-secret"
NUMBERS = count(100_000_000)


@dataclass
class Line:
    """A number of a workspace."""

    workspace: TestWorkspace
    id: int
    mailbox_id: int
    number: str
    secret: str = SECRET

    def customer(self, wa_id: str = "31612345678", name: str = "Noor") -> Customer:
        """Return somebody who can write to it."""
        return Customer(self.number, wa_id, name)

    def post(self, webhook: Any, **headers: str) -> TestResponse:
        """Post a webhook, signed; nothing is worked on yet."""
        raw = webhook if isinstance(webhook, bytes) else json.dumps(webhook).encode()
        sent = {"Content-Type": "application/json", HEADER: signature(self.secret, raw), **headers}
        return TestApp(self.workspace.under_test.wsgi).post(
            f"{BASE}/whatsapp/webhook/{self.id}", raw, headers=sent, expect_errors=True
        )

    def arrive(self, *webhooks: Any) -> None:
        """Post webhooks, and have everything worked on."""
        for webhook in webhooks:
            answer = self.post(webhook)
            assert answer.status_int == 200, answer.text
        self.workspace.under_test.run_jobs()

    def conversations(self) -> list[dict[str, Any]]:
        """Return the workspace's conversations, whole, the oldest first."""
        owner = self.workspace.owner
        listed = owner.get("/conversations?channel=whatsapp&sort=created_at&per_page=100")
        return [owner.get(f"/conversations/{it['id']}").json["data"] for it in listed.json["data"]]

    def threads(self) -> list[dict[str, Any]]:
        """Return all threads of all conversations."""
        return [thread for it in self.conversations() for thread in it["threads"]]

    def ledger(self, **filters: str) -> list[dict[str, Any]]:
        """Return what webhooks told, the oldest first."""
        query = "&".join(["per_page=100", "sort=id", *(f"{k}={v}" for k, v in filters.items())])
        answer = self.workspace.owner.get(f"/whatsapp/accounts/{self.id}/ingest?{query}")
        found: list[dict[str, Any]] = answer.json["data"]
        return found

    def reply(self, conversation: dict[str, Any], **body: Any) -> TestResponse:
        """Answer as an agent."""
        path = f"/conversations/{conversation['id']}/reply"
        return self.workspace.owner.post(path, body)

    def delivery(self, conversation: dict[str, Any], thread: dict[str, Any]) -> dict[str, Any]:
        """Return how a reply's delivery stands."""
        shown = self.workspace.owner.get(f"/conversations/{conversation['id']}").json["data"]
        (found,) = [it["delivery"] for it in shown["threads"] if it["id"] == thread["id"]]
        delivery: dict[str, Any] = found
        return delivery


def run_now(line: Line, queue: str) -> None:
    """Run the waiting jobs of a queue without waiting for their time."""
    jobs = Base.metadata.tables["jobs"]
    with line.workspace.desk() as desk:
        its = (jobs.c.workspace_id == line.workspace.id, jobs.c.queue == queue)
        desk.session.core(update(jobs).where(*its).values(due_at=desk.clock(), state="queued"))
    line.workspace.under_test.run_jobs()


def purge_jobs(line: Line) -> None:
    """Take away every job of the workspace."""
    jobs = Base.metadata.tables["jobs"]
    with line.workspace.desk() as desk:
        desk.session.core(delete(jobs).where(jobs.c.workspace_id == line.workspace.id))


def a_line(workspace: TestWorkspace, *, secret: str = SECRET, **values: Any) -> Line:
    """Add a number to a workspace."""
    body = {
        "mailbox_id": values.pop("mailbox_id", None) or workspace.mailbox(),
        "phone_number_id": str(next(NUMBERS)),
        "waba_id": "102290129340398",
        "access_token": "token",
        "app_secret": secret,
        "verify_token": "verify me",
        **values,
    }
    answer = workspace.owner.post("/whatsapp/accounts", body)
    assert answer.status_int == 201, answer.text
    made = answer.json["data"]
    return Line(workspace, made["id"], made["mailbox_id"], made["phone_number_id"], secret)
