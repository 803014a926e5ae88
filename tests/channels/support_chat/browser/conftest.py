"""One desk for each worker, a browser for each module, a profile for each test.

Modules come in any order, so that what they share is the session's; but while Playwright runs, its
event loop is the thread's, which others want for their own.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.services import require_service
from tests.services.chromium import ChromiumMissing, chromium, find_program
from tests.serving.processes import bootstrap, running, write_ini

from .agents import SETTINGS, Agents, set_more
from .site import serving
from .visitors import Guard, Visitor, guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, BrowserContext

    from tests.services.databases import Databases

    from .site import Site

_numbers = count(1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        find_program()
    except ChromiumMissing as missing:
        require_service("Chromium", str(missing))
    with chromium() as launched:
        yield launched


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    with serving() as served:
        yield served


@pytest.fixture(scope="session")
def agents(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agents]:
    folder = tmp_path_factory.mktemp("chat")
    ini = write_ini(folder, databases.create(f"chat_browser_{next(_numbers)}"), SETTINGS)
    set_more(ini)
    token = bootstrap(ini)["token"]
    with running(ini) as desk:
        made = Agents(desk, token)
        yield made
        made.close()
        assert desk.end() == 0
        assert "Traceback" not in desk.output, desk.output


@pytest.fixture
def guard() -> Iterator[Guard]:
    """Fails the test for anything a page complains of, unless the test allows it."""
    made = Guard([], [])
    yield made
    made.check()


@pytest.fixture
def profile(browser: Browser, guard: Guard) -> Iterator[Callable[..., BrowserContext]]:
    """Make a browser profile: its storage is its own; options are Playwright's."""
    with guarded(browser, guard) as make:
        yield make


@pytest.fixture
def visitor(profile: Callable[..., BrowserContext]) -> Visitor:
    return Visitor(profile().new_page())
