"""The channel passes the kit that every channel must pass."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from support_core.testing.conformance import Attempt, ChannelConformance, FarSide, Incoming
from support_whatsapp.models import WhatsAppContact
from tests.services.graph import Graph, error, throttled

from .meta import Line, a_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases

NUMBERS = count(1)


def digits(sender: int) -> str:
    return f"316{sender:08d}"


class MetaSide(FarSide):
    """Customers with phones, and Meta between them and the desk."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._lines: dict[int, Line] = {}

    def mailbox(self, workspace: TestWorkspace) -> int:
        line = a_line(workspace)
        self._lines[line.mailbox_id] = line
        workspace.under_test.run_jobs()
        return line.mailbox_id

    def identity(self, sender: int) -> Mapping[str, str]:
        return {"phone": f"+{digits(sender)}"}

    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        line = self._lines[mailbox_id]
        assert line.workspace is workspace
        customer = line.customer(digits(message.sender))
        if not message.attachments:
            webhook = customer.says(message.body, id=f"wamid.{message.id}")
        else:
            ((name, content),) = message.attachments
            file = {
                "id": self._graph.add_file(content, "image/png", name),
                "mime_type": "image/png",
                "filename": name,
                "caption": message.body,
            }
            webhook = customer.sends("document", file, id=f"wamid.{message.id}")
        assert line.post(webhook).status_int == 200

    def attempts(self) -> Sequence[Attempt]:
        found = []
        for asked in self._graph.asked:
            if not asked.path.endswith("/messages"):
                continue
            body = json.loads(asked.body)
            if "type" not in body:
                continue
            content = body[body["type"]]
            files = (content["filename"],) if "filename" in content else ()
            words = content.get("body") or content.get("caption") or ""
            found.append(Attempt(body["biz_opaque_callback_data"], words, files))
        return found

    def refuse_next(self, *, permanent: bool) -> str:
        answer = error(131026, "Message undeliverable") if permanent else throttled()
        self._graph.fail("/messages", answer)
        return "Message undeliverable" if permanent else "Rate limit hit"

    def close_window(self, workspace: TestWorkspace, mailbox_id: int, conversation_id: int) -> bool:
        assert mailbox_id
        with workspace.desk() as desk:
            contact = desk.session.execute(
                select(WhatsAppContact).where(WhatsAppContact.conversation_id == conversation_id)
            ).scalar_one()
            contact.last_inbound_at = desk.clock() - timedelta(days=2)
        return True

    def break_health(self, workspace: TestWorkspace, mailbox_id: int) -> bool:
        self._graph.fail("fields=", error(190, "The access token has expired", status=401))
        line = self._lines[mailbox_id]
        answer = workspace.owner.post(f"/whatsapp/accounts/{line.id}/test")
        return bool(answer.status_int == 422)


class TestWhatsApp(ChannelConformance):
    plugin = "whatsapp"

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, databases: Databases) -> str:
        return databases.create(f"whatsapp_conformance_{next(NUMBERS)}")

    @pytest.fixture(scope="class")
    @classmethod
    def own_graph(cls) -> Iterator[Graph]:
        with Graph() as server:
            yield server

    @pytest.fixture(scope="class")
    @classmethod
    def desk_settings(cls, own_graph: Graph) -> Mapping[str, str]:
        return {
            "support__whatsapp__graph_url": own_graph.url,
            "support__whatsapp__read_receipts": "false",
        }

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls, own_graph: Graph) -> MetaSide:
        return MetaSide(own_graph)
