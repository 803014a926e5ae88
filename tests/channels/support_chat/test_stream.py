"""A visitor's stream, by a served desk and by a gateway beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from tests.services.process import free_port
from tests.serving.processes import BIN, bootstrap, running, write_ini
from tests.streams.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.services.databases import Databases
    from tests.serving.processes import Desk

PATH = "/api/support/chat/stream"

SETTINGS = {
    "support.ratelimit.enabled": "false",
    "support.streams.heartbeat": "1",
    "support.streams.poll": "1",
    "support.plugins": "api chat plans",
}


@dataclass
class Served:
    """A served workspace with a widget."""

    desk: Desk
    agent: httpx.Client
    widget: dict[str, Any]

    def call(self, client: httpx.Client, method: str, path: str, body: Any = None) -> Any:
        answer = client.request(method, path, json=body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    def chat(self, call: str, contact: int | None = None, **values: Any) -> Any:
        body = {"token": self.widget["token"], **({"contact_id": contact} if contact else {})}
        with self.desk.client() as client:
            return self.call(client, "POST", f"/chat/{call}", {**body, **values})

    def visitor(self) -> tuple[int, int]:
        """Return contact and conversation of somebody who has written."""
        contact = self.chat("init")["contact"]["id"]
        started = self.chat("start", contact, message="Hello")
        return contact, started["conversation"]["id"]

    def reply(self, conversation: int, body: str, **values: Any) -> int:
        path = f"/conversations/{conversation}/reply"
        made: int = self.call(self.agent, "POST", path, {"body": body, **values})["data"]["id"]
        return made

    def read(self, contact: int, *, url: str = "", **options: Any) -> Reader:
        query = urlencode({"token": self.widget["token"], "contact_id": contact})
        headers = {"Origin": "https://shop.example"}
        return Reader(
            url or self.desk.url, path=PATH, query=f"?{query}", headers=headers, **options
        )


@pytest.fixture(scope="module")
def served(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A desk that serves; its jobs run."""
    ini = write_ini(
        tmp_path_factory.mktemp("chat-served"), databases.create("chat_served"), SETTINGS
    )
    made = bootstrap(ini)
    with running(ini) as desk, desk.client(made["token"]) as agent:
        mailbox = agent.post("/mailboxes", json={"name": "Chat", "email": "chat@acme.example"})
        body = {"name": "Shop", "mailbox_id": mailbox.json()["data"]["id"]}
        widget = agent.post("/widgets", json=body)
        assert widget.status_code == 201, widget.text
        yield Served(desk, agent, widget.json()["data"])


def test_a_visitor_hears_what_agents_do_and_nothing_of_others(served: Served) -> None:
    contact, conversation = served.visitor()
    _, other = served.visitor()
    stream = served.read(contact).open()
    assert b"access-control-allow-origin: https://shop.example" in stream.head.lower()
    path = f"/conversations/{conversation}"
    served.reply(other, "FOR ANOTHER")
    served.reply(conversation, "INTERNAL", type="note")
    served.call(served.agent, "PUT", f"{path}/presence", {"state": "viewing"})
    served.call(served.agent, "POST", f"{path}/typing")
    first = served.reply(conversation, "<b>Hi</b>", body_format="html", bcc=["x@example.com"])
    served.call(served.agent, "PATCH", f"{path}/status", {"status": "closed"})
    served.chat("message", contact, conversation_id=conversation, message="Wait", client_id="c1")
    stream.wait_for(7)
    stream.cut()
    shown = [(it.name, it.data) for it in stream.events]
    assert [name for name, _ in shown if name != "read"] == [
        "typing",
        "message",
        "status",
        "message",
        "status",
    ]
    by_name: dict[str, list[Any]] = {}
    for name, data in shown:
        assert data["conversation_id"] == conversation
        by_name.setdefault(name, []).append(data)
    assert {it["by"] for it in by_name["read"]} == {"agent"}
    assert by_name["typing"][0]["is_typing"] is True
    reply, own = by_name["message"]
    assert (reply["id"], reply["type"], reply["body"]) == (first, "agent", "Hi")
    assert (own["body"], own["client_id"]) == ("Wait", "c1")
    assert [it["status"] for it in by_name["status"]] == ["closed", "active"]
    assert "INTERNAL" not in str(shown)
    assert "FOR ANOTHER" not in str(shown)
    assert "example.com" not in str(shown)


def test_a_stream_that_was_cut_goes_on_without_loss_or_repeats(served: Served) -> None:
    contact, conversation = served.visitor()
    stream = served.read(contact).open()
    sent = [served.reply(conversation, f"Before {number}") for number in range(3)]
    stream.wait_for(3)
    stream.cut()
    sent += [served.reply(conversation, f"Meanwhile {number}") for number in range(3)]
    again = served.read(contact, last_id=stream.parser.last_id).open()
    again.wait_for(3)
    sent += [served.reply(conversation, f"After {number}") for number in range(3)]
    again.wait_for(6)
    again.cut()
    assert [it.data["id"] for it in stream.events + again.events] == sent


def test_a_conversation_that_another_tab_starts_is_heard_from_its_first_message(
    served: Served,
) -> None:
    contact = served.chat("init")["contact"]["id"]
    stream = served.read(contact).open()
    started = served.chat("start", contact, message="From the other tab")
    served.reply(started["conversation"]["id"], "Hello")
    stream.wait_for(2)
    stream.cut()
    assert [it.data["body"] for it in stream.events] == ["From the other tab", "Hello"]


def test_a_reply_that_is_held_back_is_heard_once_when_it_is_sent(served: Served) -> None:
    contact, conversation = served.visitor()
    stream = served.read(contact).open()
    before = stream.parser.last_id
    held = served.reply(conversation, "In a second", undo_seconds=1)
    at_once = served.reply(conversation, "At once")
    stream.wait_for(2)
    stream.cut()
    assert [it.data["id"] for it in stream.events] == [at_once, held]
    again = served.read(contact, last_id=before).open()
    again.wait_for(2)
    again.cut()
    assert [it.data["id"] for it in again.events] == [at_once, held]


def test_who_may_not_listen_is_told_so_and_streams_end_with_their_widget(served: Served) -> None:
    contact, conversation = served.visitor()
    assert served.read(contact + 1).status == 404
    body = {"name": "Short-lived", "mailbox_id": served.widget["mailbox_id"]}
    widget = served.call(served.agent, "POST", "/widgets", body)["data"]
    short = Served(served.desk, served.agent, widget)
    stream = short.read(short.visitor()[0]).open()
    path = f"/widgets/{widget['id']}"
    short.widget = served.call(served.agent, "POST", f"{path}/rotate-token")["data"]
    stream.wait_for_end()
    contact, _ = short.visitor()
    stream = short.read(contact).open()
    served.call(served.agent, "DELETE", path)
    stream.wait_for_end()
    assert short.read(contact).status == 404
    assert served.reply(conversation, "Others go on")


def test_a_gateway_serves_the_same_streams(served: Served) -> None:
    address = f"127.0.0.1:{free_port()}"
    ini = served.desk.ini
    command = (BIN / "support-core", "-c", ini, "gateway", "--listen", address)
    with running(ini, *command, ready="serving"):
        contact, conversation = served.visitor()
        stream = served.read(contact, url=f"http://{address}").open()
        sent = served.reply(conversation, "By way of the gateway")
        stream.wait_for(1)
        stream.cut()
    assert [it.data["id"] for it in stream.events] == [sent]
