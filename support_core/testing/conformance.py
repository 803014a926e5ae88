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
from typing import TYPE_CHECKING, ClassVar

import pytest

from ..channels import Channel
from ..plugins import CONTRACT_VERSION
from .application import DeskUnderTest, make_desk
from .conformance_boundaries import BoundaryConformance
from .conformance_inbound import InboundConformance
from .conformance_outbound import OutboundConformance
from .conformance_steps import Shown, open_conversation
from .far_side import Attempt, FarSide, Incoming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

    from .workspace import TestWorkspace

__all__ = ["Attempt", "ChannelConformance", "FarSide", "Incoming"]


class ChannelConformance(InboundConformance, OutboundConformance, BoundaryConformance):
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
            clock=None,
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
        return open_conversation(workspace, far_side, mailbox_id, card)

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
