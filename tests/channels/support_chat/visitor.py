"""Visitors of a website, as a black box: nothing but the public calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from support_core.testing.workspace import Client

if TYPE_CHECKING:
    from webtest.response import TestResponse

    from support_core.testing import TestWorkspace


@dataclass
class Site:
    """Pages with a widget."""

    workspace: TestWorkspace
    widget: dict[str, Any]
    client: Client

    @classmethod
    def of(cls, workspace: TestWorkspace, **values: Any) -> Site:
        """Make a widget by the API, and a page with it."""
        body = {"name": "Shop", "mailbox_id": workspace.a_mailbox, **values}
        answer = workspace.owner.post("/widgets", body)
        assert answer.status_int == 201, answer.text
        return cls(workspace, answer.json["data"], Client(workspace.under_test.wsgi))

    @property
    def token(self) -> str:
        return str(self.widget["token"])

    def set(self, **values: Any) -> None:
        """Change the widget."""
        answer = self.workspace.owner.put(f"/widgets/{self.widget['id']}", values)
        assert answer.status_int == 200, answer.text
        self.widget |= answer.json["data"]

    def init(self, **values: Any) -> TestResponse:
        headers = values.pop("headers", None)
        return self.client.post("/chat/init", {"token": self.token, **values}, headers=headers)

    def visitor(self, **values: Any) -> Visitor:
        """Return somebody who has opened the widget."""
        answer = self.init(**values)
        assert answer.status_int == 200, answer.text
        contact = answer.json["contact"]
        return Visitor(self, contact["id"], contact["visitor_id"])


@dataclass
class Visitor:
    """Somebody with the widget open."""

    site: Site
    id: int
    visitor_id: str
    conversation_id: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    def post(self, call: str, **values: Any) -> TestResponse:
        body = {"token": self.site.token, "contact_id": self.id, **values}
        return self.site.client.post(f"/chat/{call}", body, headers=self.headers)

    def get(self, call: str, **values: Any) -> TestResponse:
        headers = {**self.headers, **values.pop("headers", {})}
        query = urlencode({"token": self.site.token, "contact_id": self.id, **values})
        return self.site.client.get(f"/chat/{call}?{query}", headers=headers)

    def start(self, message: str = "Hi, I have a question.", **values: Any) -> TestResponse:
        answer = self.post("start", message=message, **values)
        if answer.status_int == 201:
            self.conversation_id = answer.json["conversation"]["id"]
        return answer

    def say(self, message: str, **values: Any) -> TestResponse:
        return self.post(
            "message", message=message, **{"conversation_id": self.conversation_id, **values}
        )

    def history(self, **values: Any) -> list[dict[str, Any]]:
        answer = self.get("history", **{"conversation_id": self.conversation_id, **values})
        assert answer.status_int == 200, answer.text
        found: list[dict[str, Any]] = answer.json["messages"]
        return found

    def upload(self, name: str, content: bytes, content_type: str = "image/png") -> TestResponse:
        query = urlencode({"token": self.site.token, "contact_id": self.id})
        boundary = "----boundary"
        raw = (
            (
                f"--{boundary}\r\n"
                f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
                f"Content-Type: {content_type}\r\n\r\n"
            ).encode()
            + content
            + f"\r\n--{boundary}--\r\n".encode()
        )
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", **self.headers}
        return self.site.client.post(f"/chat/attachments?{query}", raw=raw, headers=headers)

    def reply(self, body: str = "Hello! Happy to help.", **values: Any) -> dict[str, Any]:
        """Let an agent answer."""
        path = f"/conversations/{self.conversation_id}/reply"
        answer = self.site.workspace.owner.post(path, {"body": body, **values})
        assert answer.status_int == 201, answer.text
        shown: dict[str, Any] = answer.json["data"]
        return shown

    def conversation(self) -> dict[str, Any]:
        """Return the conversation as agents see it."""
        answer = self.site.workspace.owner.get(f"/conversations/{self.conversation_id}")
        shown: dict[str, Any] = answer.json["data"]
        return shown
