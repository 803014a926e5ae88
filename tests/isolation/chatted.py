"""A widget of a workspace, and a visitor who has written by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from support_chat.demo import NAME
from support_core.testing import Client

if TYPE_CHECKING:
    from support_core.testing import TestWorkspace


@dataclass(frozen=True)
class Chat:
    """The ids of a visitor, and of what is theirs."""

    widget: int
    token: str
    contact: int
    conversation: int
    file: int

    @property
    def visitor(self) -> dict[str, str | int]:
        """What every call of the visitor names."""
        return {"token": self.token, "contact_id": self.contact}

    @property
    def talk(self) -> dict[str, str | int]:
        """What every call about the conversation names."""
        return {**self.visitor, "conversation_id": self.conversation}


def add_chat(workspace: TestWorkspace, mailbox: int) -> Chat:
    """Let a visitor of the widget write and upload a file."""
    made = workspace.owner.post("/widgets", {"name": NAME, "mailbox_id": mailbox}).json["data"]
    client, token = Client(workspace.under_test.wsgi), made["token"]
    contact = client.post("/chat/init", {"token": token}).json["contact"]["id"]
    visitor = {"token": token, "contact_id": contact}
    started = client.post("/chat/start", {**visitor, "message": "Hello"})
    assert started.status_int == 201, started.text
    path = f"/chat/attachments?{urlencode(visitor)}"
    file = client.upload("a.txt", b"text", content_type="text/plain", path=path)
    assert file.status_int == 201, file.text
    return Chat(
        made["id"],
        token,
        contact,
        started.json["conversation"]["id"],
        file.json["attachment"]["id"],
    )
