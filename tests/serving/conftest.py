"""One desk that serves the tests of this folder which do not end it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .processes import Desk, bootstrap, running, write_ini

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def ini(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ini(
        tmp_path_factory.mktemp("serving"),
        databases.create("serving"),
        {
            "support.ratelimit.enabled": "false",
            "trusted_proxies": "127.0.0.1",
            "body_timeout": "1",
            "upload_threads": "2",
        },
    )


@pytest.fixture(scope="session")
def token(ini: Path) -> str:
    made = bootstrap(ini)
    secret: str = made["token"]
    return secret


@pytest.fixture(scope="session")
def desk(ini: Path, token: str) -> Iterator[Desk]:
    with running(ini) as serving:
        yield serving
        assert serving.end() == 0


@pytest.fixture
def client(desk: Desk, token: str) -> Iterator[httpx.Client]:
    with desk.client(token) as caller:
        yield caller
