"""The conformance kit: what every channel owes to the core, as tests to inherit.

A plugin's author writes one test module::

    class TestMyChannel(ChannelConformance):
        plugin = "mychannel"

        @pytest.fixture(scope="class")
        @classmethod
        def far_side(cls): ...            # a FarSide of the channel

and, where they are needed, overrides ``channel``, ``module``, ``beside``, and the fixtures
``database_url`` and ``desk_settings``. Without ``module`` the plugin is loaded through its entry
point, as a host does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import uuid4

import pytest
from pyramid.interfaces import IRoutesMapper
from webtest import TestApp

from ..channels import Channel, Composition
from ..health import Check
from ..jobs import JobContext, RetryLater
from ..plugins import CONTRACT_VERSION
from ..services.delivery_jobs import deliver
from .application import DeskUnderTest, make_desk
from .connections import calls_inside_transactions
from .errors import assert_error, assert_invalid
from .far_side import Attempt, FarSide, Incoming
from .workspace import Client

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import ModuleType

    from .workspace import TestWorkspace

__all__ = ["Attempt", "ChannelConformance", "FarSide", "Incoming"]

#: What a delivery may have come to when the provider took the message.
TAKEN = {"sent", "delivered", "read"}

Shown = dict[str, Any]


class ChannelConformance:
    """Inherit it and name the plugin; see the module."""

    #: The plugin's name in ``support.plugins``.
    plugin: ClassVar[str]
    #: The channel's name, where it is not the plugin's.
    channel: ClassVar[str] = ""
    #: The plugin itself, where it has no entry point.
    module: ClassVar[ModuleType | None] = None
    #: Plugins to enable beside it.
    beside: ClassVar[Sequence[str]] = ()

    @pytest.fixture(scope="class")
    @classmethod
    def database_url(cls, tmp_path_factory: pytest.TempPathFactory) -> str:
        """SQLAlchemy's URL of the database to test on."""
        return f"sqlite:///{tmp_path_factory.mktemp('database')}/support.sqlite"

    @pytest.fixture(scope="class")
    @classmethod
    def desk_settings(cls) -> Mapping[str, str]:
        """Settings of the ini that the plugin needs."""
        return {}

    @pytest.fixture(scope="class")
    @classmethod
    def far_side(cls) -> FarSide:
        """The other side of the channel; every channel has its own."""
        raise NotImplementedError("give the test class a far_side fixture")

    @pytest.fixture(scope="class")
    @classmethod
    def desk(
        cls,
        database_url: str,
        desk_settings: Mapping[str, str],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[DeskUnderTest]:
        """An application with the plugin enabled."""
        under_test = make_desk(
            tmp_path_factory.mktemp("desk"),
            database_url,
            plugins=[*cls.beside, *(() if cls.module else (cls.plugin,))],
            extra={cls.plugin: cls.module} if cls.module else None,
            **desk_settings,
        )
        yield under_test
        under_test.application.close()

    @pytest.fixture
    def workspace(self, desk: DeskUnderTest) -> TestWorkspace:
        return desk.workspace()

    @pytest.fixture
    def other(self, desk: DeskUnderTest) -> TestWorkspace:
        return desk.workspace()

    @pytest.fixture
    def card(self, desk: DeskUnderTest) -> Channel:
        """What the channel declared of itself."""
        return desk.application.plugins.channels[self.channel or self.plugin]

    @pytest.fixture
    def mailbox_id(self, workspace: TestWorkspace, far_side: FarSide) -> int:
        return far_side.mailbox(workspace)

    @pytest.fixture
    def conversation(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> Shown:
        """A conversation that a customer opened through the channel."""
        return _opened(workspace, far_side, mailbox_id, card)

    # Declaration

    def test_the_plugin_declares_its_contract_and_a_usable_channel(
        self, desk: DeskUnderTest, card: Channel
    ) -> None:
        module = desk.application.plugins.modules[self.plugin]
        assert module.support_contract == CONTRACT_VERSION
        assert isinstance(card, Channel)
        assert re.fullmatch(r"[a-z][a-z0-9_]{0,30}", card.name)
        assert card.label
        assert card.inbound or card.outbound
        for limit in (card.max_body, card.max_attachment_bytes):
            assert limit is None or limit > 0

    def test_the_channel_is_listed_with_its_capabilities(
        self, workspace: TestWorkspace, card: Channel
    ) -> None:
        listed = {it["name"]: it for it in workspace.owner.get("/channels").json["data"]}
        assert listed[card.name]["label"] == card.label
        assert listed[card.name]["capabilities"] == card.capabilities()

    def test_a_mailbox_never_shows_what_may_only_be_written(
        self, desk: DeskUnderTest, workspace: TestWorkspace, mailbox_id: int
    ) -> None:
        shown = workspace.owner.get(f"/mailboxes/{mailbox_id}").json["data"]
        once = {
            it for fields in desk.application.plugins.mailbox_fields for it in fields.shown_once
        }
        nodes = [it for fields in desk.application.plugins.mailbox_fields for it in fields.nodes]
        assert not once & shown.keys()
        assert not {node.name for node in nodes if node.write_only} & shown.keys()

    # In

    def test_a_message_opens_a_conversation_of_its_customer_mailbox_and_channel(
        self,
        workspace: TestWorkspace,
        far_side: FarSide,
        mailbox_id: int,
        card: Channel,
    ) -> None:
        opened = _opened(workspace, far_side, mailbox_id, card, sender=1, body="Where is it?")
        assert opened["channel"] == card.name
        assert opened["mailbox"]["id"] == mailbox_id
        assert opened["status"] == "active"
        (thread,) = opened["threads"]
        assert thread["type"] == "customer"
        assert thread["body_text"].strip() == "Where is it?"
        customer = workspace.owner.get(f"/customers/{opened['customer']['id']}").json["data"]
        wanted = far_side.identity(1)
        assert {name: customer[name] for name in wanted} == wanted

    def test_one_sender_is_one_customer_and_another_is_another(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> None:
        first = _opened(workspace, far_side, mailbox_id, card, sender=1)
        _continue(workspace, far_side, first, sender=1)
        second = _opened(workspace, far_side, mailbox_id, card, sender=2)
        assert first["customer"]["id"] != second["customer"]["id"]
        assert workspace.owner.get("/customers").json["meta"]["total"] == 2

    def test_a_message_that_arrives_twice_is_filed_once(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> None:
        first = _message()
        _write(workspace, far_side, mailbox_id, card, first)
        _write(workspace, far_side, mailbox_id, card, first)
        (listed,) = _conversations(workspace, card)
        second = _message(conversation_id=listed["id"])
        _write(workspace, far_side, mailbox_id, card, second)
        _write(workspace, far_side, mailbox_id, card, second)
        shown = _show(workspace, listed["id"])
        assert [it["body_text"].strip() for it in shown["threads"]] == [first.body, second.body]

    @pytest.mark.parametrize("status", ["closed", "pending"])
    def test_a_customers_message_reopens_a_conversation(
        self, workspace: TestWorkspace, far_side: FarSide, conversation: Shown, status: str
    ) -> None:
        path = f"/conversations/{conversation['id']}"
        assert workspace.owner.patch(f"{path}/status", {"status": status}).status_int == 200
        _continue(workspace, far_side, conversation)
        assert _show(workspace, conversation["id"])["status"] == "active"

    def test_files_come_in_with_a_message(
        self, workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel
    ) -> None:
        if not card.attachments:
            pytest.skip("the channel carries no attachments")
        opened = _opened(
            workspace, far_side, mailbox_id, card, attachments=[("photo.png", b"\x89PNG\r\n\x1a\n")]
        )
        (attachment,) = opened["threads"][0]["attachments"]
        assert attachment["name"] == "photo.png"
        answer = workspace.owner.get(f"/attachments/{attachment['id']}/download")
        assert answer.body == b"\x89PNG\r\n\x1a\n"

    # Out

    def test_a_reply_is_carried_exactly_once(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        thread = _reply(workspace, conversation, card)
        desk.run_jobs()
        assert _delivery(workspace, conversation, thread)["state"] in TAKEN
        _run_again(desk, workspace, thread)
        assert len(_attempts(far_side, thread)) == 1

    def test_every_attempt_at_a_reply_carries_the_same_message_id(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        reason = far_side.refuse_next(permanent=False)
        thread = _reply(workspace, conversation, card)
        desk.run_jobs()
        waiting = _delivery(workspace, conversation, thread)
        assert waiting["state"] == "pending"
        assert reason in waiting["error"]
        _run_again(desk, workspace, thread)
        assert _delivery(workspace, conversation, thread)["state"] in TAKEN
        assert _delivery(workspace, conversation, thread)["error"] is None
        first, second = _attempts(far_side, thread)
        assert first == second
        assert first.message_id

    def test_two_replies_have_message_ids_of_their_own(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        threads = [_reply(workspace, conversation, card) for _ in range(2)]
        desk.run_jobs()
        assert len({_attempts(far_side, it)[0].message_id for it in threads}) == 2

    def test_a_reply_refused_for_good_is_failed_and_can_be_sent_again(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        reason = far_side.refuse_next(permanent=True)
        thread = _reply(workspace, conversation, card)
        desk.run_jobs()
        failed = _delivery(workspace, conversation, thread)
        assert failed["state"] == "failed"
        assert reason in failed["error"]
        path = f"/conversations/{conversation['id']}/threads/{thread['id']}/retry"
        assert workspace.owner.post(path).status_int == 200
        desk.run_jobs()
        assert _delivery(workspace, conversation, thread)["state"] in TAKEN
        assert len({it.message_id for it in _attempts(far_side, thread)}) == 1

    def test_files_leave_with_a_reply_or_are_refused_before_it_is_stored(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        _needs_outbound(card)
        uploaded = workspace.owner.upload("notes.txt", b"all of it", content_type="text/plain")
        body = {"body": uuid4().hex, "attachment_ids": [uploaded.json["data"]["id"]]}
        answer = workspace.owner.post(f"/conversations/{conversation['id']}/reply", body)
        if not card.attachments:
            message = f"The {card.name} channel does not carry attachments."
            assert_invalid(answer, attachment_ids=message)
            assert len(_show(workspace, conversation["id"])["threads"]) == 1
            return
        assert answer.status_int == 201, answer.text
        desk.run_jobs()
        (attempt,) = _attempts(far_side, answer.json["data"])
        assert attempt.attachments == ("notes.txt",)

    def test_a_reply_outside_the_window_is_refused_before_it_is_stored(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        _needs_outbound(card)
        if not far_side.close_window(workspace, conversation["mailbox"]["id"], conversation["id"]):
            pytest.skip("the channel takes replies at all times")
        before = _show(workspace, conversation["id"])
        assert before["can_reply"]["allowed"] is False
        body = {"body": uuid4().hex}
        answer = workspace.owner.post(f"/conversations/{conversation['id']}/reply", body)
        assert_invalid(answer, body=before["can_reply"]["reason"])
        desk.run_jobs()
        assert _show(workspace, conversation["id"])["threads"] == before["threads"]
        assert not [it for it in far_side.attempts() if body["body"] in it.body]

    def test_a_reply_that_is_too_long_is_refused_before_it_is_stored(
        self, workspace: TestWorkspace, conversation: Shown, card: Channel
    ) -> None:
        if card.max_body is None or card.max_body >= 50_000:
            pytest.skip("the channel sets no limit of its own")
        answer = workspace.owner.post(
            f"/conversations/{conversation['id']}/reply", {"body": "x" * (card.max_body + 1)}
        )
        assert_invalid(
            answer, body=f"The body must not be greater than {card.max_body} characters."
        )
        assert len(_show(workspace, conversation["id"])["threads"]) == 1

    def test_the_recipients_that_the_channel_chose_are_shown(
        self, desk: DeskUnderTest, workspace: TestWorkspace, conversation: Shown, card: Channel
    ) -> None:
        thread = _reply(workspace, conversation, card)
        with workspace.desk(write=False) as opened:
            reference = opened.conversations.reference(opened.conversations.get(conversation["id"]))
            composed: Composition | None = desk.application.plugins.channel_hook(
                card.name,
                "support_compose",
                conversation=reference,
                body="",
                cc=(),
                bcc=(),
                desk=opened,
            )
        wanted = [dict(it) for it in (composed or Composition()).recipients]
        assert thread["delivery"]["recipients"] == wanted
        for recipient in wanted:
            assert recipient["type"] in {"to", "cc", "bcc"}
            assert recipient["address"]
            assert recipient["reason"]

    def test_no_transaction_is_open_while_a_reply_travels(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        far_side: FarSide,
        conversation: Shown,
        card: Channel,
    ) -> None:
        thread = _reply(workspace, conversation, card)
        with calls_inside_transactions(desk.application.database) as found:
            desk.run_jobs()
        assert _attempts(far_side, thread)
        assert found == []

    # Between workspaces

    def test_nothing_of_another_workspace_is_reached(
        self,
        workspace: TestWorkspace,
        other: TestWorkspace,
        far_side: FarSide,
        mailbox_id: int,
        card: Channel,
    ) -> None:
        mine = _opened(workspace, far_side, mailbox_id, card, sender=1)
        their_mailbox = far_side.mailbox(other)
        theirs = _opened(other, far_side, their_mailbox, card, sender=1)
        assert mine["customer"]["id"] != theirs["customer"]["id"]
        _continue(other, far_side, theirs, sender=1)
        assert len(_show(workspace, mine["id"])["threads"]) == 1
        for path in (
            f"/conversations/{mine['id']}",
            f"/customers/{mine['customer']['id']}",
            f"/mailboxes/{mailbox_id}",
        ):
            assert_error(other.owner.get(path), 404, "not_found")
        answer = other.owner.post(f"/conversations/{mine['id']}/reply", {"body": "Not yours."})
        assert_error(answer, 404, "not_found")

    # Switched off, and not well

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
            for path in sorted(_routes(desk) - _routes(without)):
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
        for check in _health(workspace, card):
            assert check["name"]
            assert check["ok"] or check["message"]

    def test_a_fault_in_one_workspace_is_reported_there_and_leaves_the_desk_ready(
        self,
        desk: DeskUnderTest,
        workspace: TestWorkspace,
        other: TestWorkspace,
        far_side: FarSide,
        mailbox_id: int,
        card: Channel,
    ) -> None:
        if not far_side.break_health(workspace, mailbox_id):
            pytest.skip("the channel reports no faults of a workspace")
        assert [it for it in _health(workspace, card) if not it["ok"] and it["message"]]
        assert all(it["ok"] for it in _health(other, card))
        assert Client(desk.wsgi).get("/readyz").status_int == 200
        assert all(isinstance(it, Check) for it in _ready_checks(desk, self.plugin))


def _message(**values: Any) -> Incoming:
    return Incoming(**{"id": uuid4().hex, "sender": 1, "body": f"Message {uuid4().hex}", **values})


def _needs_inbound(card: Channel) -> None:
    if not card.inbound:
        pytest.skip("the channel takes no messages")


def _needs_outbound(card: Channel) -> None:
    if not card.outbound:
        pytest.skip("the channel carries no replies")


def _write(
    workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel, message: Incoming
) -> None:
    _needs_inbound(card)
    far_side.write(workspace, mailbox_id, message)
    workspace.under_test.run_jobs()


def _opened(
    workspace: TestWorkspace, far_side: FarSide, mailbox_id: int, card: Channel, **values: Any
) -> Shown:
    before = {it["id"] for it in _conversations(workspace, card)}
    _write(workspace, far_side, mailbox_id, card, _message(**values))
    (new,) = [it for it in _conversations(workspace, card) if it["id"] not in before]
    return _show(workspace, new["id"])


def _continue(
    workspace: TestWorkspace, far_side: FarSide, conversation: Shown, **values: Any
) -> None:
    message = _message(conversation_id=conversation["id"], **values)
    far_side.write(workspace, conversation["mailbox"]["id"], message)
    workspace.under_test.run_jobs()
    assert _show(workspace, conversation["id"])["threads"][-1]["type"] in {"customer", "lineitem"}


def _conversations(workspace: TestWorkspace, card: Channel) -> list[Shown]:
    found: list[Shown] = workspace.owner.get(f"/conversations?channel={card.name}").json["data"]
    return found


def _show(workspace: TestWorkspace, conversation_id: int) -> Shown:
    shown: Shown = workspace.owner.get(f"/conversations/{conversation_id}").json["data"]
    return shown


def _reply(workspace: TestWorkspace, conversation: Shown, card: Channel) -> Shown:
    _needs_outbound(card)
    answer = workspace.owner.post(
        f"/conversations/{conversation['id']}/reply", {"body": f"Answer {uuid4().hex}"}
    )
    assert answer.status_int == 201, answer.text
    thread: Shown = answer.json["data"]
    return thread


def _delivery(workspace: TestWorkspace, conversation: Shown, thread: Shown) -> Shown:
    threads = _show(workspace, conversation["id"])["threads"]
    (shown,) = [it["delivery"] for it in threads if it["id"] == thread["id"]]
    delivery: Shown = shown
    return delivery


def _attempts(far_side: FarSide, thread: Shown) -> list[Attempt]:
    return [it for it in far_side.attempts() if thread["body"] in it.body]


def _run_again(desk: DeskUnderTest, workspace: TestWorkspace, thread: Shown) -> None:
    """Run the delivery's job once more, as after a back-off or the death of its process."""
    with workspace.desk(write=False) as opened:
        delivery = opened.deliveries.of_thread(thread["id"])
        assert delivery is not None
    context = JobContext(desk.application, workspace.id, message_id="conformance")
    try:
        deliver(context, delivery.id)
    except RetryLater as later:
        raise AssertionError(f"the second attempt failed as well: {later}") from later


def _health(workspace: TestWorkspace, card: Channel) -> list[Shown]:
    listed = workspace.owner.get("/channels").json["data"]
    (checks,) = [it["health"] for it in listed if it["name"] == card.name]
    found: list[Shown] = checks
    return found


def _ready_checks(desk: DeskUnderTest, plugin: str) -> list[Check]:
    with desk.application.desk(None, write=False) as opened:
        return [
            check
            for name, implementation in desk.application.plugins.implementations("support_health")
            if name == plugin
            for check in implementation(desk=opened)
        ]


def _routes(desk: DeskUnderTest) -> set[str]:
    mapper = desk.registry.getUtility(IRoutesMapper)
    return {route.pattern for route in mapper.get_routes()}
