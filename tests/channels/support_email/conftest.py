"""A desk with the e-mail channel, and the mail servers it talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support_core.testing import DeskUnderTest, TestWorkspace, make_desk
from tests.services import require_service
from tests.services.dovecot import Dovecot, DovecotMissing
from tests.services.smtp import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """An IMAP server for all tests of this worker; each has a user of its own."""
    try:
        server = Dovecot()
    except DovecotMissing as missing:
        require_service("Dovecot", str(missing))
    yield server
    server.stop()


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    """An SMTP server that takes everything, until it is told otherwise."""
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="session")
def desk(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskUnderTest]:
    """An application with the channel; its mail servers are on loopback."""
    under_test = make_desk(
        tmp_path_factory.mktemp("email"), databases.create("email"), plugins=("email",)
    )
    yield under_test
    under_test.application.close()


@pytest.fixture
def workspace(desk: DeskUnderTest) -> TestWorkspace:
    """A workspace of the test's own."""
    return desk.workspace()
