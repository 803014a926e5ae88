"""A desk with the chat channel, a widget, and visitors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import DeskUnderTest, TestWorkspace, make_desk

from .visitor import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases


#: Requests a minute (reference, "Rate Limits").
REFERENCE = {"init": 60, "start": 10, "message": 30, "typing": 120}


@pytest.fixture(scope="session")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """An application with the channel and plans."""
    under_test = make_desk(
        tmp_path_factory.mktemp("chat"),
        databases.create("chat"),
        plugins=("chat", "plans"),
        support__plans__bare__features="api_access",
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(scope="session")
def limited(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """The same with rate limits: the reference's numbers, in windows that no slow test outlasts."""
    windows = {
        f"support__ratelimit__chat-{name}": f"{most}/hour"
        for name, most in {**REFERENCE, "guess": 20}.items()
    }
    under_test = make_desk(
        tmp_path_factory.mktemp("limited"),
        databases.create("chat_limited"),
        plugins=("chat", "plans"),
        support__ratelimit__enabled="true",
        **windows,
    )
    yield under_test
    under_test.application.close()


@pytest.fixture
def workspace(desk: DeskUnderTest) -> TestWorkspace:
    """A workspace of the test's own."""
    return desk.workspace()


@pytest.fixture
def other(desk: DeskUnderTest) -> TestWorkspace:
    """Somebody else's workspace."""
    return desk.workspace()


@pytest.fixture
def site(workspace: TestWorkspace) -> Site:
    """A website with a widget of the workspace."""
    return Site.of(workspace)
