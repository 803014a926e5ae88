"""An application with room for many connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import DeskUnderTest, make_desk, probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """The application that everybody calls at once."""
    under_test = make_desk(
        tmp_path_factory.mktemp("concurrency"),
        databases.create("concurrency"),
        extra={"probe": probe},
        support__database__pool_size="20",
    )
    yield under_test
    under_test.application.close()
