"""The other end of the chat: a desk with widgets, and its agent, who uses the REST API."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.serving.processes import Desk

_numbers = count(1)

SETTINGS = {
    "support.plugins": "api plans chat",
    "support.ratelimit.enabled": "false",
    "support.workers": "1",
}

#: Settings that development.ini names without setting them.
MORE = {"support.chat.demo": "true", "support.chat.poll": "1"}


def set_more(ini: Path) -> None:
    """Set what the ini names in comments."""
    text = ini.read_text()
    for name, value in MORE.items():
        text, number = re.subn(rf"^# {name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert number == 1, name
    ini.write_text(text)


@dataclass
class Agents:
    """The desk's agent, and what they see."""

    desk: Desk
    token: str
    _client: httpx.Client | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return self.desk.url

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the desk; returns what the answer holds."""
        if self._client is None:
            self._client = self.desk.client(self.token)
        answer = self._client.request(method, path, json=body)
        assert answer.is_success, answer.text
        return answer.json().get("data", answer.json())

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def widget(self, **values: Any) -> str:
        """Make a widget with a mailbox of its own; returns its token."""
        number = next(_numbers)
        mailbox = self.call(
            "POST", "/mailboxes", {"name": "Support", "email": f"chat{number}@acme.example"}
        )
        body = {"name": "Shop", "mailbox_id": mailbox["id"], **values}
        made = self.call("POST", "/widgets", body)
        token: str = made["token"]
        self._mailboxes[token] = mailbox["id"]
        return token

    _mailboxes: dict[str, int] = field(default_factory=dict)

    def conversations(self, widget: str) -> list[dict[str, Any]]:
        """Return the conversations that came in by a widget."""
        listed: list[dict[str, Any]] = self.call(
            "GET", f"/conversations?mailbox_id={self._mailboxes[widget]}"
        )
        return listed

    def conversation(self, widget: str) -> int:
        """Return the only conversation's id, once there is one."""
        until(lambda: self.conversations(widget), "a conversation")
        (found,) = self.conversations(widget)
        number: int = found["id"]
        return number

    def said(self, widget: str) -> list[str]:
        """Return what the visitor said, the oldest first."""
        return [it["body_text"] for it in self.threads(widget) if it["type"] == "customer"]

    def threads(self, widget: str) -> list[dict[str, Any]]:
        """Return the only conversation's threads, the oldest first."""
        found = self.call("GET", f"/conversations/{self.conversation(widget)}")
        return sorted(found["threads"], key=lambda it: it["id"])

    def reply(self, widget: str, body: str) -> None:
        self.call("POST", f"/conversations/{self.conversation(widget)}/reply", {"body": body})

    def type(self, widget: str) -> None:
        self.call("POST", f"/conversations/{self.conversation(widget)}/typing")

    def look(self, widget: str) -> None:
        """Open the conversation, as an agent's screen does."""
        self.call(
            "PUT", f"/conversations/{self.conversation(widget)}/presence", {"state": "viewing"}
        )

    def rename(self, name: str) -> None:
        """Give the agent another name."""
        member = self.call("GET", "/auth/me")["user"]["id"]
        self.call("PUT", f"/users/{member}", {"name": name})
