"""What the whole suite shares: the database it runs on.

``SUPPORT_TEST_DATABASE`` is ``sqlite`` (default) or ``postgresql``. One PostgreSQL cluster is
started by the process that owns the run and shared by its workers; each has its own databases.

``SUPPORT_TEST_BROKER`` is how the suite's application runs its jobs: ``embedded`` (default),
``rabbitmq`` or ``redis``. Their servers start with the first test that wants one.

``SUPPORT_TEST_BUS`` is the suite's ``support.bus``: ``memory`` (default), ``postgresql`` or
``redis``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from support_core.testing import DeskUnderTest, TestWorkspace, make_desk, probe
from tests.services import require_service, shared
from tests.services.databases import PostgresDatabases, SqliteDatabases
from tests.services.postgres import Cluster, PostgresMissing, find_programs
from tests.services.process import ServerDied
from tests.services.redis import Redis, RedisMissing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.databases import Databases

#: Before anything imports them: what fails in the kit is to be shown with its values.
for part in ("", "_inbound", "_outbound", "_boundaries", "_steps"):
    pytest.register_assert_rewrite(f"support_core.testing.conformance{part}")

DIALECTS = ("sqlite", "postgresql")
BROKERS = ("embedded", "rabbitmq", "redis")
BUSES = ("memory", "postgresql", "redis")
CLUSTER = pytest.StashKey[Cluster]()


def _dialect() -> str:
    return os.environ.get("SUPPORT_TEST_DATABASE") or DIALECTS[0]


def _broker() -> str:
    return os.environ.get("SUPPORT_TEST_BROKER") or BROKERS[0]


def _bus() -> str:
    return os.environ.get("SUPPORT_TEST_BUS") or BUSES[0]


def _cluster_url(config: pytest.Config) -> str:
    if CLUSTER not in config.stash:
        try:
            cluster = config.stash[CLUSTER] = Cluster()
        except ServerDied as death:
            pytest.exit(f"PostgreSQL could not be started: {death}", returncode=1)
        config.add_cleanup(cluster.stop)
    return config.stash[CLUSTER].url


def pytest_configure() -> None:
    """Refuse a database that cannot be had before anything is collected."""
    if _dialect() not in DIALECTS:
        raise pytest.UsageError(f"SUPPORT_TEST_DATABASE is one of {', '.join(DIALECTS)}")
    if _broker() not in BROKERS:
        raise pytest.UsageError(f"SUPPORT_TEST_BROKER is one of {', '.join(BROKERS)}")
    if _bus() not in BUSES:
        raise pytest.UsageError(f"SUPPORT_TEST_BUS is one of {', '.join(BUSES)}")
    if _dialect() == "postgresql":
        try:
            find_programs()
        except PostgresMissing as missing:
            raise pytest.UsageError(str(missing)) from missing


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each xdist worker where the cluster is; called in the process that owns the run."""
    node.workerinput["run_owner"] = os.getpid()
    if _dialect() == "postgresql":
        node.workerinput["postgres_url"] = _cluster_url(node.config)


def pytest_report_header() -> str:
    """Name the database in the run's first lines."""
    return f"database: {_dialect()}, broker: {_broker()}, bus: {_bus()}"


@pytest.fixture(scope="session")
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Databases:
    """Where tests that need more than the suite's one database get theirs."""
    if _dialect() == "sqlite":
        return SqliteDatabases(tmp_path_factory.mktemp("databases"))
    worker = getattr(request.config, "workerinput", None)
    if worker is None:
        return PostgresDatabases(_cluster_url(request.config), worker="main")
    return PostgresDatabases(worker["postgres_url"], worker=worker["workerid"])


@pytest.fixture(scope="session")
def database_url(databases: Databases) -> str:
    """SQLAlchemy's URL of this worker's own, empty database."""
    return databases.create("suite")


def _plugins() -> tuple[str, ...]:
    """The shipped plugins the suite's application enables; SUPPORT_TEST_PLUGINS changes them."""
    return tuple(os.environ.get("SUPPORT_TEST_PLUGINS", "api plans webhooks").split())


@pytest.fixture(scope="session")
def service_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> shared.Run:
    """The run of the suite, as its shared servers know it."""
    folder = tmp_path_factory.getbasetemp()
    worker = getattr(request.config, "workerinput", None)
    if worker is None:
        return shared.Run(folder, os.getpid(), worker=0, workers=1)
    return shared.Run(
        folder.parent,
        worker["run_owner"],
        worker=int(worker["workerid"].removeprefix("gw")),
        workers=worker["workercount"],
    )


@pytest.fixture(scope="session")
def broker_setting(service_run: shared.Run) -> str:
    """The suite's ``support.broker``; see SUPPORT_TEST_BROKER."""
    return shared.broker_url(service_run, _broker(), "suite")


@pytest.fixture(scope="session")
def bus_setting(service_run: shared.Run) -> str:
    """The suite's ``support.bus``; see SUPPORT_TEST_BUS."""
    return shared.redis_url(service_run, "suite") if _bus() == "redis" else _bus()


@pytest.fixture(scope="session")
def desk(
    database_url: str,
    broker_setting: str,
    bus_setting: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DeskUnderTest]:
    """The suite's application, with the probe channel beside the shipped plugins."""
    under_test = make_desk(
        tmp_path_factory.mktemp("desk"),
        database_url,
        plugins=_plugins(),
        extra={"probe": probe},
        support__broker=broker_setting,
        support__bus=bus_setting,
    )
    yield under_test
    under_test.application.close()


@pytest.fixture(autouse=True)
def _new_probe() -> None:
    """Each test finds the probe channel without a past."""
    probe.forget()


@pytest.fixture
def workspace(desk: DeskUnderTest) -> TestWorkspace:
    """A workspace of the test's own."""
    return desk.workspace()


@pytest.fixture
def other(desk: DeskUnderTest) -> TestWorkspace:
    """Another workspace, for what must not reach it."""
    return desk.workspace()


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    """A Redis of the module's own, which its tests may kill."""
    try:
        server = Redis()
    except RedisMissing as missing:
        require_service("Redis", str(missing))
    yield server
    server.stop()
