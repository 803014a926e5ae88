"""What functional tests share besides the suite's desk: two more, and the log of a test."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from support_core.testing import make_desk, probe

from . import host

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_core.testing import DeskUnderTest
    from tests.services.databases import Databases


@pytest.fixture(scope="session")
def hosted(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """A desk with a host's plugin and small sizes: 4 KiB a request, 8 KiB an upload."""
    under_test = make_desk(
        tmp_path_factory.mktemp("hosted"),
        databases.create("hosted"),
        plugins=(),
        extra={"probe": probe, "host": host},
        support__request__max_bytes="4KiB",
        support__upload__max_bytes="8KiB",
        support__metrics__token="let-me-see",
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(scope="session")
def limited(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeskUnderTest]:
    """A desk whose rate limits are on, and small."""
    under_test = make_desk(
        tmp_path_factory.mktemp("limited"),
        databases.create("limited"),
        plugins=(),
        extra={"probe": probe},
        **{
            "support.ratelimit.enabled": "true",
            "support.ratelimit.general": "8/hour",
            "support.ratelimit.conversation-creation": "3/hour",
            "support.ratelimit.mailbox-creation": "2/hour",
            "support.ratelimit.mailbox-update": "off",
            "support.ratelimit.login": "3/hour",
        },
    )
    yield under_test
    under_test.application.close()


class LogLines(logging.Handler):
    """Collects every line of the process's log, with its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def text(self) -> str:
        """The whole log."""
        return "\n".join(self.lines)


@pytest.fixture
def log(desk: DeskUnderTest) -> Iterator[LogLines]:
    """The log of one test, at the level of detail that a developer would turn on."""
    root = logging.getLogger()
    lines, level = LogLines(), root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    yield lines
    root.setLevel(level)
    root.removeHandler(lines)
