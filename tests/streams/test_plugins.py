"""The stream of a channel's own, as the guide for channels has it, over real sockets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.packaging.layout import ROOT
from tests.serving.processes import bootstrap, listening, running
from tests.waiting import until

from .conftest import Office
from .reader import Reader

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_guides_stream_sends_customers_what_agents_write(
    own_ini: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = bootstrap(own_ini)["token"]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    address = listening(own_ini).removeprefix("http://")
    command = (sys.executable, "-m", "tests.streams.contact_server", own_ini, address)
    with running(own_ini, *map(str, command)) as desk:
        office = Office(desk, token)
        box = office.mailbox()
        first = office.conversation(box)
        customer = office.call("GET", f"/conversations/{first}")["customer"]["id"]
        path = f"/api/support/contacts/{customer}/stream"
        reader = Reader(desk.url, token, path=path).open()
        office.post(f"/conversations/{first}/reply", {"body": "Hello"})
        office.post(f"/conversations/{first}/reply", {"body": "Between us", "type": "note"})
        second = office.conversation(box)  # the same customer's
        office.post(f"/conversations/{second}/reply", {"body": "Hello again"})
        # What is said in passing waits for nobody: the stream has to know the conversation.
        until(lambda: len(reader.events) >= 2, "both messages")
        office.post(f"/conversations/{second}/typing")
        other = office.post(
            "/conversations",
            {
                "mailbox_id": box,
                "customer_email": "another@customers.example",
                "subject": "Not theirs",
                "body": "Please.",
            },
        )["id"]
        office.post(f"/conversations/{other}/reply", {"body": "Not for them"})
        office.post(f"/conversations/{first}/reply", {"body": "The last"})
        until(lambda: len(reader.events) >= 4, "three messages and the typing")
        said = [it.data.get("body") for it in reader.events if it.name == "message"]
        assert said == ["Hello", "Hello again", "The last"]
        assert [it.name for it in reader.events].count("typing") == 1
        again = Reader(desk.url, token, path=path, last_id=reader.ids[0]).open()
        again.wait_for(2)
        assert again.ids == reader.ids[1:]
        office.post(f"/customers/{customer}/erase")
        member, _, _ = office.member_token(["view_conversations"])
        office.call("PUT", f"/users/{member}", {"is_active": False})  # access changed
        reader.wait_for_end()
        again.cut()
        assert desk.end() == 0
        assert "Traceback" not in desk.output, desk.output
