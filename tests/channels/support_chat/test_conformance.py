"""The chat channel passes the kit that every channel must pass; the far side are browsers."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from support_core.testing.conformance import Attempt, ChannelConformance, FarSide, Incoming

from .visitor import Site, Visitor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support_core.testing import TestWorkspace
    from tests.services.databases import Databases

NUMBERS = count(1)


class Browsers(FarSide):
    """Visitors who read their history; nothing stands between them and the desk."""

    refuses = False

    def __init__(self) -> None:
        self._sites: dict[tuple[int, int], Site] = {}
        self._visitors: dict[tuple[int, int, int], Visitor] = {}

    def mailbox(self, workspace: TestWorkspace) -> int:
        mailbox_id = workspace.mailbox()
        self._sites[workspace.id, mailbox_id] = Site.of(workspace, mailbox_id=mailbox_id)
        return mailbox_id

    def identity(self, sender: int) -> Mapping[str, str]:
        return {"email": f"visitor{sender}@customer.example"}

    def write(self, workspace: TestWorkspace, mailbox_id: int, message: Incoming) -> None:
        key = (workspace.id, mailbox_id, message.sender)
        if key not in self._visitors:
            self._visitors[key] = self._sites[key[:2]].visitor()
        visitor = self._visitors[key]
        files = [visitor.upload(*it).json["attachment"]["id"] for it in message.attachments]
        values = {"client_id": message.id, "attachment_ids": files}
        if message.conversation_id is None:
            answer = visitor.start(message.body, **self.identity(message.sender), **values)
        else:
            visitor.conversation_id = message.conversation_id
            answer = visitor.say(message.body, **values)
        assert answer.status_int == 201, answer.text

    def attempts(self) -> Sequence[Attempt]:
        return [
            Attempt(
                str(shown["id"]),
                shown["body"],
                tuple(it["name"] for it in shown.get("attachments", ())),
            )
            for visitor in self._visitors.values()
            for shown in visitor.history()
            if shown["type"] == "agent"
        ]

    def refuse_next(self, *, permanent: bool) -> str:
        raise NotImplementedError(f"a visitor cannot refuse ({permanent=})")


class TestChat(ChannelConformance):
    plugin = "chat"

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, databases: Databases) -> str:
        return databases.create(f"chat_conformance_{next(NUMBERS)}")

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls) -> Browsers:
        return Browsers()
