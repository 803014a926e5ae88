"""A desk with the channel enabled, and Meta beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import make_desk
from tests.services.graph import Graph

from .meta import Line, a_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace
    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def graph_server() -> Iterator[Graph]:
    with Graph() as server:
        yield server


@pytest.fixture
def graph(graph_server: Graph) -> Graph:
    """Meta's API, without a past."""
    graph_server.failures.clear()
    graph_server.sent.clear()
    graph_server.asked.clear()
    graph_server.read.clear()
    graph_server.templates = []
    graph_server.tokens = set()
    graph_server.expire = 0
    graph_server.quality = "GREEN"
    return graph_server


@pytest.fixture(scope="session")
def desk(
    databases: Databases, graph_server: Graph, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application of this folder's own."""
    under_test = make_desk(
        tmp_path_factory.mktemp("whatsapp"),
        databases.create("whatsapp"),
        plugins=("whatsapp", "plans"),
        support__whatsapp__graph_url=graph_server.url,
        support__plans__small__features="*",
        support__plans__small__limits__whatsapp_accounts="2",
    )
    yield under_test
    under_test.application.close()


@pytest.fixture
def line(workspace: TestWorkspace, graph: Graph) -> Line:
    """A number of the test's own workspace."""
    made = a_line(workspace)
    workspace.under_test.run_jobs()
    graph.asked.clear()
    return made
