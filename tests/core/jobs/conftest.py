"""An application with the sample jobs on a migrated database of its own, for each test."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from support_core.db import Database
from support_core.migrations import upgrade
from tests.conftest import BROKERS
from tests.services import shared

from . import sample_jobs
from .desks import SmallApplication, effects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.services.databases import Databases

_numbers = count(1)
_TEMPLATE = "jobs_template"


def _prepare(url: str) -> None:
    database = Database(url, sqlite_synchronous="off")
    try:
        upgrade(database, [])
        with database.transaction() as session:
            effects.create(session.connection())
    finally:
        database.dispose()


@pytest.fixture
def jobs_url(databases: Databases) -> str:
    """A migrated database of this test's own."""
    databases.prepare_template(_TEMPLATE, _prepare)
    return databases.create(f"jobs_{next(_numbers)}", template=_TEMPLATE)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run the tests that are marked ``every_broker`` or ``every_server`` on each of them."""
    if metafunc.definition.get_closest_marker("every_broker"):
        metafunc.parametrize("broker", BROKERS, scope="session")
    if metafunc.definition.get_closest_marker("every_server"):
        metafunc.parametrize("broker", BROKERS[1:], scope="session")


@pytest.fixture(scope="session")
def broker() -> str:
    """The kind of broker that the test's applications have."""
    return BROKERS[0]


@pytest.fixture
def broker_url(broker: str, service_run: shared.Run) -> str:
    """The test's ``support.broker``."""
    return shared.broker_url(service_run, broker, "jobs")


@pytest.fixture
def make_application(jobs_url: str, broker_url: str) -> Iterator[Callable[..., SmallApplication]]:
    """Make applications on one database, as if each were a process; they are closed at the end."""
    sample_jobs.reset()
    made: list[SmallApplication] = []

    def make(
        lease: float = 60.0, schedules: object = (), broker: str = broker_url, window: int = 128
    ) -> SmallApplication:
        application = SmallApplication(jobs_url, lease=lease, broker=broker, window=window)
        application.build(*sample_jobs.ALL, schedules=schedules)
        made.append(application)
        return application

    yield make
    sample_jobs.may_end.set()
    for application in made:
        application.close()


@pytest.fixture
def application(make_application: Callable[..., SmallApplication]) -> SmallApplication:
    """One application with the sample jobs."""
    return make_application()
