"""One application with every shipped plugin, and two workspaces that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .world import World, make_full_desk, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def full_desk(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """An application of its own with all shipped plugins."""
    under_test = make_full_desk(tmp_path_factory.mktemp("isolation"), databases.create("isolation"))
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
