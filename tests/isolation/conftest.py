"""One application with every shipped plugin, and two workspaces that nothing changes."""

from __future__ import annotations

from importlib.metadata import distribution
from typing import TYPE_CHECKING

import pytest

from support_core.testing import DeskUnderTest, make_desk, probe

from .world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def full_desk(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application of its own with all shipped plugins."""
    shipped = [
        point.name
        for point in distribution("support-core").entry_points
        if point.group == "support_core.plugins"
    ]
    under_test = make_desk(
        tmp_path_factory.mktemp("isolation"),
        databases.create("isolation"),
        plugins=shipped,
        extra={"probe": probe},
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(scope="session")
def ours(full_desk: DeskUnderTest) -> World:
    """The workspace that is attacked; no test of the matrix changes it."""
    return make_world(full_desk)


@pytest.fixture(scope="session")
def theirs(full_desk: DeskUnderTest) -> World:
    """The attacker's workspace."""
    return make_world(full_desk)
