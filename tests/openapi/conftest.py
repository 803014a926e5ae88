"""The suite's application, documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_core.openapi.operations import registered
from support_core.testing import Client

if TYPE_CHECKING:
    from support_core.rest import Operation
    from support_core.testing import DeskUnderTest


@pytest.fixture(scope="session")
def document(desk: DeskUnderTest) -> dict[str, Any]:
    """The OpenAPI document of the suite's application."""
    made: dict[str, Any] = desk.registry.support_documentation.document
    return made


@pytest.fixture(scope="session")
def operations(desk: DeskUnderTest) -> list[Operation]:
    """Every operation that is registered in it."""
    return registered(desk.registry.cornice_services)


@pytest.fixture
def anybody(desk: DeskUnderTest) -> Client:
    """A caller without credentials."""
    return Client(desk.wsgi)
