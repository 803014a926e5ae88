"""A desk with the channel enabled, and Textline beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from far_side import ACCEPTED, Textline

from support_core.testing import make_desk
from support_core.testing.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest, TestWorkspace


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The database to test on, a new SQLite file unless ``SMS_TEST_DATABASE`` names another."""
    new = f"sqlite:///{tmp_path_factory.mktemp('database')}/support.sqlite"
    return os.environ.get("SMS_TEST_DATABASE") or new


@pytest.fixture(scope="session")
def textline() -> Iterator[Textline]:
    with StandIn(ACCEPTED) as server:
        yield Textline(server)


@pytest.fixture(scope="session")
def desk(
    database: str, textline: Textline, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """The plugin is found through its entry point, as a host finds it."""
    under_test = make_desk(
        tmp_path_factory.mktemp("desk"),
        database,
        plugins=("sms",),
        support__sms__api_url=textline.server.url,
    )
    yield under_test
    under_test.application.close()


@pytest.fixture
def workspace(desk: DeskUnderTest) -> TestWorkspace:
    return desk.workspace()
