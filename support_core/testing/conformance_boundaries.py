"""What a channel owes to other workspaces, to hosts that do not enable it, and to operators."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import pytest
from webtest import TestApp

from ..health import Check
from .application import make_desk
from .conformance_steps import (
    Shown,
    continue_conversation,
    health_of,
    open_conversation,
    readiness_of,
    routes_of,
    show,
)
from .errors import assert_error, assert_invalid
from .workspace import Client

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ..channels import Channel
    from .application import DeskUnderTest
    from .far_side import FarSide
    from .workspace import TestWorkspace


class BoundaryConformance:
    """Tests of what a channel must not touch, and of what it says about itself."""

    plugin: ClassVar[str]
    beside: ClassVar[Sequence[str]]

    def test_nothing_of_another_workspace_is_reached(
        self,
        workspace: TestWorkspace,
        other: TestWorkspace,
        far_side: FarSide,
        mailbox_id: int,
        card: Channel,
    ) -> None:
        mine = open_conversation(workspace, far_side, mailbox_id, card, sender=1)
        their_mailbox = far_side.mailbox(other)
        theirs = open_conversation(other, far_side, their_mailbox, card, sender=1)
        assert mine["customer"]["id"] != theirs["customer"]["id"]
        continue_conversation(other, far_side, theirs, sender=1)
        assert len(show(workspace, mine["id"])["threads"]) == 1
        for path in (
            f"/conversations/{mine['id']}",
            f"/customers/{mine['customer']['id']}",
            f"/mailboxes/{mailbox_id}",
        ):
            assert_error(other.owner.get(path), 404, "not_found")
        answer = other.owner.post(f"/conversations/{mine['id']}/reply", {"body": "Not yours."})
        assert_error(answer, 404, "not_found")

    def test_without_the_plugin_its_name_is_invalid_and_its_routes_are_not_there(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        conversation: Shown,
        card: Channel,
        tmp_path: Path,
    ) -> None:
        url = desk.application.settings["sqlalchemy.url"]
        without = make_desk(tmp_path, url, plugins=self.beside)
        try:
            client = Client(without.wsgi, workspace.owner.headers)
            answer = client.post("/conversations", {"channel": card.name})
            assert answer.json["errors"]["channel"] == ["The selected channel is invalid."]
            filtered = client.get(f"/conversations?channel={card.name}")
            assert_invalid(filtered, channel="The selected channel is invalid.")
            shown = client.get(f"/conversations/{conversation['id']}").json["data"]
            assert shown["can_reply"]["allowed"] is False
            for path in sorted(routes_of(desk) - routes_of(without)):
                address = re.sub(r"\{[^}]*\}", "1", path)
                answer = TestApp(without.wsgi).post(
                    address, headers=workspace.owner.headers, expect_errors=True
                )
                assert_error(answer, 404, "not_found")
        finally:
            without.application.close()

    def test_health_checks_have_a_name_and_say_what_is_wrong(
        self, workspace: TestWorkspace, mailbox_id: int, card: Channel
    ) -> None:
        assert mailbox_id
        for check in health_of(workspace, card):
            assert check["name"]
            assert check["ok"] or check["message"]

    def test_a_fault_in_one_workspace_is_reported_there_and_leaves_the_desk_ready(
        self,
        workspace: TestWorkspace,
        other: TestWorkspace,
        far_side: FarSide,
        mailbox_id: int,
        card: Channel,
    ) -> None:
        if not far_side.break_health(workspace, mailbox_id):
            pytest.skip("the channel reports no faults of a workspace")
        assert [it for it in health_of(workspace, card) if not it["ok"] and it["message"]]
        assert all(it["ok"] for it in health_of(other, card))
        assert Client(workspace.under_test.wsgi).get("/readyz").status_int == 200
        assert all(isinstance(it, Check) for it in readiness_of(workspace.under_test, self.plugin))
